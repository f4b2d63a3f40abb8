/** The InfluxQL that is not answered here: by its first words, what is missing and what to use instead. */

export const READ_ROWS = 'rows are read with SQL: /api/v3/query_sql, `sluice query --database NAME "SELECT ..."`, or any engine that opens the tables (docs/reading.md)';

const VALUES = 'what stands in rows is read with SQL: `sluice query --database NAME \'SELECT DISTINCT "TAG" FROM "MEASUREMENT"\'`, '
  + 'or any engine that opens the tables (docs/reading.md)';
const USERS = 'user not found: there are tokens here and no users; `sluice token create` makes a token with rights of its own, `sluice token list` shows them';

/** The longer of two that begin alike stands first. */
export const ELSEWHERE: readonly (readonly [words: string, detail: string])[] = [
  ['SELECT', READ_ROWS],
  ['EXPLAIN', READ_ROWS],
  ['SHOW TAG VALUES', VALUES],
  ['SHOW TAG KEY', VALUES],
  ['SHOW FIELD KEY', VALUES],
  ['SHOW SERIES', VALUES],
  ['CREATE CONTINUOUS QUERY', 'nothing is computed from rows as they come; run `sluice query`, or an engine that opens the tables, at the times you want'],
  ['CREATE SUBSCRIPTION', 'writes are not passed on; let the client write to both'],
  ['DROP SUBSCRIPTION', 'subscription not found: writes are not passed on'],
  ['CREATE USER', 'there are tokens here and no users; `sluice token create` makes a token with rights of its own'],
  ['DROP USER', USERS],
  ['SET PASSWORD', USERS],
  ['GRANT', USERS],
  ['REVOKE', USERS],
  ['SHOW GRANTS', USERS],
  ['KILL QUERY', 'no such query: queries do not run in the server'],
];

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStatements } from '../../src/influxql/parser.js';
import { NamePattern } from '../../src/influxql/pattern.js';
import type { Statement } from '../../src/influxql/statement.js';

const ALL = { limit: 0, offset: 0 };

const create = (database: string, policy = '', period: { readonly retentionS?: number | null } = {}): Statement => ({ kind: 'create database', database, policy, ...period });
const tags = (sources: readonly (readonly [database: string, policy: string, measurement: string])[], database = ''): Statement => ({
  kind: 'show tag keys', database, sources: sources.map(([named, policy, measurement]) => ({ database: named, policy, measurement })), slice: ALL,
});
const measurements = (database = '', slice: Partial<typeof ALL> = {}, measurement = ''): Statement => ({
  kind: 'show measurements', database, wanted: measurement === '' ? null : { database: '', policy: '', measurement }, slice: { ...ALL, ...slice },
});
const columns = (...names: string[]) => ({ columns: names });

const read: readonly (readonly [text: string, statements: readonly Statement[]])[] = [
  ['CREATE DATABASE "metrics"', [create('metrics')]],
  ['create database metrics', [create('metrics')]],
  ['CREATE DATABASE my-db_2/rp;', [create('my-db_2/rp')]],
  ['CREATE DATABASE 2026', [create('2026')]],
  ['\t CREATE\nDATABASE  "a b" ', [create('a b')]],
  [String.raw`CREATE DATABASE "a\"b\\c\nd"`, [create('a"b\\c\nd')]],
  ['CREATE DATABASE "with"', [create('with')]],
  ['CREATE DATABASE database', [create('database')]],
  ['CREATE DATABASE "a;b"', [create('a;b')]],
  ['CREATE DATABASE IF NOT EXISTS m', [create('m')]],
  ['CREATE DATABASE if', [create('if')]],
  ['CREATE DATABASE m WITH DURATION 3d REPLICATION 1 SHARD DURATION 1h NAME "liquid"', [create('m', 'liquid', { retentionS: 259_200 })]],
  ['CREATE DATABASE m WITH DURATION INF', [create('m', '', { retentionS: null })]],
  ['CREATE DATABASE m WITH DURATION 1h30m', [create('m', '', { retentionS: 5400 })]],
  ['CREATE DATABASE m WITH DURATION 3599999ms', [create('m', '', { retentionS: 3599 })]],
  ['CREATE DATABASE m with name "r"; CREATE DATABASE n WITH SHARD DURATION INF', [create('m', 'r'), create('n')]],
  ['CREATE DATABASE m WITH PAST LIMIT 1d FUTURE LIMIT 1h', [create('m')]],
  ['DROP DATABASE "metrics"', [{ kind: 'drop database', database: 'metrics' }]],
  ['DROP MEASUREMENT "c p,u"', [{ kind: 'drop measurement', measurement: 'c p,u' }]],
  ['drop measurement größe', [{ kind: 'drop measurement', measurement: 'größe' }]],
  ['SHOW DATABASES', [{ kind: 'show databases' }]],
  ['SHOW RETENTION POLICIES', [{ kind: 'show retention policies', database: '' }]],
  ['show retention policies on "m"', [{ kind: 'show retention policies', database: 'm' }]],
  ['SHOW MEASUREMENTS', [measurements()]],
  ['SHOW MEASUREMENTS ON m', [measurements('m')]],
  ['SHOW MEASUREMENTS LIMIT 5', [measurements('', { limit: 5 })]],
  ['show measurements on "m" limit 5 offset 10', [measurements('m', { limit: 5, offset: 10 })]],
  ['SHOW MEASUREMENTS OFFSET 2', [measurements('', { offset: 2 })]],
  ['SHOW MEASUREMENTS WITH MEASUREMENT = "c p,u" LIMIT 1', [measurements('', { limit: 1 }, 'c p,u')]],
  ['SHOW MEASUREMENT CARDINALITY', [{ kind: 'count measurements', database: '', isExact: false }]],
  ['SHOW MEASUREMENT EXACT CARDINALITY ON m', [{ kind: 'count measurements', database: 'm', isExact: true }]],
  ['CREATE RETENTION POLICY "raw" ON "ntopng" DURATION 30d REPLICATION 1 DEFAULT', [{ kind: 'create policy', database: 'ntopng', policy: 'raw', retentionS: 2_592_000, isDefault: true }]],
  ['CREATE RETENTION POLICY r ON d DURATION INF REPLICATION 1 SHARD DURATION 1h FUTURE LIMIT 1h PAST LIMIT 2d', [{ kind: 'create policy', database: 'd', policy: 'r', retentionS: null, isDefault: false }]],
  ['alter retention policy "autogen" on "d" duration 0s shard duration 1w default', [{ kind: 'alter policy', database: 'd', policy: 'autogen', retentionS: null, isDefault: true }]],
  ['ALTER RETENTION POLICY r ON d REPLICATION 2', [{ kind: 'alter policy', database: 'd', policy: 'r', isDefault: false }]],
  ['DROP RETENTION POLICY "1h" ON "d"', [{ kind: 'drop policy', database: 'd', policy: '1h' }]],
  ['DROP CONTINUOUS QUERY "q" ON d; DROP SHARD 7', [{ kind: 'drop nothing' }, { kind: 'drop nothing' }]],
  ['SHOW USERS', [{ kind: 'show nothing', series: columns('user', 'admin') }]],
  ['SHOW SUBSCRIPTIONS', [{ kind: 'show nothing', series: null }]],
  ['SHOW CONTINUOUS QUERIES', [{ kind: 'show nothing', series: { ...columns('name', 'query'), perDatabase: true } }]],
  ["SHOW STATS; SHOW STATS FOR 'database'; SHOW DIAGNOSTICS FOR 'sys\\'tem'", [
    { kind: 'show stats', module: '' }, { kind: 'show stats', module: 'database' }, { kind: 'show diagnostics', module: "sys'tem" },
  ]],
  ['SHOW DATABASES -- all of them', [{ kind: 'show databases' }]],
  ['-- first\nSHOW /* not ; a "statement */ DATABASES', [{ kind: 'show databases' }]],
  ['SHOW DATABASES/**/;/**/', [{ kind: 'show databases' }]],
  ['SHOW TAG KEYS', [tags([])]],
  ['SHOW TAG KEYS ON m FROM cpu', [tags([['', '', 'cpu']], 'm')]],
  ['SHOW TAG KEYS FROM "rp"."cpu", db..mem,"d"."r"."m"', [tags([['', 'rp', 'cpu'], ['db', '', 'mem'], ['d', 'r', 'm']])]],
  ['SHOW FIELD KEYS FROM cpu', [{ kind: 'show field keys', database: '', sources: [{ database: '', policy: '', measurement: 'cpu' }], slice: ALL }]],
  ['SHOW TAG KEYS ON d ORDER BY tagKey LIMIT 3', [{ kind: 'show tag keys', database: 'd', sources: [], slice: { limit: 3, offset: 0 } }]],
  [';; SHOW DATABASES ;; SHOW DATABASES;', [{ kind: 'show databases' }, { kind: 'show databases' }]],
  ['', []],
  [' ; ', []],
];
for (const [text, statements] of read) {
  test(`${JSON.stringify(text)} is read`, () => assert.deepEqual(parseStatements(text), statements));
}

test('patterns stand behind =~ and FROM', () => {
  const [shown, keys] = parseStatements(String.raw`SHOW MEASUREMENTS WITH MEASUREMENT =~ /^a\/b;c/; SHOW TAG KEYS FROM db.rp./x/, "y"`);
  assert.ok(shown?.kind === 'show measurements' && shown.wanted?.measurement instanceof NamePattern);
  assert.equal(shown.wanted.measurement.source, '^a/b;c');
  assert.ok(keys?.kind === 'show tag keys');
  assert.deepEqual(keys.sources.map(({ database, policy, measurement }) => [database, policy, String(measurement instanceof NamePattern ? measurement.source : measurement)]), [
    ['db', 'rp', 'x'], ['', '', 'y'],
  ]);
});

/** The one statement of a text. */
function only(text: string): Statement {
  const statements = parseStatements(text);
  assert.equal(statements.length, 1, text);
  return statements[0]!;
}

const unread: readonly (readonly [text: string, message: RegExp])[] = [
  ['CREATE DATABASE', /found its end, expected a name/],
  ['CREATE DATABASE ;', /found its end, expected a name/],
  ['CREATE DATABASE "open', /double quote at character 17 is not closed/],
  ['CREATE DATABASE "open\\', /double quote at character 17 is not closed/],
  ['CREATE DATABASE "open\\"', /double quote at character 17 is not closed/],
  ["SHOW STATS FOR 'x", /single quote at character 16 is not closed/],
  ['SHOW MEASUREMENTS WITH MEASUREMENT =~ /x', /slash at character 39 is not closed/],
  ['SHOW DATABASES /* x', /comment at character 16 is not closed/],
  ["CREATE DATABASE 'single'", /found single at character 17, expected a name, in double quotes/],
  ['CREATE DATABASE a b', /found b at character 19, expected ; or the end/],
  ['CREATE DATABASE a.b', /found \. at character 18, expected ;/],
  ['CREATE DATABASE a WITH', /found its end, expected DURATION/],
  ['CREATE DATABASE a WITH pleasure', /found pleasure at character 24, expected DURATION/],
  ['CREATE DATABASE IF EXISTS a', /found EXISTS/],
  ['SHOW MEASUREMENTS LIMIT', /found its end, expected a whole number/],
  ['SHOW MEASUREMENTS LIMIT -1', /found - at character 25, expected a whole number/],
  ['SHOW MEASUREMENTS ON', /found its end, expected a name/],
  ['SHOW MEASUREMENTS WITH MEASUREMENT =~ "cpu"', /expected a pattern between slashes/],
  ['SHOW MEASUREMENTS WITH MEASUREMENT =~ /(/', /pattern does not close a parenthesis/],
  ['CREATE DATABASE a WITH DURATION long', /found long at character 33, expected a duration, as 30d or INF/],
  ['CREATE DATABASE a WITH DURATION -1d', /found - at character 33, expected a duration/],
  ['CREATE RETENTION POLICY r DURATION 1d', /found DURATION at character 27, expected ON/],
  ['CREATE RETENTION POLICY r ON d FOR EVER', /found FOR at character 32, expected ; or the end/],
  ['SHOW TAG KEYS FROM a.b.c.d', /expected a measurement with a retention policy/],
  ['SHOW TAG KEYS FROM a,', /found its end/],
  ['SHOW TAG KEYS FROM "a"."', /not closed/],
  ['SHOW DATABASES SHOW DATABASES', /found SHOW at character 16/],
  ['SHOW "DATABASES"', /"SHOW DATABASES" is not answered here; .*SHOW DATABASES, .*sluice query.*docs\/reading\.md/],
];
for (const [text, message] of unread) {
  test(`${JSON.stringify(text.slice(0, 60))} is not read`, () => {
    const statement = only(text);
    assert.equal(statement.kind, 'unread');
    assert.match((statement as { detail: string }).detail, message);
  });
}

test('InfluxQL that is not answered here says what to use instead', () => {
  for (const [text, advice] of [
    ['SELECT * FROM cpu', /sluice query.*docs\/reading\.md/],
    ['select mean("v") from "cpu" where host=\'a;b\' and x =~ /;/ group by time(1m)', /sluice query/],
    ['EXPLAIN SHOW DATABASES', /sluice query/],
    ['SHOW SERIES', /sluice query/], ['SHOW SERIES EXACT CARDINALITY ON d', /sluice query/],
    ['SHOW TAG VALUES FROM cpu WITH KEY = "host"', /sluice query/], ['SHOW TAG KEY CARDINALITY', /sluice query/], ['SHOW FIELD KEY CARDINALITY', /sluice query/],
    ['SHOW TAG KEYS WHERE host = \'a\'', /WHERE: .*sluice query/], ['SHOW MEASUREMENTS WHERE a = \'b\'', /WHERE/],
    ['CREATE CONTINUOUS QUERY "c" ON d RESAMPLE FOR 2h BEGIN SELECT mean(x) INTO "1h"."m" FROM m GROUP BY time(1h) END', /nothing is computed/],
    ['CREATE SUBSCRIPTION "s" ON "d"."autogen" DESTINATIONS ALL \'http://a\'', /not passed on/],
    ['CREATE USER "u" WITH PASSWORD \'p\' WITH ALL PRIVILEGES', /no users; `sluice token create`/],
    ['GRANT ALL ON d TO u', /user not found/], ['REVOKE ALL PRIVILEGES FROM u', /user not found/], ['SHOW GRANTS FOR u', /user not found/],
    ['SET PASSWORD FOR u = \'p\'', /user not found/], ['DROP USER u', /user not found/], ['KILL QUERY 3', /no such query/],
  ] as const) {
    const statement = only(text);
    assert.equal(statement.kind, 'elsewhere', text);
    assert.match((statement as { detail: string }).detail, advice, text);
  }
});

test('a statement that is not read costs the others nothing', () => {
  const kinds = (text: string): string[] => parseStatements(text).map(({ kind }) => kind);
  assert.deepEqual(kinds('SHOW DATABASES; SELECT 1; x; CREATE DATABASE a; CREATE DATABASE "b'), ['show databases', 'elsewhere', 'unread', 'create database', 'unread']);
  assert.deepEqual(kinds('CREATE DATABASE a b; SHOW DATABASES'), ['unread', 'show databases']);
});

test('more than a hundred statements are refused', () => {
  const many = `SHOW DATABASES${';SHOW DATABASES'.repeat(99)}`;
  assert.equal(parseStatements(many).length, 100);
  assert.throws(() => parseStatements(`${many};x`), { code: 'bad-query', message: /more than 100 statements/ });
});

test('long nonsense is refused: where time grew with more than its length, this would not come to an end', () => {
  for (const text of [
    '"'.repeat(524_287), "'".repeat(524_287), '\\"'.repeat(256_000), `"${'\\"'.repeat(256_000)}`, `CREATE DATABASE ${'a'.repeat(524_000)} b`, '/*'.repeat(256_000),
    '- '.repeat(256_000), 'a/'.repeat(256_000), '/'.repeat(524_000), 'FROM /'.repeat(80_000),
  ]) {
    const statement = only(text);
    assert.ok(statement.kind === 'unread' && statement.detail.length < 1000);
  }
});

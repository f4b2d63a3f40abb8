/** Paths that InfluxDB has and sluice has not: what is missing, and what to use instead. Pure. */
import { SluiceError } from '../../errors.js';
import { READ_ROWS } from '../../influxql/elsewhere.js';

const TOKENS = 'tokens are made at /api/v3/configure/token and with `sluice token create`; there are no users';
const NOTHING_RUNS = 'nothing is computed, watched or drawn here; let a tool that reads the tables do it (docs/reading.md)';

/** The longer of two that begin alike stands first. */
const MISSING: readonly (readonly [path: string, advice: string])[] = [
  ['/api/v2/query', READ_ROWS],
  ['/api/v2/authorizations', TOKENS],
  ['/api/v2/users', TOKENS],
  ['/api/v2/signin', TOKENS],
  ['/api/v2/signout', TOKENS],
  ['/api/v2/buckets', 'a bucket has no labels, members or owners here'],
  ['/api/v2/orgs', 'the one organization has no members, owners or secrets'],
  ['/api/v2/dbrps', 'database and retention policy of v1 are the bucket database/policy, which cannot be set otherwise'],
  ['/api/v2/tasks', NOTHING_RUNS],
  ['/api/v2/checks', NOTHING_RUNS],
  ['/api/v2/dashboards', NOTHING_RUNS],
  ['/api/v2/notificationEndpoints', NOTHING_RUNS],
  ['/api/v2/notificationRules', NOTHING_RUNS],
  ['/api/v3/write', 'lines are written to /api/v3/write_lp'],
  ['/api/v3/configure/table', 'a table is made by its first line; DROP MEASUREMENT on /query drops it'],
  ['/api/v3/configure', 'databases and tokens are what can be configured here; there are no caches, plugins or triggers'],
  ['/api/v3/engine', NOTHING_RUNS],
  ['/api/v2', 'of InfluxDB 2 there are write, delete, buckets, orgs, me, setup and dbrps'],
  ['/api/v3', 'of InfluxDB 3 there are write_lp, query_sql, configure/database and configure/token'],
  ['/api/v1/prom', 'Prometheus does not write here itself; Telegraf takes its remote write and sends line protocol'],
  ['/debug', 'what the server counts is at /metrics, how it is at /health'],
];

/** What an unknown path is answered with: itself, and advice where InfluxDB has it. */
export function missingDetail(path: string): string {
  const shown = path.slice(0, 200);
  const found = MISSING.find(([start]) => path === start || path.startsWith(`${start}/`));
  return found === undefined ? shown : `${shown}; ${found[1]}`;
}

/** The endpoint for queries of InfluxDB 3: clients try their token there. @throws SluiceError not-offered */
export function missingQuery(): never {
  throw new SluiceError('not-offered', READ_ROWS);
}

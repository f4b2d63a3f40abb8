/** Runs tables of requests and answers against a started server; what they stored is read once, at the end. */
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import type { Reply } from '../e2e/client.js';
import { sluice } from '../e2e/server.js';

export interface Case {
  /** What is shown; cases of one name are spellings of one rule. */
  readonly rule: string;
  /**
   * Method and target. `$DB` is a database that no other case has, `$TOKEN` the admin's token, here, in `body` and in
   * `headers`; there `$BASIC` is any:$TOKEN and `$REVERSED` $TOKEN:wrong in base64.
   */
  readonly send: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent before, each answered by 2xx: method and target, body, headers. */
  readonly before?: readonly (readonly [send: string, body: string, headers?: Readonly<Record<string, string>>])[];
  readonly status: number;
  /** Patterns of the body; an error of no pattern would show nothing. An empty answer has ''. */
  readonly says: RegExp | readonly RegExp[] | '';
  /** Patterns of headers, by lower-case name; null for one that is not there. */
  readonly has?: Readonly<Record<string, RegExp | null>>;
  /** Rows of `in` afterwards, as `measurement {"column":value,…} @time`, in the order of the text. */
  readonly rows?: readonly string[];
  /** The database they are in; `$DB` unless said. */
  readonly in?: string;
}

/** What differs between the endpoints that take writes. */
export const DIALECTS = [
  { name: 'v1', path: '/write', key: 'db' },
  { name: 'v2', path: '/api/v2/write', key: 'bucket' },
  { name: 'v3', path: '/api/v3/write_lp', key: 'db' },
] as const;
export type Dialect = (typeof DIALECTS)[number];

/** Cases of each dialect. */
export function each(make: (dialect: Dialect) => readonly Case[]): readonly Case[] {
  return DIALECTS.flatMap((dialect) => make(dialect));
}

/** Shape of an error that refuses a whole request. */
export function refusal({ name }: Dialect, code: string, v2Code = 'invalid'): RegExp {
  return name === 'v2' ? new RegExp(`^\\{"code":"${v2Code}","message":".+"\\}$`) : new RegExp(`^\\{"error":".+","code":"${code}"\\}$`);
}

export interface Target {
  readonly url: string;
  readonly dataDir: string;
  readonly token: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 8 });

function exchange(url: string, send: string, body: string | Buffer, headers: Readonly<Record<string, string>>): Promise<Reply> {
  const space = send.indexOf(' ');
  const method = send.slice(0, space);
  const bytes = Buffer.from(body);
  const framing = headers['Transfer-Encoding'] === undefined && (bytes.length > 0 || !['GET', 'HEAD', 'OPTIONS'].includes(method)) ? { 'Content-Length': bytes.length } : {};
  return new Promise((resolve, reject) => {
    const outgoing = request(url + send.slice(space + 1), { method, headers: { ...framing, ...headers }, agent }, (incoming) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => resolve({ status: incoming.statusCode!, headers: incoming.headers, body: Buffer.concat(parts).toString() }));
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(bytes);
  });
}

function check(it: Case, reply: Reply): void {
  const told = `${it.rule}: ${it.send}: ${reply.status} ${reply.body.slice(0, 600)}`;
  assert.equal(reply.status, it.status, told);
  if (it.says === '') assert.equal(reply.body, '', told);
  else for (const pattern of [it.says].flat()) assert.match(reply.body, pattern as RegExp, told);
  if (reply.status >= 400) {
    assert.ok(reply.status < 500, told);
    if (!it.send.startsWith('HEAD')) assert.equal(typeof JSON.parse(reply.body), 'object', told);
    assert.equal(reply.headers['content-type'], 'application/json', told);
    assert.match(String(reply.headers['x-influxdb-error']), /^[ -~]{10,256}$/, told);
  }
  for (const name of ['x-influxdb-version', 'x-influxdb-build', 'request-id', 'x-request-id']) assert.ok(reply.headers[name], `${name}: ${told}`);
  for (const [name, pattern] of Object.entries(it.has ?? {})) {
    const value = reply.headers[name];
    if (pattern === null) assert.equal(value, undefined, `${name}: ${told}`);
    else assert.match(String(value), pattern, `${name}: ${told}`);
  }
}

const UNITS: readonly (readonly [unit: string, ns: bigint])[] = [['s', 1_000_000_000n], ['ms', 1_000_000n], ['us', 1000n], ['ns', 1n]];
const NOW_NS_MAX = 3_600_000_000_000n;

/** A time in its coarsest whole unit; `@now` within an hour of this one. */
function timeText(ns: bigint): string {
  const past = BigInt(Date.now()) * 1_000_000n - ns;
  if (past > -NOW_NS_MAX && past < NOW_NS_MAX) return '@now';
  const [unit, size] = UNITS.find(([, each]) => ns % each === 0n)!;
  return `@${ns / size}${unit}`;
}

function rowText({ measurement, us, row }: Record<'measurement' | 'us' | 'row', string>): string {
  const ns = BigInt(us) * 1000n + BigInt(/"sluice_ns":(\d+)/.exec(row)![1]!);
  const columns = row.replace(/"time":"[^"]*",/, '').replace(/,"sluice_ns":\d+,"sluice_seq":\d+\}$/, '}').replace(/"[^"]*":null,/g, '').replace(/,"[^"]*":null\}/, '}');
  return `${measurement} ${columns} ${timeText(ns)}`;
}

function jsonl(args: readonly string[]): Record<string, string>[] {
  const { code, stdout, stderr } = sluice(args);
  assert.equal(code, 0, stderr);
  return stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
}

const name = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** All rows of a server, by database. */
function storedRows(dataDir: string): Map<string, string[]> {
  const tables = jsonl(['tables', '--data-dir', dataDir, '--format', 'jsonl']);
  const stored = new Map<string, string[]>();
  if (tables.length === 0) return stored;
  // A view whose name differs from an earlier one's in case alone has a number behind it.
  const seen = new Map<string, number>();
  const sql = tables.map(({ database, table }) => {
    const folded = `${database}.${table}`.toLowerCase();
    const nth = (seen.get(folded) ?? 0) + 1;
    seen.set(folded, nth);
    const view = nth === 1 ? table! : `${table}~${nth}`;
    return `SELECT ${text(database!)} AS database, ${text(table!)} AS measurement, epoch_us(time)::VARCHAR AS us, to_json(x)::VARCHAR AS row FROM ${name(database!)}.${name(view)} x`;
  });
  for (const row of jsonl(['query', '--data-dir', dataDir, '--format', 'jsonl', sql.join('\nUNION ALL ')])) {
    const rows = stored.get(row['database']!) ?? [];
    rows.push(rowText(row as Record<'measurement' | 'us' | 'row', string>));
    stored.set(row['database']!, rows);
  }
  return stored;
}

/**
 * Runs the cases of all tables, one after another, then compares what is stored.
 * @returns what failed, one text a case; empty when all is right
 */
export async function runCases(target: Target, prefix: string, cases: readonly Case[]): Promise<string[]> {
  const failures: string[] = [];
  const fill = (value: string, i: number): string => value.replaceAll('$DB', `${prefix}${i}`).replaceAll('$TOKEN', target.token)
    .replace('$BASIC', () => Buffer.from(`any:${target.token}`).toString('base64'))
    .replace('$REVERSED', () => Buffer.from(`${target.token}:wrong`).toString('base64'));
  const send = (i: number, request: string, body: string | Buffer, headers: Readonly<Record<string, string>>): Promise<Reply> =>
    exchange(target.url, fill(request, i), typeof body === 'string' ? fill(body, i) : body, Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, fill(value, i)])));
  for (const [i, it] of cases.entries()) {
    try {
      for (const [before, body, headers = {}] of it.before ?? []) {
        const reply = await send(i, before, body, headers);
        assert.equal(Math.floor(reply.status / 100), 2, `${it.rule}: before: ${before}: ${reply.status} ${reply.body}`);
      }
      check(it, await send(i, it.send, it.body ?? '', it.headers ?? {}));
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  const stored = storedRows(target.dataDir);
  for (const [i, it] of cases.entries()) {
    const rows = stored.get(fill(it.in ?? '$DB', i)) ?? [];
    try {
      assert.deepEqual(rows.toSorted(), (it.rows ?? []).toSorted(), `${it.rule}: ${it.send}: stored ${JSON.stringify(rows)}`);
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  return failures;
}

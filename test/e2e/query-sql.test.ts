/** SQL over HTTP, with the real program: results, bounds, and what is left when a query, a client or a process ends. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openDuck, quoteText } from '../../src/query/duckdb.js';
import { write, type Shape } from './client.js';
import { makeDataDir, removeDataDir, TestServer } from './server.js';

const SHAPE: Shape = { endpoint: '/api/v3/write_lp', gzip: false, chunked: false };
const LINES = 'cpu,host=a load=0.5,n=1i,big=18446744073709551615u,up=true,note="x,\\"y" 1767225600123456789\ncpu,host=b load=2 1767225601000000001';
/** A query that does not end by itself within a test. */
const ENDLESS = 'SELECT count(*) FROM range(1000000000000) t(a) WHERE md5(a::VARCHAR) = \'\'';
/** Longest wait for a condition. */
const WAIT_MS_MAX = 120_000;

const dataDirs: string[] = [];
let server: TestServer;

async function start(...args: readonly string[]): Promise<TestServer> {
  const dataDir = makeDataDir();
  dataDirs.push(dataDir);
  const started = await TestServer.start(dataDir, ['--without-auth', ...args]);
  assert.equal((await write(started.url, 'db', Buffer.from(LINES), SHAPE, 'ns')).status, 204);
  return started;
}

before(async () => {
  server = await start();
});
after(async () => {
  await server.stop();
  dataDirs.forEach(removeDataDir);
});

interface Asked {
  readonly status: number;
  readonly text: string;
  readonly bytes: Buffer;
  /** Of an error. */
  readonly code: string;
}

async function ask(sql: string, more: Readonly<Record<string, string>> = {}, of = server, signal?: AbortSignal): Promise<Asked> {
  const answer = await fetch(`${of.url}/api/v3/query_sql?${new URLSearchParams({ db: 'db', q: sql, ...more })}`, signal === undefined ? {} : { signal });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const text = bytes.toString();
  return { status: answer.status, text, bytes, code: answer.status === 200 ? '' : (JSON.parse(text) as { code: string }).code };
}

async function eventually(condition: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + WAIT_MS_MAX; !condition(); await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (performance.now() > end) throw new Error(`${what}: not after ${WAIT_MS_MAX} ms`);
  }
}

/** Processes that a server has made, by their ids. */
function childrenOf({ child }: TestServer): number[] {
  return readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').filter((pid) => pid !== '').map(Number);
}

function queryFolders({ dataDir }: TestServer): string[] {
  const tmp = join(dataDir, 'tmp');
  return existsSync(tmp) ? readdirSync(tmp).filter((name) => name.startsWith('query-')) : [];
}

test('[issue 14 5] rows that were just acknowledged, in every format', async () => {
  const sql = 'SELECT time, host, load, n, big, up, note FROM cpu ORDER BY time';
  const [first, second] = ['2026-01-01T00:00:00.123456789Z', '2026-01-01T00:00:01.000000001Z'];
  const [a, b] = [
    `{"time":"${first}","host":"a","load":0.5,"n":1,"big":18446744073709551615,"up":true,"note":"x,\\"y"}`,
    `{"time":"${second}","host":"b","load":2,"n":null,"big":null,"up":null,"note":null}`,
  ];
  assert.equal((await ask(sql)).text, `[${a},\n${b}]\n`);
  assert.equal((await ask(sql, { format: 'jsonl' })).text, `${a}\n${b}\n`);
  assert.equal((await ask(sql, { format: 'csv' })).text, `time,host,load,n,big,up,note\n${first},a,0.5,1,18446744073709551615,true,"x,""y"\n${second},b,2,,,,\n`);
  assert.match((await ask(sql, { format: 'pretty' })).text, /^time +host +load .*\n-+ .*\n2026-01-01T00:00:00\.123456789Z  a .*\n.*\n\(2 rows\)\n$/);
  const { bytes, status } = await ask(`${sql};`, { format: 'parquet' });
  assert.equal(status, 200);
  assert.deepEqual(await rowsOf(bytes), [['a', 0.5], ['b', 2]]);
  assert.equal((await ask('SELECT * FROM cpu WHERE host = \'none\'')).text, '[]\n');
});

async function rowsOf(parquet: Buffer): Promise<unknown[]> {
  const path = join(server.dataDir, '..', 'result.parquet');
  writeFileSync(path, parquet);
  const duck = await openDuck('reader');
  const rows: unknown[] = [];
  for await (const chunk of (await duck.stream(`SELECT host, load FROM read_parquet(${quoteText(path)}) ORDER BY time`)).rows) rows.push(...chunk);
  duck.close();
  return rows;
}

test('[issue 14 5] parameters are values and no SQL', async () => {
  const params = (given: object): { params: string } => ({ params: JSON.stringify(given) });
  assert.equal((await ask('SELECT host FROM cpu WHERE host = $h AND load < $x AND time < $t LIMIT $n', params({ h: 'a', x: 0.75, t: '2026-01-02T00:00:00Z', n: 1 }))).text, '[{"host":"a"}]\n');
  assert.equal((await ask('SELECT $a AS a, $b AS b, $c AS c', params({ a: "' OR 1=1 --", b: null, c: false }))).text, '[{"a":"\' OR 1=1 --","b":null,"c":false}]\n');
  assert.equal((await ask('SELECT time FROM cpu WHERE host = $h', { ...params({ h: 'b' }), format: 'csv' })).text, 'time\n2026-01-01T00:00:01.000000001Z\n');
  const missing = await ask('SELECT $a', params({ b: 1 }));
  assert.deepEqual([missing.status, missing.code], [400, 'query-failed']);
  assert.match(missing.text, /parameter \$a, which is not among those given/);
});

test('[issue 14 5] what is wrong with a query is said in DuckDB\'s words', async () => {
  for (const [sql, words] of [['SELECT nope FROM cpu', /nope/], ['selec', /syntax error/], ['', /missing required parameter/], ['SELECT 1/', /syntax error/], ["SELECT 'x'::INTEGER", /Could not convert/]] as const) {
    const { status, text } = await ask(sql);
    assert.equal(status, 400, sql);
    assert.match(text, words);
  }
  assert.equal((await ask('SELECT 1 AS n')).text, '[{"n":1}]\n', 'the next query is answered');
});

test('[issue 14 5] a server never loads DuckDB', async () => {
  await ask('SELECT count(*) FROM cpu');
  const loadedBy = (pid: number | string): boolean => /duckdb/i.test(readFileSync(`/proc/${pid}/maps`, 'utf8'));
  assert.equal(loadedBy(server.child.pid!), false);
  assert.deepEqual(childrenOf(server).map(loadedBy), [true]);
});

test('[issue 14 5] a query is ended when its client leaves, and takes its folder along', async () => {
  const leaving = new AbortController();
  const asked = ask(ENDLESS, {}, server, leaving.signal);
  await eventually(() => queryFolders(server).length > 0, 'the query begins');
  leaving.abort();
  await assert.rejects(asked);
  await eventually(() => queryFolders(server).length === 0, 'the query ends');
  assert.equal((await ask('SELECT 1 AS n')).text, '[{"n":1}]\n');

  // One that leaves in the middle of a result.
  const answer = await fetch(`${server.url}/api/v3/query_sql?${new URLSearchParams({ db: 'db', q: 'SELECT range AS a, md5(range::VARCHAR) AS b FROM range(100000000)', format: 'csv' })}`);
  const reader = answer.body!.getReader();
  await reader.read();
  assert.equal(queryFolders(server).length, 1);
  await reader.cancel();
  await eventually(() => queryFolders(server).length === 0, 'the query ends');
});

test('[issue 14 5] a query has so much time and memory', async () => {
  const short = await start('--query-time-max', '2s');
  const late = await ask(ENDLESS, {}, short);
  assert.deepEqual([late.status, late.code], [400, 'query-too-slow']);
  assert.equal(await short.stop(), 0);
  const small = await start('--query-memory', '128MiB');
  const large = await ask('SELECT list(range) AS l FROM range(50000000)', {}, small);
  assert.deepEqual([large.status, large.code], [400, 'query-too-large'], large.text.slice(0, 300));
  assert.equal((await ask('SELECT 1 AS n', {}, small)).text, '[{"n":1}]\n');
  assert.deepEqual(queryFolders(small), []);
  assert.equal(await small.stop(), 0);
});

test('[issue 14 5] the death of its process is the end of one query, and of nothing else', async () => {
  const asked = ask(ENDLESS);
  await eventually(() => queryFolders(server).length > 0, 'the query begins');
  for (const pid of childrenOf(server)) process.kill(pid, 'SIGKILL');
  const { code, status } = await asked;
  assert.deepEqual([status, code], [500, 'query-died']);
  assert.equal((await ask('SELECT count(*) AS n FROM cpu')).text, '[{"n":2}]\n');
  assert.deepEqual(queryFolders(server), []);
});

test('[issue 14 5] so many queries run at once, others wait, and a stop ends them all', async () => {
  const one = await start('--queries-max', '1');
  const leaving = new AbortController();
  const first = assert.rejects(ask(ENDLESS, {}, one, leaving.signal));
  await eventually(() => queryFolders(one).length > 0, 'the query begins');
  let isAnswered = false;
  const second = ask('SELECT 1 AS n', {}, one).finally(() => (isAnswered = true));
  const [running] = queryFolders(one);
  assert.deepEqual([isAnswered, queryFolders(one)], [false, [running]]);
  leaving.abort();
  await first;
  assert.equal((await second).text, '[{"n":1}]\n');
  const third = ask(ENDLESS, {}, one);
  await eventually(() => queryFolders(one).length > 0, 'the query begins');
  const pids = childrenOf(one);
  assert.equal(pids.length, 1);
  const [stopped, code] = await Promise.all([third.catch(() => null), one.stop()]);
  assert.equal(code, 0);
  assert.ok(stopped === null || stopped.code === 'stopping', stopped?.text);
  assert.throws(() => process.kill(pids[0]!, 0), { code: 'ESRCH' });
  assert.deepEqual(queryFolders(one), []);
});

test('[issue 14 5] a server that is killed takes its queries along', async () => {
  const killed = await start('--http', 'node');
  const asked = ask(ENDLESS, {}, killed).catch(() => null);
  await eventually(() => queryFolders(killed).length > 0, 'the query begins');
  const [pid] = childrenOf(killed);
  await killed.kill();
  await asked;
  await eventually(() => {
    try {
      return !process.kill(pid!, 0);
    } catch {
      return true;
    }
  }, 'the process of the query ends');
});

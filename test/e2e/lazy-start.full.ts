/** A start waits for no Delta log: it serves at once, replays once the ends of the logs are known, and each row is there once. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { write, type Reply, type Shape } from './client.js';
import { makeDataDir, removeDataDir, sluice, snapshotIn, TestServer } from './server.js';

const WAIT_MS_MAX = 30_000;
const SHAPE: Shape = { endpoint: '/api/v3/write_lp', gzip: false, chunked: false };
const dataDir = makeDataDir();
after(() => removeDataDir(dataDir));

const logOf = (table: string): string => join(dataDir, 'tables/db', table, '_delta_log');
const commitOf = (table: string, version: number): string => join(logOf(table), `${String(version).padStart(20, '0')}.json`);
const run = (...args: readonly string[]): ReturnType<typeof sluice> => sluice([...args, '--data-dir', dataDir]);
const send = (server: TestServer, lines: string): Promise<Reply> => write(server.url, 'db', Buffer.from(lines), SHAPE, 'ns');
const count = (table: string): number => {
  const { code, stderr, stdout } = run('query', '--database', 'db', '--format', 'jsonl', `SELECT count(*)::INTEGER AS n FROM ${table}`);
  assert.equal(code, 0, stderr);
  return (JSON.parse(stdout) as { n: number }).n;
};

async function until(what: string, look: () => Promise<string>, words: RegExp): Promise<void> {
  for (const end = performance.now() + WAIT_MS_MAX; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const seen = await look();
    if (words.test(seen)) return;
    if (performance.now() > end) assert.fail(`${what}: not after ${WAIT_MS_MAX} ms, but ${seen}`);
  }
}

/** Rows in files by a commit that no snapshot of the catalog knows, and rows in the log alone, of each table. */
async function killed(...tables: readonly string[]): Promise<void> {
  const server = await TestServer.start(dataDir);
  assert.equal((await send(server, tables.map((table) => `${table} v=1i 1`).join('\n'))).status, 204);
  assert.equal(run('flush').code, 0);
  assert.equal((await send(server, tables.map((table) => `${table} v=2i 2`).join('\n'))).status, 204);
  await snapshotIn(dataDir);
  await server.kill();
}

test('a log that cannot be read for now holds no start up, and no row is read back twice', async () => {
  await killed('slow', 'other');
  const commit = commitOf('slow', readdirSync(logOf('slow')).length - 1);
  const text = readFileSync(commit);
  const aside = `${commit}.aside`;
  renameSync(commit, aside);
  execFileSync('mkfifo', [commit]); // whoever opens it waits for a writer
  const server = await TestServer.start(dataDir);
  assert.equal((await send(server, 'other v=3i 3\nnew v=1i 1')).status, 204);
  const writer = openSync(commit, 'w'); // returns when the server has it open
  renameSync(aside, commit);
  writeSync(writer, text);
  closeSync(writer);
  assert.equal(run('flush').code, 0);
  assert.deepEqual([count('slow'), count('other'), count('new')], [2, 3, 1]);
  const rows = (JSON.parse(run('tables', '--format', 'json').stdout) as { table: string; rows: number; unflushed: number }[])
    .map((table) => [table.table, table.rows, table.unflushed]);
  assert.deepEqual(rows.sort(), [['new', 1, 0], ['other', 3, 0], ['slow', 2, 0]], 'in files each stands once');
  assert.equal(await server.stop(), 0);
});

test('a table whose log is broken is named in /health by the start itself, and the others are written on', async () => {
  await killed('slow', 'other');
  writeFileSync(commitOf('slow', 0), 'damaged');
  rmSync(commitOf('other', 0));
  const server = await TestServer.start(dataDir);
  const health = async (): Promise<string> => (await fetch(`${server.url}/health`, { headers: { connection: 'close' } })).text();
  await until('a damaged commit', health, /table db\/slow is set aside, .*commit 0 cannot be read/);
  await until('a missing commit', health, /table db\/other is set aside, .*its log/);
  assert.equal((await send(server, 'new v=2i 2')).status, 204);
  assert.equal(run('flush', '--database', 'db').code, 1);
  assert.equal(count('new'), 2);
  const damaged = run('query', '--database', 'db', '--format', 'csv', 'SELECT count(*) AS n FROM slow');
  assert.deepEqual([damaged.code, damaged.stdout], [1, 'n\n0\n'], 'rows that cannot be read are missed by the exit code');
  assert.match(damaged.stderr, /table db\/slow.*cannot be read/);
  assert.equal(await server.stop(), 0);
});

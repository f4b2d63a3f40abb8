/** Many tables and few descriptors: none is lost at a listing or a start, and one that cannot be read is an error. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { write, type Shape } from './client.js';
import { makeDataDir, PROGRAM, removeDataDir, TestServer } from './server.js';

const TABLES = 600;
const DESCRIPTORS = 256;
const SHAPE: Shape = { endpoint: '/api/v3/write_lp', gzip: false, chunked: false };
const dataDir = makeDataDir();
after(() => removeDataDir(dataDir));

/** A command in a process that may hold few files open. */
function few(...args: readonly string[]): { stdout: string; stderr: string; code: number | null } {
  const { status, stderr, stdout } = spawnSync('sh', ['-c', `ulimit -n ${DESCRIPTORS} && exec "$@"`, 'sh', process.execPath, PROGRAM, ...args, '--data-dir', dataDir], {
    encoding: 'utf8', maxBuffer: 1 << 28, timeout: 120_000,
  });
  return { stdout, stderr, code: status };
}

function listed(): { rows: number | null; unflushed: number; problem: string }[] {
  const { code, stderr, stdout } = few('tables', '--format', 'json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as { rows: number; unflushed: number; problem: string }[];
}

test('600 tables under 256 descriptors are written, listed and, when the catalog is lost, found again', async () => {
  const server = await TestServer.start(dataDir, ['--without-auth']);
  const body = Array.from({ length: TABLES }, (_, n) => `m${n},k=a v=${n} 1`).join('\n');
  assert.equal((await write(server.url, 'db', Buffer.from(body), SHAPE, 'ns')).status, 204);
  assert.equal(await server.stop(), 0);
  assert.equal(few('flush').code, 0);
  const assertAll = (): void => {
    const tables = listed();
    assert.equal(tables.length, TABLES);
    assert.deepEqual(tables.filter(({ problem, rows }) => problem !== '' || rows !== 1), []);
  };
  assertAll();
  for (const name of ['catalog.json', 'catalog.previous.json', 'log']) rmSync(join(dataDir, name), { recursive: true, force: true });
  assertAll();
});

test('a table that cannot be read is named, and the listing fails; the others are listed', () => {
  const commit = join(dataDir, 'tables/db/m7/_delta_log', `${'0'.repeat(20)}.json`);
  writeFileSync(commit, 'damaged');
  const { code, stderr, stdout } = few('tables', '--format', 'json');
  assert.equal(code, 1);
  assert.match(stderr, /table db\/m7: commit 0 cannot be read/);
  const tables = JSON.parse(stdout) as { table: string; rows: number | null }[];
  assert.deepEqual(tables.filter(({ rows }) => rows !== 1).map(({ table }) => table), ['m7']);
  assert.equal(tables.length, TABLES);
});

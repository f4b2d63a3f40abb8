/** `sluice query`: the memory that it has, where what does not fit goes, and what a signal leaves. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { makeDataDir, PROGRAM, removeDataDir, sluice, TestServer } from './server.js';

/** No process has it: it is above every pid of Linux. */
const DEAD_PID = 9_999_999;

let dataDir: string;
let server: TestServer;

before(async () => {
  dataDir = makeDataDir();
  server = await TestServer.start(dataDir);
});
after(() => removeDataDir(dataDir));

const query = (...args: readonly string[]): ReturnType<typeof sluice> => sluice(['query', '--format', 'csv', ...args, '--data-dir', dataDir]);

test('A6: what does not fit into memory goes below the data folder and is removed, also after a kill', async () => {
  const tmp = join(dataDir, 'tmp');
  const [left, running] = [join(tmp, `query-${DEAD_PID}-1`), join(tmp, `query-${process.pid}-1`)];
  mkdirSync(left);
  mkdirSync(running);
  const cwd = join(dataDir, '..', 'cwd');
  mkdirSync(cwd);
  const big = 'SELECT count(*) AS n FROM (SELECT DISTINCT range, md5(range::VARCHAR) FROM range(2000000))';
  const { status, stderr, stdout } = spawnSync(process.execPath, [PROGRAM, 'query', '--data-dir', dataDir, '--format', 'csv', '--query-memory', '64MiB', big], { cwd, encoding: 'utf8' });
  assert.deepEqual([status, stdout, stderr], [0, 'n\n2000000\n', '']);
  assert.deepEqual(readdirSync(cwd), []);
  assert.deepEqual([existsSync(left), existsSync(running)], [false, true]);
  assert.deepEqual(readdirSync(tmp).filter((name) => name.startsWith('query-')), [`query-${process.pid}-1`]);

  mkdirSync(left);
  assert.equal(await server.stop(), 0);
  server = await TestServer.start(dataDir);
  assert.deepEqual([existsSync(left), existsSync(running)], [false, true], 'a start leaves the spill of a query that runs');
});

test('A6: a query has as much memory as is said', () => {
  assert.match(query('--query-memory', '64MiB', "SELECT current_setting('memory_limit') AS m").stdout, /^m\n64\.0 MiB\n$/);
  const small = query('--query-memory', '1MiB', 'SELECT 1');
  assert.deepEqual([small.code, small.stdout], [2, '']);
  assert.match(small.stderr, /--query-memory is "1MiB": it must be bytes .* from 64MiB to 1TiB|from 64MiB to 1024GiB/);
  const over = query('--query-memory', '64MiB', 'SELECT list(range) AS l FROM range(50000000)');
  assert.equal(over.code, 1);
  assert.match(over.stderr, /Out of Memory[^]*--query-memory gives the query more/);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  for (const format of ['csv', 'parquet']) {
    test(`a query that ${signal} ends leaves nothing of its ${format}, and no folder`, { timeout: 240_000 }, async () => {
      const folder = join(dataDir, '..', `${signal}-${format}`);
      mkdirSync(folder);
      const child = spawn(process.execPath, [PROGRAM, 'query', '--data-dir', dataDir, '--format', format, '--output', join(folder, 'out'), 'SELECT * FROM range(100000000000)']);
      const spills = (): string[] => readdirSync(join(dataDir, 'tmp')).filter((name) => name.startsWith(`query-${child.pid}-`));
      const ended = once(child, 'exit');
      after(() => child.kill('SIGKILL'));
      while (readdirSync(folder).length === 0 || spills().length === 0) await pause(20);
      child.kill(signal);
      assert.deepEqual(await ended, [null, signal]);
      assert.deepEqual([readdirSync(folder), spills()], [[], []]);
    });
  }
}

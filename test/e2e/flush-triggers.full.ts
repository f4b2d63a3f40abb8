/** Rows go into files without being asked: by number of rows, by age, by the size of the log; and the log shrinks. */
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { write, type Shape } from './client.js';
import { readDatabase } from './delta-folder.js';
import { makeDataDir, removeDataDir, TestServer } from './server.js';

const SHAPE: Shape = { endpoint: '/api/v3/write_lp', gzip: false, chunked: false };
const WAIT_MS_MAX = 60_000;
const LOOK_MS = 50;

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (const end = performance.now() + WAIT_MS_MAX; !isTrue(); await new Promise((resolve) => setTimeout(resolve, LOOK_MS))) {
    if (performance.now() > end) assert.fail(`${what}: not after ${WAIT_MS_MAX} ms`);
  }
}

const rowsInFiles = (dataDir: string): number =>
  [...readDatabase(dataDir, 'db').values()].flatMap(({ files }) => files).reduce((sum, { rows }) => sum + rows, 0);
const logBytes = (dataDir: string): number =>
  readdirSync(join(dataDir, 'log')).reduce((sum, name) => sum + statSync(join(dataDir, 'log', name)).size, 0);

function lines(first: number, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, i) => `m,host=h${(first + i) % 10} v=${first + i}i,text="${'x'.repeat(100)}" ${first + i}`).join('\n'));
}

async function withServer(args: readonly string[], run: (server: TestServer) => Promise<void>): Promise<void> {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, ['--without-auth', ...args]);
    await run(server);
    assert.equal(await server.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
}

test('a table is flushed at a number of rows', () => withServer(['--flush-rows-max', '1000'], async ({ url, dataDir }) => {
  for (let i = 0; i < 5; i += 1) assert.equal((await write(url, 'db', lines(i * 500, 500), SHAPE, 'ns')).status, 204);
  await until('two thousand rows are in files', () => rowsInFiles(dataDir) >= 2000);
}));

test('a table is flushed when its oldest row is old', () => withServer(['--log-age-max', '1s'], async ({ url, dataDir }) => {
  assert.equal((await write(url, 'db', lines(0, 10), SHAPE, 'ns')).status, 204);
  await until('all rows are in files', () => rowsInFiles(dataDir) === 10);
}));

test('tables are flushed when the log is large, and its files go', () =>
  withServer(['--log-segment-bytes', '64KiB', '--log-bytes-max', '256KiB'], async ({ url, dataDir }) => {
    for (let i = 0; i < 40; i += 1) assert.equal((await write(url, 'db', lines(i * 250, 250), SHAPE, 'ns')).status, 204);
    await until('the log is small again', () => logBytes(dataDir) <= 256 * 1024);
    assert.ok(rowsInFiles(dataDir) > 0);
  }));

test('tables are flushed when memtables take half of the memory, and writes go on', () => withServer(['--max-memory', '16MiB'], async ({ url, dataDir }) => {
  for (let i = 0; i < 60; i += 1) {
    const { status } = await write(url, 'db', lines(i * 2500, 2500), SHAPE, 'ns');
    if (status !== 204) assert.equal(status, 503);
  }
  await until('rows are in files', () => rowsInFiles(dataDir) > 0);
  const end = performance.now() + WAIT_MS_MAX;
  for (;;) {
    if ((await write(url, 'db', lines(1_000_000, 10), SHAPE, 'ns')).status === 204) break;
    assert.ok(performance.now() < end, 'writes are refused for ever');
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}));

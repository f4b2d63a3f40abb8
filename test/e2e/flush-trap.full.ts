/** A fault in the encoder ends a worker, not the server: its rows come back, and a table that does it again is set aside. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { write, type Shape } from './client.js';
import { readDatabase } from './delta-folder.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';
import { trapEnvironment } from './trap.js';

const SHAPE: Shape = { endpoint: '/api/v3/write_lp', gzip: false, chunked: false };
const WAIT_MS_MAX = 60_000;
const LOOK_MS = 50;
async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + WAIT_MS_MAX; !(await isTrue()); await new Promise((resolve) => setTimeout(resolve, LOOK_MS))) {
    if (performance.now() > end) assert.fail(`${what}: not after ${WAIT_MS_MAX} ms`);
  }
}

const rowsInFiles = (dataDir: string): number =>
  [...readDatabase(dataDir, 'db').values()].flatMap(({ files }) => files).reduce((sum, { rows }) => sum + rows, 0);

test('a table whose flushes trap is set aside; it and the others lose nothing', { timeout: 120_000 }, async () => {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, ['--without-auth', '--workers', '1', '--log-age-max', '1s'], trapEnvironment(dataDir));
    const send = async (line: string): Promise<number> => (await write(server.url, 'db', Buffer.from(line), SHAPE, 'ns')).status;
    for (let i = 0; i < 10; i += 1) assert.equal(await send(`bad v=${i}i ${i}\ngood v=${i}i ${i}`), 204);
    await until('health tells it', async () => /table db\/bad is set aside/.test(await (await fetch(`${server.url}/health`)).text()));
    await until('the other table is in files', () => rowsInFiles(dataDir) === 10);
    assert.equal(server.said.match(/worker \d+ died; its rows/g)?.length, 2);
    // The worker that took the place of the second may still be reading rows back.
    await until('writes are taken', async () => (await send('good v=10i 10')) === 204);
    assert.equal(await send('bad v=10i 10'), 400);
    await until('the other table is flushed on', () => rowsInFiles(dataDir) === 11);
    assert.equal(server.said.match(/worker \d+ died; its rows/g)?.length, 2);
    const { stderr, code } = sluice(['flush', '--data-dir', dataDir]);
    assert.notEqual(code, 0);
    assert.match(stderr, /bad of database db are in files: writing its files ended 2 workers; it is tried again at the next start/);
    await server.stop();
    const again = await TestServer.start(dataDir, ['--without-auth', '--log-age-max', '1s']);
    await until('all rows are in files', () => rowsInFiles(dataDir) === 21);
    assert.equal(await again.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

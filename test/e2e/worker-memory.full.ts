/** What a large body took of a worker's memory is given back once its rows are in files; rows that wait stay. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { write, type Shape } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

const SHAPE: Shape = { endpoint: '/api/v3/write_lp', gzip: false, chunked: false };
const MiB = 1024 * 1024;
const WAIT_MS_MAX = 60_000;
const LOOK_MS = 50;
const MOVED = /worker \d+: \d+ bytes moved into a fresh instance: of memory it had (\d+) bytes, it has (\d+)/;

function flush(server: TestServer, database: string): void {
  const { stderr, code } = sluice(['flush', '--data-dir', server.dataDir, '--database', database]);
  assert.equal(code, 0, stderr);
}

test('a worker over its share of memory goes on in a fresh instance with the rows that wait', { timeout: 60_000 }, async () => {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, ['--without-auth', '--workers', '1', '--max-memory', '32MiB', '--log-level', 'info']);
    const send = async (database: string, text: string): Promise<number> => (await write(server.url, database, Buffer.from(text), SHAPE, 'ns')).status;
    const waiting = Array.from({ length: 5000 }, (_, i) => `kept,host=h${i % 10} v=${i}i,s="${i}" ${i}`).join('\n');
    assert.equal(await send('waits', waiting), 204);
    const large = Array.from({ length: 800_000 }, (_, i) => `m,host=h${i % 100} v=${i}i,w=${i / 4} ${i}`).join('\n');
    assert.equal(await send('large', large), 204);
    flush(server, 'large');
    for (const end = performance.now() + WAIT_MS_MAX; !MOVED.test(server.said); await new Promise((resolve) => setTimeout(resolve, LOOK_MS))) {
      assert.ok(performance.now() < end, server.said);
    }
    assert.equal(await send('waits', 'kept,host=h1 v=1i,s="x" 5000\nkept,host=new v=2i 5001'), 204);
    const [, before, after] = MOVED.exec(server.said) ?? [];
    assert.ok(Number(before) > 64 * MiB, server.said);
    assert.ok(Number(after) <= 32 * MiB, server.said);
    flush(server, 'waits');
    const { stdout } = sluice(['query', '--data-dir', dataDir, '--database', 'waits', '--format', 'csv', 'SELECT count(*), sum(v), count(DISTINCT host), count(DISTINCT s) FROM kept']);
    assert.equal(stdout.trim().split(/\r?\n/)[1], `5002,${(4999 * 5000) / 2 + 3},11,5001`);
    assert.equal(await server.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

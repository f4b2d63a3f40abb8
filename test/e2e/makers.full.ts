/** The real program with either HTTP server and with either unpacker: what a client sees is the same. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { post } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

for (const kind of ['node', 'uws'] as const) {
  test(`--http ${kind}: writes, pages, refusals and the stop`, async (t) => {
    const dataDir = makeDataDir();
    try {
      const server = await TestServer.start(dataDir, ['--without-auth', '--http', kind]);
      if (/uWebSockets\.js does not load/.test(server.said)) t.skip('uWebSockets.js does not load on this machine');
      const ask = (method: string, path: string): Promise<Response> => fetch(`${server.url}${path}`, { method });
      assert.equal((await post(server.url, '/write?db=made', Buffer.from('m v=1i 1'))).status, 204);
      assert.equal((await post(server.url, '/api/v2/write?bucket=made', Buffer.from('m v=2i 2'), { gzip: true, chunked: true })).status, 204);
      assert.equal((await post(server.url, '/write?db=made', Buffer.alloc(0))).status, 204);
      assert.equal((await ask('GET', '/ping')).status, 204);
      assert.equal((await ask('HEAD', '/ping')).status, 204);
      const health = await ask('GET', '/health');
      assert.equal(health.status, 200);
      const { status, name, checks } = await health.json() as Record<string, unknown>;
      assert.deepEqual({ status, name, checks }, { status: 'pass', name: 'sluice', checks: [] });
      const missing = await ask('GET', '/nothing');
      assert.equal(missing.status, 404);
      assert.match(missing.headers.get('content-type')!, /^application\/json/);
      const wrong = await ask('GET', '/write?db=made');
      assert.equal(wrong.status, 405);
      assert.equal(wrong.headers.get('allow'), 'POST, PUT');
      assert.equal(await server.stop(), 0);
      assert.match(sluice(['tables', '--data-dir', dataDir, '--format', 'csv']).stdout, /^made,m,1,\d,2,0,""\r?$/m);
    } finally {
      removeDataDir(dataDir);
    }
  });
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

for (const inflate of ['wasm', 'zlib', 'zlib-sync', 'zlib-sync-whole'] as const) {
  const skip = inflate.startsWith('zlib-sync') && !isInstalled('zlib-sync') ? 'the optional addon zlib-sync is not installed' : false;
  test(`--inflate ${inflate}: members, cut bodies and empty ones`, { skip }, async () => {
    const dataDir = makeDataDir();
    try {
      const server = await TestServer.start(dataDir, ['--without-auth', '--inflate', inflate]);
      const send = async (packed: Uint8Array): Promise<number> => (
        (await post(server.url, '/api/v2/write?bucket=packed&precision=ns', packed, { headers: { 'Content-Encoding': 'gzip' } })).status
      );
      const members = ['m v=1i 1\nm v=', '2i 2\n', '', 'm v=3i 3'].map((text) => gzipSync(text));
      assert.equal(await send(Buffer.concat(members)), 204);
      const long = gzipSync(Array.from({ length: 20_000 }, (_, i) => `long v=${i}i ${i}`).join('\n'));
      assert.equal(await send(long), 204);
      for (const end of [1, 9, 17, long.length >> 1, long.length - 9, long.length - 1]) assert.equal(await send(long.subarray(0, end)), 400, `cut at ${end}`);
      const flipped = Buffer.from(long);
      flipped[flipped.length - 6]! ^= 1;
      assert.equal(await send(flipped), 400, 'a wrong checksum');
      assert.equal(await send(Buffer.from('m v=9i 9')), 400, 'no gzip at all');
      assert.equal(await send(gzipSync('')), 204);
      assert.equal(await send(Buffer.alloc(0)), 204);
      assert.equal(await server.stop(), 0);
      const { stdout, stderr } = sluice(['query', '--data-dir', dataDir, '--format', 'csv', 'SELECT sum(v), count(*) FROM m UNION ALL SELECT sum(v), count(*) FROM long']);
      assert.deepEqual(stdout.trim().split(/\r?\n/).slice(1), ['6,3', '199990000,20000'], stderr);
    } finally {
      removeDataDir(dataDir);
    }
  });
}

/** Bodies from a slow uplink, some bytes now and then: on node:http they are taken, however slow they are. Three cases of public bug reports. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../e2e/server.js';
import { RawClient } from '../http/raw-client.js';

const LINE = 'gsm,dev=a v=1 1764509400\n';
const CASES = [
  { bytes: 2000, chunk: 50, gapMs: 500 },
  { bytes: 30_000, chunk: 1000, gapMs: 1000 },
  { bytes: 60_000, chunk: 3000, gapMs: 1000 },
] as const;

test('a body that comes a little at a time is stored', { timeout: 120_000 }, async () => {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, ['--without-auth', '--http', 'node']);
    await Promise.all(CASES.map(async ({ bytes, chunk, gapMs }, i) => {
      const body = LINE.repeat(bytes / LINE.length);
      const client = await RawClient.connect(Number(new URL(server.url).port));
      await client.send(`POST /write?db=slow_${i}&precision=s HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`);
      for (let at = 0; at < body.length; at += chunk) {
        await client.send(body.slice(at, at + chunk));
        // The gap is the case itself.
        await pause(gapMs);
      }
      assert.equal((await client.answer()).status, 204, `${bytes} bytes`);
      client.destroy();
    }));
    assert.equal(await server.stop(), 0);
    for (const i of CASES.keys()) {
      const { stdout, stderr } = sluice(['query', '--data-dir', dataDir, '--database', `slow_${i}`, '--format', 'csv', 'SELECT count(*) FROM gsm']);
      assert.match(stdout, /\n1\s*$/, stderr);
    }
  } finally {
    removeDataDir(dataDir);
  }
});

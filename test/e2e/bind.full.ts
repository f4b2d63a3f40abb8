/** Where the real program listens, and what that means for /metrics. */
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { makeDataDir, removeDataDir, TestServer } from './server.js';

const HAS_IPV6 = Object.values(networkInterfaces()).flat().some((address) => address?.family === 'IPv6');

async function withServer(args: readonly string[], use: (server: TestServer) => Promise<void>): Promise<void> {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, args);
    await use(server);
    await server.stop();
  } finally {
    removeDataDir(dataDir);
  }
}

const statusOf = async (url: string, token?: string): Promise<number> => {
  const answer = await fetch(url, { headers: { connection: 'close', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) } });
  await answer.text();
  return answer.status;
};

for (const kind of ['uws', 'node'] as const) {
  test(`C11, --http ${kind}: --http-bind :PORT takes IPv4 and IPv6`, { timeout: 240_000, skip: !HAS_IPV6 && 'this machine has no IPv6' }, async () => {
    await withServer(['--http', kind, '--http-bind', ':0'], async ({ url, said }) => {
      assert.match(said, /takes writes on http:\/\/\[::\]:\d+, /);
      for (const host of ['127.0.0.1', '[::1]']) assert.equal(await statusOf(`${url.replace('127.0.0.1', host)}/ping`), 204, host);
    });
  });

  test(`C11, --http ${kind}: /metrics is open on loopback, and elsewhere to a token`, { timeout: 240_000 }, async () => {
    await withServer(['--http', kind], async ({ url }) => assert.equal(await statusOf(`${url}/metrics`), 200));
    await withServer(['--http', kind, '--http-bind', ':0'], async ({ url, token }) => {
      assert.equal(await statusOf(`${url}/metrics`), 401);
      assert.equal(await statusOf(`${url}/metrics`, token), 200);
    });
    await withServer(['--http', kind, '--http-bind', '0.0.0.0:0', '--metrics-open'], async ({ url }) => assert.equal(await statusOf(`${url}/metrics`), 200));
    await withServer(['--http', kind, '--http-bind', '0.0.0.0:0', '--without-auth'], async ({ url }) => assert.equal(await statusOf(`${url}/metrics`), 200));
  });
}

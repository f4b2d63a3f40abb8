/** The admin token: made once, kept as a hash, taken in every way that clients send it. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { post, type Reply } from './client.js';
import { makeDataDir, removeDataDir, TestServer } from './server.js';

const BODY = Buffer.from('m v=1i 1');

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

async function write(server: TestServer, path: string, authorization?: string): Promise<Reply> {
  return post(server.url, path, BODY, { headers: authorization === undefined ? {} : { Authorization: authorization } });
}

/** Every way in which a token can be sent, with the statuses of the answers. */
async function statuses(server: TestServer, token: string): Promise<number[]> {
  const replies = [
    await write(server, '/api/v3/write_lp?db=d', `Bearer ${token}`),
    await write(server, '/api/v2/write?bucket=d', `Token ${token}`),
    await write(server, '/write?db=d', basic(`user:${token}`)),
    await write(server, '/write?db=d', `Token user:${token}`),
    await write(server, `/write?db=d&u=user&p=${encodeURIComponent(token)}`),
  ];
  return replies.map(({ status }) => status);
}

test('the admin token is made once, and every scheme takes it and no other', async () => {
  const dataDir = makeDataDir();
  try {
    const first = await TestServer.start(dataDir, []);
    const { token } = first;
    assert.match(token, /^apiv3_[A-Za-z0-9_-]{86}$/);
    const files = ['admin-token', 'tokens.json'].map((name) => join(dataDir, name));
    for (const path of files) assert.equal(statSync(path).mode & 0o777, 0o600, path);
    assert.ok(!readFileSync(files[1]!, 'utf8').includes(token.slice('apiv3_'.length)), 'tokens.json holds hashes alone');
    assert.ok(!first.said.includes(token), 'the token stands in no log');
    assert.deepEqual(await statuses(first, token), [204, 204, 204, 204, 204]);
    assert.deepEqual(await statuses(first, `${token}x`), [401, 401, 401, 401, 401]);
    for (const path of ['/write?db=d', '/api/v2/write?bucket=d', '/api/v3/write_lp?db=d']) {
      for (const authorization of [undefined, 'Token ', `Bearer ${token.slice(0, -1)}`]) {
        const { status, headers, body } = await write(first, path, authorization);
        assert.equal(status, 401, `${path} with ${authorization}`);
        assert.match(String(headers['www-authenticate']), /^Basic realm="/);
        assert.match(String(headers['content-type']), /^application\/json/);
        assert.ok(JSON.parse(body));
      }
    }
    assert.equal((await write(first, `/api/v2/write?bucket=d&p=${token}`)).status, 401, 'p is of v1 alone');
    for (const page of ['/ping', '/health']) assert.ok((await fetch(`${first.url}${page}`)).ok, `${page} needs no token`);
    await first.kill();

    const second = await TestServer.start(dataDir, []);
    assert.equal(second.token, token);
    assert.deepEqual(await statuses(second, token), [204, 204, 204, 204, 204]);
    assert.equal(await second.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

/** A token's life in the running program: made, used, listed, rotated, expired, deleted, by command line and by HTTP. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { post } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

const BODY = Buffer.from('m v=1i 1');
const FORM = /^apiv3_[A-Za-z0-9_-]{86}\n$/;

/** Status of a write with a token. */
async function write(server: TestServer, database: string, token: string): Promise<number> {
  return (await post(server.url, `/api/v2/write?bucket=${database}`, BODY, { headers: { Authorization: `Token ${token}` } })).status;
}

/** Runs `sluice token …` on a data folder; returns stdout. */
function tokenCommand(dataDir: string, ...args: readonly string[]): string {
  const { stdout, stderr, code } = sluice(['token', ...args, '--data-dir', dataDir]);
  assert.equal(code, 0, stderr);
  return stdout;
}

async function withFolder(body: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = makeDataDir();
  try {
    await body(dataDir);
  } finally {
    removeDataDir(dataDir);
  }
}

/** Waits until the server has said something. */
async function said(server: TestServer, words: RegExp): Promise<void> {
  while (!words.test(server.said)) await new Promise((resolve) => server.child.stderr!.once('data', resolve));
}

test('by the command line, with the server running and without', () => withFolder(async (dataDir) => {
  const server = await TestServer.start(dataDir, []);
  const text = tokenCommand(dataDir, 'create', '--database', 'team_*', '--permission', 'write', '--expires', '90d', '--name', 'agents');
  assert.match(text, FORM);
  const token = text.trim();
  assert.ok(!readFileSync(join(dataDir, 'tokens.json'), 'utf8').includes(token));
  assert.equal(statSync(join(dataDir, 'tokens.json')).mode & 0o777, 0o600);
  assert.deepEqual([await write(server, 'team_a', token), await write(server, 'other', token)], [204, 403]);
  assert.match(tokenCommand(dataDir, 'list', '--format', 'csv'), /^_admin,\*,admin,[^\n]*\nagents,team_\*,write,/m);
  const rotated = tokenCommand(dataDir, 'rotate', 'agents').trim();
  assert.deepEqual([await write(server, 'team_a', token), await write(server, 'team_a', rotated)], [401, 204]);
  assert.equal(await server.stop(), 0);

  const made = tokenCommand(dataDir, 'create', '--admin', '--name', 'made while nobody ran').trim();
  const again = await TestServer.start(dataDir, []);
  assert.deepEqual([await write(again, 'any', made), await write(again, 'team_b', rotated)], [204, 204]);
  tokenCommand(dataDir, 'delete', 'agents');
  assert.equal(await write(again, 'team_b', rotated), 401);
  const refused = sluice(['token', 'delete', 'agents', '--data-dir', dataDir]);
  assert.deepEqual([refused.code, refused.stderr], [1, 'sluice: there is no token of this name: "agents"\n']);
  const texts = [token, rotated, made, again.token];
  for (const one of texts) assert.ok(![server.said, again.said].some((words) => words.includes(one)), 'no token stands in a log');
  assert.equal(await again.stop(), 0);
}));

test('by HTTP, kept over kill -9, expiring', () => withFolder(async (dataDir) => {
  const server = await TestServer.start(dataDir, []);
  const ask = async (at: TestServer, method: string, path: string, body?: unknown) => {
    const init = { method, headers: { Authorization: `Bearer ${at.token}` }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await fetch(`${at.url}/api/v3/configure/token${path}`, init);
    const text = await answer.text();
    return { status: answer.status, token: text === '' ? '' : (JSON.parse(text) as { token?: string }).token ?? '' };
  };
  const permissions = [{ resource_type: 'db', resource_identifier: ['a'], actions: ['write'] }];
  const { status, token } = await ask(server, 'POST', '', { token_name: 'writer', permissions });
  assert.equal(status, 201);
  const short = await ask(server, 'POST', '', { token_name: 'short', permissions, expiry_secs: 1.5 });
  assert.equal(await write(server, 'a', short.token), 204);
  await server.kill();

  const again = await TestServer.start(dataDir, []);
  assert.equal(await write(again, 'a', token), 204);
  const operator = again.token;
  const rotated = await ask(again, 'POST', '/admin/regenerate');
  assert.equal(rotated.token, again.token, 'admin-token follows');
  assert.deepEqual([await write(again, 'x', operator), await write(again, 'x', rotated.token)], [401, 204]);
  assert.equal((await ask(again, 'DELETE', '?token_name=writer')).status, 200);
  assert.equal(await write(again, 'a', token), 401);
  let last = await write(again, 'a', short.token);
  while (last === 204) last = await write(again, 'a', short.token);
  assert.equal(last, 401, 'its life is over');
  assert.equal(await again.stop(), 0);
}));

test('an admin token file sets up a server unattended, and SIGHUP reads tokens again', () => withFolder(async (dataDir) => {
  const file = join(dataDir, '..', 'admin.json');
  const write1 = (name: string, token: string): void => writeFileSync(file, JSON.stringify({ token, name }));
  write1('robot', 'apiv3_given');
  const server = await TestServer.start(dataDir, ['--admin-token-file', file]);
  assert.equal(await write(server, 'd', 'apiv3_given'), 204);
  assert.throws(() => server.token, /ENOENT/, 'no other token was made');
  write1('second', 'apiv3_second');
  server.child.kill('SIGHUP');
  await said(server, /SIGHUP: tokens read again/);
  assert.deepEqual([await write(server, 'd', 'apiv3_second'), await write(server, 'd', 'apiv3_given')], [204, 204]);
  writeFileSync(file, '{');
  server.child.kill('SIGHUP');
  await said(server, /SIGHUP: tokens kept as they were: the admin token file .* cannot be read: it is not JSON/);
  assert.equal(await write(server, 'd', 'apiv3_second'), 204);
  assert.equal(await server.stop(), 0);
}));

for (const [what, damage] of [
  ['damaged', (path: string) => writeFileSync(path, readFileSync(path, 'utf8').replace('"_admin"', '"_Admin"'))],
  ['gone', (path: string) => rmSync(path)],
] as const) {
  test(`a tokens.json that is ${what} lets nobody in but the control socket, also at the start after`, () => withFolder(async (dataDir) => {
    const first = await TestServer.start(dataDir, []);
    const old = first.token;
    assert.equal(await write(first, 'd', old), 204);
    assert.equal(await first.stop(), 0);
    damage(join(dataDir, 'tokens.json'));
    for (const start of [1, 2]) {
      const server = await TestServer.start(dataDir, []);
      assert.deepEqual([await write(server, 'd', old), await write(server, 'd', '')], [401, 401], `start ${start}`);
      const asked = await fetch(`${server.url}/api/v3/configure/token/admin`, { method: 'POST' });
      assert.equal(asked.status, 401);
      assert.equal(server.token, old, 'no other was made');
      const health = await fetch(`${server.url}/health`);
      assert.equal(health.status, 200);
      assert.match(await health.text(), /no request with a token is let in, for [^"]*tokens\.json is lost/);
      assert.match(server.said, /"level":"warn",[^\n]*tokens\.json/);
      if (start === 1) assert.equal(await server.stop(), 0);
      if (start === 1) continue;
      const token = tokenCommand(dataDir, 'create', '--admin').trim();
      assert.equal(await write(server, 'd', token), 204);
      assert.doesNotMatch(await (await fetch(`${server.url}/health`)).text(), /no request with a token/);
      assert.equal(await server.stop(), 0);
    }
    const kept = existsSync(join(dataDir, 'quarantine')) ? readdirSync(join(dataDir, 'quarantine')) : [];
    assert.equal(kept.length, what === 'gone' ? 0 : 1);
    if (kept.length > 0) assert.match(readFileSync(join(dataDir, 'quarantine', kept[0]!), 'utf8'), /"_Admin"/);
  }));
}

test('an emptied tokens.json lets the first admin token be made without one', () => withFolder(async (dataDir) => {
  assert.equal(await (await TestServer.start(dataDir, [])).stop(), 0);
  writeFileSync(join(dataDir, 'tokens.json'), '{"format":2,"nextId":1,"tokens":[]}\n');
  const server = await TestServer.start(dataDir, []);
  assert.equal((await fetch(`${server.url}/api/v3/configure/token/admin`, { method: 'POST' })).status, 201);
  assert.equal((await fetch(`${server.url}/api/v3/configure/token/admin`, { method: 'POST' })).status, 401);
  assert.equal(await server.stop(), 0);
}));

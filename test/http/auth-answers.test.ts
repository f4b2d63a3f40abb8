/** What the endpoints answer to good and bad credentials, on both listeners. */
import assert from 'node:assert/strict';
import { onBoth } from './harness.js';
import { post } from './raw-client.js';

const TARGETS: readonly (readonly [target: (database: string) => string, dialect: 'v1' | 'v2' | 'v3'])[] = [
  [(database) => `/write?db=${database}`, 'v1'],
  [(database) => `/write/?db=${database}`, 'v1'],
  [(database) => `/api/v2/write?bucket=${database}`, 'v2'],
  [(database) => `/api/v3/write_lp?db=${database}`, 'v3'],
];

onBoth('a write needs a token that may write to its database, and each dialect is told so in its shape', { auth: { trustedProxies: [] } }, async ({ connect, writer, tokens, admin }) => {
  const client = await connect();
  const grants = [{ databases: ['good', 'team_*'], permissions: ['write'] }, { databases: ['seen'], permissions: ['read'] }] as const;
  const { token } = await tokens.create({ name: 'agents', lifeMs: null, rights: grants });
  const send = async (target: string, ...headers: string[]) => {
    await client.send(post(target, 'm a=1', headers));
    const { status, headers: got, body } = await client.answer();
    return { status, got, json: (body === '' ? {} : JSON.parse(body)) as Record<string, string> };
  };
  let stored = 0;
  for (const [target, dialect] of TARGETS) {
    const words = (json: Record<string, string>): string => (dialect === 'v2' ? json['message'] : json['error'])!;
    const code = (json: Record<string, string>): string => json['code']!;
    for (const headers of [[], ['Authorization: Token'], ['Authorization: Bearer wrong']]) {
      const { status, got, json } = await send(target('good'), ...headers);
      assert.equal(status, 401);
      assert.match(got.get('www-authenticate')!, /^Basic realm="/);
      assert.equal(got.get('content-type'), 'application/json');
      assert.match(words(json), /^authorization failed/);
      assert.equal(code(json), 'unauthorized');
    }
    const malformed = await send(target('good'), 'Authorization: Digest x');
    assert.equal(malformed.status, 400);
    assert.match(words(malformed.json), /the Authorization header is malformed/);
    for (const database of ['seen', 'other', 'goo', 'team']) {
      const { status, got, json } = await send(target(database), `Authorization: Token ${token}`);
      assert.equal(status, 403, database);
      assert.equal(got.get('www-authenticate'), undefined);
      assert.match(words(json), new RegExp(`user is not authorized to write to database "${database}"`));
      assert.equal(code(json), 'forbidden');
    }
    assert.equal(writer.writes.length, stored);
    for (const database of ['good', 'team_new']) assert.equal((await send(target(database), `Authorization: Token ${token}`)).status, 204);
    assert.equal((await send(target('other'), `Authorization: Bearer ${admin}`)).status, 204);
    stored += 3;
    assert.equal(writer.writes.length, stored);
  }
});

onBoth('p counts on the v1 endpoints alone', { auth: { trustedProxies: [] } }, async ({ connect, admin, writer }) => {
  const client = await connect();
  const statusOf = async (target: string): Promise<number> => {
    await client.send(post(target, 'm a=1'));
    return (await client.answer()).status;
  };
  assert.equal(await statusOf(`/write?db=d&u=me&p=${admin.replace('_', '%5F')}`), 204);
  assert.equal(await statusOf(`/write/?db=d&p=${admin}`), 204);
  assert.equal(await statusOf(`/write?db=d&u=${admin}&p=x`), 401);
  assert.equal(await statusOf(`/api/v2/write?bucket=d&p=${admin}`), 401);
  assert.equal(await statusOf(`/api/v3/write_lp?db=d&p=${admin}`), 401);
  assert.equal(writer.writes.length, 2);
});

onBoth('401 comes before parameters are looked at, 403 after', { auth: { trustedProxies: [] } }, async ({ connect, tokens }) => {
  const client = await connect();
  const { token } = await tokens.create({ name: 'r', lifeMs: null, rights: [{ databases: ['*'], permissions: ['read'] }] });
  const statusOf = async (target: string, ...headers: string[]): Promise<number> => {
    await client.send(post(target, 'm a=1', headers));
    return (await client.answer()).status;
  };
  assert.equal(await statusOf('/write?precision=nonsense'), 401);
  assert.equal(await statusOf('/write?db=d&precision=nonsense', `Authorization: Token ${token}`), 400);
  assert.equal(await statusOf('/write?db=d', `Authorization: Token ${token}`), 403);
});

onBoth('the address of a failure: peer, or client of a trusted proxy in whichever line', { auth: { trustedProxies: ['127.0.0.1'] } }, async ({ connect, warnings }) => {
  const client = await connect();
  const fail = async (...headers: string[]): Promise<void> => {
    await client.send(post('/write?db=d', 'm a=1', ['Authorization: Token wrong', ...headers]));
    assert.equal((await client.answer()).status, 401);
  };
  await fail();
  await fail('X-Forwarded-For: 6.6.6.6', 'X-Forwarded-For: 198.51.100.7');
  await fail('X-Forwarded-For: 6.6.6.6, 198.51.100.8');
  assert.deepEqual(warnings.map((sentence) => /from (\S+):/.exec(sentence)?.[1]), ['127.0.0.1', '198.51.100.7', '198.51.100.8']);
});

onBoth('a Telegraf gets 401 and 403 as everyone does', { auth: { trustedProxies: [] } }, async ({ connect, tokens }) => {
  const client = await connect();
  const { token } = await tokens.create({ name: 'x', lifeMs: null, rights: [{ databases: ['a'], permissions: ['write'] }] });
  for (const [authorization, wanted] of [['Token wrong', 401], [`Token ${token}`, 403]] as const) {
    await client.send(post('/api/v2/write?bucket=b', 'm a=1', ['User-Agent: Telegraf/1.39.3 Go/1.26.8', `Authorization: ${authorization}`]));
    assert.equal((await client.answer()).status, wanted);
  }
});

onBoth('/ping and /health need no token', { auth: { trustedProxies: [] } }, async ({ connect }) => {
  const client = await connect();
  await client.send('GET /ping HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal((await client.answer()).status, 204);
  await client.send('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal((await client.answer()).status, 200);
});

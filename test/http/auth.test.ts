import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { makeAuthenticator } from '../../src/http/auth.js';
import { onBoth } from './harness.js';
import { post } from './raw-client.js';

const sha512 = (text: string) => createHash('sha512').update(text).digest('hex');
const basic = (text: string) => Buffer.from(text).toString('base64');
const TOKENS = [sha512('apiv3_first'), sha512('apiv3_second')];
const authenticator = makeAuthenticator(TOKENS);

const cases: readonly [authorization: string, p: string | undefined, code: string | null][] = [
  ['Bearer apiv3_first', undefined, null],
  ['Bearer apiv3_second', undefined, null],
  ['bearer apiv3_first', undefined, null],
  ['Token apiv3_first', undefined, null],
  ['TOKEN apiv3_first', undefined, null],
  ['Token  apiv3_first', undefined, null],
  ['Token user:apiv3_first', undefined, null],
  [`Basic ${basic('any user:apiv3_first')}`, undefined, null],
  [`basic ${basic(':apiv3_second')}`, undefined, null],
  ['', 'apiv3_first', null],
  ['Bearer wrong', 'apiv3_first', null],
  ['nonsense header here', 'apiv3_first', null],
  ['Bearer apiv3_first', '', null],
  ['', undefined, 'unauthorized'],
  ['', '', 'unauthorized'],
  ['', 'wrong', 'unauthorized'],
  ['Bearer apiv3_first', 'wrong', 'unauthorized'],
  ['Token', undefined, 'unauthorized'],
  ['Token ', undefined, 'unauthorized'],
  ['Bearer', undefined, 'unauthorized'],
  ['Basic', undefined, 'unauthorized'],
  ['Bearer apiv3_firs', undefined, 'unauthorized'],
  ['Bearer apiv3_first2', undefined, 'unauthorized'],
  [`Bearer ${TOKENS[0]}`, undefined, 'unauthorized'],
  [`Basic ${basic('apiv3_first:')}`, undefined, 'unauthorized'],
  [`Basic ${basic('apiv3_first:wrong')}`, undefined, 'unauthorized'],
  [`Basic ${basic('apiv3_first')}`, undefined, 'bad-authorization'],
  ['Basic not!base64', undefined, 'bad-authorization'],
  ['Digest apiv3_first', undefined, 'bad-authorization'],
  ['apiv3_first', undefined, 'bad-authorization'],
  ['Bearer apiv3_first more', undefined, 'bad-authorization'],
];

for (const [authorization, p, code] of cases) {
  test(`credentials: ${JSON.stringify(authorization)}, p=${p} → ${code ?? 'let in'}`, () => {
    assert.equal(authenticator.check(authorization, p)?.code ?? null, code);
  });
}

test('a header that was accepted, or refused, is so again', () => {
  const own = makeAuthenticator(TOKENS);
  for (let i = 0; i < 3; i++) {
    assert.equal(own.check('Bearer apiv3_first', undefined), null);
    assert.equal(own.check('Bearer apiv3_firsT', undefined)?.code, 'unauthorized');
    assert.equal(own.check('Bearer apiv3_first', 'wrong')?.code, 'unauthorized');
  }
});

test('without-auth lets everyone in', () => {
  assert.equal(makeAuthenticator('without-auth').check('Digest x', 'wrong'), null);
});

test('no token lets no one in', () => {
  assert.equal(makeAuthenticator([]).check('Bearer ', undefined)?.code, 'unauthorized');
  assert.equal(makeAuthenticator([]).check('Bearer x', undefined)?.code, 'unauthorized');
});

test('a malformed hash is refused', () => {
  assert.throws(() => makeAuthenticator(['apiv3_first']), /not the hex of a SHA-512/);
});

onBoth('a write needs a token on every endpoint, p counts on v1 alone', { authenticator }, async ({ connect, writer }) => {
  const client = await connect();
  const statusOf = async (target: string, headers: readonly string[] = []) => {
    await client.send(post(target, 'm a=1', headers));
    return (await client.answer()).status;
  };
  const targets = ['/write?db=d', '/api/v2/write?bucket=d', '/api/v3/write_lp?db=d'];
  for (const target of targets) {
    assert.equal(await statusOf(target), 401);
    assert.equal(await statusOf(target, ['Authorization: Token']), 401);
    assert.equal(await statusOf(target, ['Authorization: Digest x']), 400);
    assert.equal(await statusOf(target, ['Authorization: Token apiv3_first']), 204);
  }
  assert.equal(await statusOf('/write?db=d&u=me&p=apiv3%5Ffirst'), 204);
  assert.equal(await statusOf('/write/?db=d&u=me&p=apiv3_first'), 204);
  assert.equal(await statusOf('/api/v2/write?bucket=d&p=apiv3_first'), 401);
  assert.equal(await statusOf('/api/v3/write_lp?db=d&p=apiv3_first'), 401);
  assert.equal(writer.writes.length, 5);
});

onBoth('401 says how to authenticate, before parameters are looked at', { authenticator }, async ({ connect }) => {
  const client = await connect();
  await client.send(post('/write?precision=nonsense', 'm a=1'));
  const answer = await client.answer();
  assert.equal(answer.status, 401);
  assert.match(answer.headers.get('www-authenticate')!, /^Basic realm=/);
  assert.match(JSON.parse(answer.body).error, /authorization failed/);
});

onBoth('/ping and /health need no token', { authenticator }, async ({ connect }) => {
  const client = await connect();
  await client.send('GET /ping HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal((await client.answer()).status, 204);
  await client.send('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal((await client.answer()).status, 200);
});

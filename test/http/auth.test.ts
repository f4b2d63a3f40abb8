/** Credentials: every way in which a client can send a token, what it may do then, and how failures are counted. */
import assert from 'node:assert/strict';
import { before, mock, test } from 'node:test';
import { makeNetworks } from '../../src/addresses.js';
import type { MadeToken, TokenStore } from '../../src/auth/token-store.js';
import { demand, demandAdmin, makeAuthenticator, WITHOUT_AUTH, type Authenticator, type Caller } from '../../src/http/auth/auth.js';
import type { SluiceError } from '../../src/errors.js';
import { makeStore } from '../auth/make-store.js';
import { FakeClock } from './fake-clock.js';

const basic = (text: string) => Buffer.from(text).toString('base64');
const caller = (authorization: string, peer = '192.0.2.1', forwardedFor: readonly string[] = []): Caller => ({
  peer,
  header: (name) => (name === 'authorization' ? authorization : ''),
  headerLines: (name) => (name === 'x-forwarded-for' ? forwardedFor : []),
});

interface Scene {
  readonly store: TokenStore;
  readonly clock: FakeClock;
  readonly authenticator: Authenticator;
  readonly said: string[];
  readonly made: MadeToken;
  /** Name of the principal, or the error's code. */
  ask(authorization: string, p?: string, peer?: string, forwardedFor?: readonly string[]): string;
}

async function makeScene(lifeMs: number | null = null): Promise<Scene> {
  const clock = new FakeClock();
  const { store } = await makeStore({ clock });
  const said: string[] = [];
  const made = await store.create({ name: 'agents', lifeMs, rights: [{ databases: ['team_*'], permissions: ['write'] }] });
  const authenticator = makeAuthenticator({ tokens: store, clock, trustedProxies: makeNetworks(['10.0.0.0/8']), log: { warn: (message) => said.push(message) } });
  return {
    store, clock, authenticator, said, made,
    ask(authorization, p, peer, forwardedFor) {
      try {
        return authenticator.authenticate(caller(authorization, peer, forwardedFor), p).name;
      } catch (error) {
        return (error as SluiceError).code;
      }
    },
  };
}

let scene: Scene;
before(async () => {
  scene = await makeScene();
});

/** T stands for the token. */
const cases: readonly [authorization: string, p: string | undefined, outcome: string][] = [
  ['Bearer T', undefined, 'agents'],
  ['bearer T', undefined, 'agents'],
  ['Token T', undefined, 'agents'],
  ['TOKEN T', undefined, 'agents'],
  ['Token  T', undefined, 'agents'],
  [' Token T ', undefined, 'agents'],
  ['Token user:T', undefined, 'agents'],
  ['Token :T', undefined, 'agents'],
  ['Basic any user:T', undefined, 'agents'],
  ['basic :T', undefined, 'agents'],
  ['', 'T', 'agents'],
  ['Bearer wrong', 'T', 'agents'],
  ['nonsense header here', 'T', 'agents'],
  ['Bearer T', '', 'agents'],
  ['', undefined, 'unauthorized'],
  ['', '', 'unauthorized'],
  ['', 'wrong', 'unauthorized'],
  ['Bearer T', 'wrong', 'unauthorized'],
  ['Token', undefined, 'unauthorized'],
  ['Token ', undefined, 'unauthorized'],
  ['Bearer', undefined, 'unauthorized'],
  ['Basic', undefined, 'unauthorized'],
  ['Basic user:', undefined, 'unauthorized'],
  ['Bearer Tx', undefined, 'unauthorized'],
  ['Bearer SHA', undefined, 'unauthorized'],
  ['Basic T:', undefined, 'unauthorized'],
  ['Basic T:wrong', undefined, 'unauthorized'],
  ['Token T:user', undefined, 'unauthorized'],
  ['Basic T', undefined, 'bad-authorization'],
  ['Digest T', undefined, 'bad-authorization'],
  ['T', undefined, 'bad-authorization'],
  ['Bearer T more', undefined, 'bad-authorization'],
];

for (const [authorization, p, outcome] of cases) {
  test(`credentials: ${JSON.stringify(authorization)}, p=${p} → ${outcome}`, () => {
    const { token, entry } = scene.made;
    const fill = (text: string): string => text.replace(/\bT(?=x?\b)/, token).replace('SHA', entry.sha512);
    const [, scheme = '', credential = ''] = /^(basic )(.+)$/i.exec(authorization) ?? [];
    const header = credential === '' ? fill(authorization) : scheme + basic(fill(credential));
    assert.equal(scene.ask(header, p === undefined ? p : fill(p)), outcome);
  });
}

test('Basic that is no base64, or holds no UTF-8 token', () => {
  assert.equal(scene.ask('Basic not!base64'), 'bad-authorization');
  assert.equal(scene.ask(`Basic ${Buffer.from([0x3a, 0xff]).toString('base64')}`), 'unauthorized');
});

test('a header that was accepted, or refused, is so again', () => {
  const { token } = scene.made;
  for (let i = 0; i < 3; i++) {
    assert.equal(scene.ask(`Bearer ${token}`), 'agents');
    assert.equal(scene.ask(`Bearer ${token}T`), 'unauthorized');
    assert.equal(scene.ask(`Bearer ${token}`, 'wrong'), 'unauthorized');
  }
});

test('what p was accepted is no header', () => {
  assert.equal(scene.ask('', scene.made.token), 'agents');
  assert.equal(scene.ask(scene.made.token), 'bad-authorization');
});

test('1000 accepted headers are remembered, and one more has the one used least lately looked up again', async () => {
  const { made, store, ask } = await makeScene();
  const { mock: find } = mock.method(store, 'find');
  const askAs = (user: number) => assert.equal(ask(`Token ${user}:${made.token}`), 'agents');
  const lookUpsOf = (user: number): number => {
    const callsBefore = find.callCount();
    askAs(user);
    return find.callCount() - callsBefore;
  };
  for (let user = 0; user < 1000; user++) askAs(user);
  assert.equal(lookUpsOf(0), 0);
  assert.ok(lookUpsOf(1000) > 0);
  assert.equal(lookUpsOf(0), 0);
  assert.ok(lookUpsOf(1) > 0);
});

test('C11: long headers with a good token are not kept beyond a million characters', async () => {
  const { made, store, ask } = await makeScene();
  const { mock: find } = mock.method(store, 'find');
  const askAs = (user: number) => assert.equal(ask(`Token ${String(user).padStart(16_000, '0')}:${made.token}`), 'agents');
  for (let user = 0; user < 80; user++) askAs(user);
  const before = find.callCount();
  askAs(79);
  assert.equal(find.callCount(), before, 'the last is remembered');
  askAs(0);
  assert.ok(find.callCount() > before, 'the first is looked up again');
});

test('a token is let in to the end of its life', async () => {
  const { made, clock, ask } = await makeScene(1000);
  assert.equal(ask(`Bearer ${made.token}`), 'agents');
  clock.advance(999);
  assert.equal(ask(`Bearer ${made.token}`), 'agents');
  clock.advance(1);
  assert.equal(ask(`Bearer ${made.token}`), 'unauthorized');
});

test('an accepted header is not accepted after its token is rotated or deleted', async () => {
  const { made, store, ask } = await makeScene();
  assert.equal(ask(`Bearer ${made.token}`), 'agents');
  const { token } = await store.rotate('agents');
  assert.equal(ask(`Bearer ${made.token}`), 'unauthorized');
  assert.equal(ask(`Bearer ${token}`), 'agents');
  await store.delete('agents');
  assert.equal(ask(`Bearer ${token}`), 'unauthorized');
});

test('without-auth lets everyone do everything', () => {
  const anyone = WITHOUT_AUTH.authenticate(caller('Digest x'), 'wrong');
  assert.equal(anyone.isAdmin && anyone.may('write', 'd') && anyone.may('read', 'd'), true);
});

test('who may not is told what and with which token', () => {
  const principal = scene.authenticator.authenticate(caller(`Token ${scene.made.token}`), undefined);
  demand(principal, 'write', 'team_a');
  assert.throws(() => demand(principal, 'write', 'other'), /user is not authorized to write to database "other" \(token "agents"\)/);
  assert.throws(() => demand(principal, 'read', 'team_a'), /not authorized to read from database "team_a"/);
  assert.throws(() => demandAdmin(principal), /this needs an admin token; "agents" is none/);
});

/** The sentence of a refusal. */
function refusal({ authenticator }: Scene, authorization: string, peer?: string, forwardedFor?: readonly string[]): string {
  try {
    return authenticator.authenticate(caller(authorization, peer, forwardedFor), undefined).name;
  } catch (error) {
    return (error as Error).message;
  }
}

const UNKNOWN = 'authorization failed: the token is not known';
const TOO_OFTEN = /failed too often from .*: it is not looked at for 60 s/;

test('the same wrong token from one address is looked at ten times a minute', async () => {
  const own = await makeScene();
  for (let i = 0; i < 10; i++) assert.equal(refusal(own, 'Bearer wrong'), UNKNOWN);
  assert.match(refusal(own, 'Bearer wrong'), TOO_OFTEN);
  assert.match(refusal(own, 'Token wrong'), TOO_OFTEN, 'the credential counts, not its dress');
  assert.equal(refusal(own, 'Bearer other'), UNKNOWN, 'another token');
  assert.equal(refusal(own, 'Bearer wrong', '192.0.2.2'), UNKNOWN, 'another address');
  assert.equal(own.ask(`Bearer ${own.made.token}`), 'agents', 'a good token from the same address');
  own.clock.advance(60_000);
  assert.equal(refusal(own, 'Bearer wrong'), UNKNOWN);
});

test('a change of tokens lets everyone try again', async () => {
  const own = await makeScene();
  const { token } = await own.store.rotate('agents');
  await own.store.rotate('agents');
  for (let i = 0; i < 11; i++) refusal(own, `Bearer ${token}`);
  assert.match(refusal(own, `Bearer ${token}`), TOO_OFTEN);
  await own.store.rotate('agents');
  assert.equal(refusal(own, `Bearer ${token}`), UNKNOWN);
});

test('the address is the client\'s behind a trusted proxy, and the proxy\'s behind another', async () => {
  const own = await makeScene();
  for (let i = 0; i < 11; i++) refusal(own, 'Bearer wrong', '10.0.0.1', ['198.51.100.7']);
  assert.match(refusal(own, 'Bearer wrong', '10.0.0.2', ['6.6.6.6', '198.51.100.7']), TOO_OFTEN);
  assert.equal(refusal(own, 'Bearer wrong', '10.0.0.1', ['198.51.100.8']), UNKNOWN);
  for (let i = 0; i < 11; i++) refusal(own, 'Bearer wrong', '203.0.113.1', [`198.51.100.${i}`]);
  assert.match(refusal(own, 'Bearer wrong', '203.0.113.1', ['198.51.100.99']), TOO_OFTEN);
});

test('the log names the address once a minute, and never the token', async () => {
  const own = await makeScene();
  for (let i = 0; i < 20; i++) refusal(own, `Bearer secret${i}`);
  assert.deepEqual(own.said, ['authorization failed for a request from 192.0.2.1: the token is not known']);
  own.clock.advance(60_000);
  refusal(own, 'Bearer secret');
  assert.equal(own.said.length, 2);
  assert.ok(!own.said.join().includes('secret'));
});

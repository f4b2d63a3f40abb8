import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeListener } from '../../src/http/listener/choose.js';
import { makeNodeListener } from '../../src/http/listener/node.js';
import { IDLE_LIMITS, IdleClients, type IdleLimits } from '../../src/http/listener/idle-clients.js';
import { LISTENER_OPTIONS, onBoth, until } from './harness.js';
import { post } from './raw-client.js';
import type { RawClient } from './raw-client.js';

const TARGET = '/api/v3/write_lp?db=metrics';

/** Sends a write; returns what the Connection header of its answer says. */
async function write(client: RawClient): Promise<string | undefined> {
  await client.send(post(TARGET, 'm a=1'));
  const answer = await client.answer();
  assert.equal(answer.status, 204);
  return answer.headers.get('connection')?.toLowerCase();
}

/** Where the clients of a listener on uWebSockets.js stand: `closes` says what its answer to one request does. */
function clients(limits: Partial<IdleLimits> = {}): { closes: (address: string, nowMs: number) => boolean; connect: (address: string, nowMs: number) => boolean } {
  const idle = new IdleClients({ ...IDLE_LIMITS, ...limits });
  return {
    closes: (address, nowMs) => idle.note(address, nowMs),
    connect: (address, nowMs) => {
      idle.connected(address, nowMs);
      return idle.note(address, nowMs);
    },
  };
}

test('a client that pauses for more than 6 s is told to connect anew each time, from its first request on', () => {
  const { connect } = clients();
  for (const intervalMs of [7000, 9000, 10_000, 11_000, 30_000]) {
    for (let n = 0; n < 20; n += 1) {
      assert.equal(connect(`agent ${intervalMs}`, n * intervalMs), true);
      assert.equal(connect(`agent ${intervalMs}`, n * intervalMs + 50), true, 'a burst may end with any request');
    }
  }
});

test('a client that comes more often keeps its connection once that is known', () => {
  const { connect, closes } = clients();
  assert.deepEqual([0, 5000].map((nowMs) => connect('a', nowMs)), [true, true]);
  assert.equal(connect('a', 6001), false);
  for (let nowMs = 11_000; nowMs < 600_000; nowMs += 5000) assert.equal(closes('a', nowMs), false);
  assert.equal(closes('a', 610_000), true);
});

test('a busy client keeps its connection after a burst', () => {
  const { connect, closes } = clients({ burstMax: 32 });
  for (let n = 0; n < 32; n += 1) assert.equal(connect('a', n), true);
  assert.equal(connect('a', 33), false);
  for (let n = 34; n < 1000; n += 1) assert.equal(closes('a', n), false);
});

test('many busy connections of one address are all kept, as those before them were used again', () => {
  const { connect, closes } = clients({ burstMax: 0 });
  const open = new Set<number>();
  for (let round = 0; round < 20; round += 1) {
    for (let connection = 0; connection < 50; connection += 1) {
      const ends = open.has(connection) ? closes('proxy', round) : connect('proxy', round);
      if (!ends) open.add(connection);
      else open.delete(connection);
    }
  }
  assert.equal(open.size, 50);
});

test('of a fleet behind one address a handful of connections a minute is kept', () => {
  const { connect } = clients();
  let kept = 0;
  for (let nowMs = 0; nowMs < 600_000; nowMs += 5) kept += Number(!connect('gateway', nowMs));
  assert.ok(kept > 0 && kept <= 80, `${kept} of 120,000`);
});

test('the client that is silent for longest is forgotten first', () => {
  const { closes } = clients({ clientsMax: 2 });
  for (const client of ['a', 'b']) closes(client, 0);
  closes('a', 5000);
  closes('c', 5500);
  assert.deepEqual([closes('a', 7000), closes('b', 7000)], [false, true]);
});

onBoth('on uWebSockets.js alone a client that pauses gets its connection closed with the answer', { idleLimits: { ...IDLE_LIMITS, burstMax: 1 } }, async ({ connect, clock }, kind) => {
  let client = await connect();
  for (const advanceMs of [0, 10_000, 6000]) {
    clock.advance(advanceMs);
    const closes = kind === 'uws' && advanceMs !== 6000;
    assert.equal((await write(client)) === 'close', closes, `${advanceMs}`);
    if (!closes) continue;
    await client.closed;
    client = await connect();
  }
});

onBoth('a client that asks for it gets its connection closed', {}, async ({ connect }) => {
  const client = await connect();
  await client.send(post(TARGET, 'm a=1', ['Connection: close']));
  assert.equal((await client.answer()).status, 204);
  await client.closed;
});

/** Requests whose answer waits; all but the last two have no body. */
const WAITING = [
  'GET /query?q=CREATE+DATABASE+a HTTP/1.1\r\nHost: x\r\n', 'POST /query?q=CREATE+DATABASE+a HTTP/1.1\r\nHost: x\r\n',
  'POST /query?q=CREATE+DATABASE+a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n', 'DELETE /api/v3/configure/database?db=empty HTTP/1.1\r\nHost: x\r\n',
  'GET /query?q=CREATE+DATABASE+a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n', 'POST /query?q=CREATE+DATABASE+a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n',
];
const bodyOf = (request: string): string => (request.includes('Content-Length: 4') ? 'a=b&' : '');

onBoth('a client that asks for its connection to close gets an answer that waits', {}, async ({ connect, schema }) => {
  schema.settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  for (const request of WAITING) {
    const client = await connect();
    await client.send(`${request}Connection: close\r\n\r\n${bodyOf(request)}`);
    assert.equal((await client.answer()).status, 200, request);
    await client.closed;
  }
});

onBoth('an answer that waits comes while the server stops', {}, async ({ connect, schema, listener }) => {
  let arrived = 0;
  let settle: () => void = () => {};
  const gate = new Promise<void>((resolve) => (settle = resolve));
  schema.settled = () => {
    arrived += 1;
    return gate;
  };
  const clients = await Promise.all(WAITING.map(() => connect()));
  for (const [i, request] of WAITING.entries()) await clients[i]!.send(`${request}\r\n${bodyOf(request)}`);
  await until(() => arrived === WAITING.length);
  listener.stopAccepting();
  settle();
  for (const client of clients) assert.equal((await client.answer()).status, 200);
});

onBoth('connections over the limit are closed, and there is room again when others end', { connectionsMax: 3 }, async ({ connect }) => {
  const clients = [await connect(), await connect(), await connect()];
  for (const client of clients) await write(client);
  const over = await connect();
  await over.closed;
  clients[0]!.destroy();
  await clients[0]!.closed;
  // The server may see the end a moment later.
  for (;;) {
    const client = await connect();
    const answered = await Promise.race([write(client).then(() => true, () => false), client.closed.then(() => false)]);
    if (answered) break;
  }
  await write(clients[1]!);
});

onBoth('a server that stops accepts no one, but answers what runs and closes', {}, async ({ connect, writer, listener, port }) => {
  let release: () => void = () => {};
  writer.outcome = () => new Promise((resolve) => (release = () => resolve({ kind: 'stored' })));
  const client = await connect();
  await client.send(post(TARGET, 'm a=1'));
  await writer.came(1);
  listener.stopAccepting();
  await assert.rejects(connect(), { code: 'ECONNREFUSED' }, `port ${port}`);
  release();
  const answer = await client.answer();
  assert.equal(answer.status, 204);
  assert.equal(answer.headers.get('connection')?.toLowerCase(), 'close');
  await client.closed;
});

onBoth('close ends every connection', {}, async ({ connect, writer, listener }) => {
  writer.outcome = () => new Promise(() => {});
  const idle = await connect();
  const busy = await connect();
  await busy.send(post(TARGET, 'm a=1'));
  await writer.came(1);
  await listener.close();
  await idle.closed;
  await busy.closed;
});

onBoth('a header of 3,000 bytes is read', {}, async ({ connect }) => {
  const client = await connect();
  await client.send(post(TARGET, 'm a=1', [`X-Long: ${'x'.repeat(3000)}`]));
  assert.equal((await client.answer()).status, 204);
});

onBoth('a taken port is an error that says so', {}, async ({ port }, kind) => {
  const second = await makeListener(kind, () => {}, { ...LISTENER_OPTIONS, connectionsMax: 1, certificate: null }, { info: () => {}, warn: assert.fail });
  await assert.rejects(second.listen('127.0.0.1', port), new RegExp(`cannot listen on 127.0.0.1:${port}`));
});

test('where uWebSockets.js does not load, node:http serves with one warning', async () => {
  const warnings: string[] = [];
  const listener = await makeListener('uws', (exchange) => exchange.answer({ status: 204, headers: [], body: '' }), { ...LISTENER_OPTIONS, connectionsMax: 1, certificate: null }, {
    info: () => {},
    warn: (message) => warnings.push(message),
  }, () => Promise.reject(new Error('no addon for this platform\nmore words')));
  assert.equal(listener.constructor, makeNodeListener(() => {}, { ...LISTENER_OPTIONS, connectionsMax: 1, certificate: null }).constructor);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /node:http serves instead.*no addon for this platform\)$/);
});

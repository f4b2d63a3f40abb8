import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeListener } from '../../src/http/listener/choose.js';
import { makeNodeListener } from '../../src/http/listener/node.js';
import { IdleClients } from '../../src/http/listener/idle-clients.js';
import { collectGarbage } from '../../src/worker/gc.js';
import { onBoth, until } from './harness.js';
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

onBoth('a client that pauses for more than 6 s gets its connection closed with the answer', {}, async ({ connect, clock }) => {
  const client = await connect();
  assert.notEqual(await write(client), 'close');
  clock.advance(5999);
  assert.notEqual(await write(client), 'close');
  clock.advance(10_000);
  assert.equal(await write(client), 'close');
  await client.closed;
  const next = await connect();
  clock.advance(10_000);
  assert.equal(await write(next), 'close');
  await next.closed;
});

onBoth('a client that becomes busy after a pause keeps its connection again', {}, async ({ connect, clock }) => {
  let client = await connect();
  await write(client);
  clock.advance(10_000);
  for (let i = 0; i < 3; i++) {
    assert.equal(await write(client), 'close', 'the burst after a pause may end with any request');
    client = await connect();
    clock.advance(3000);
  }
  assert.notEqual(await write(client), 'close');
});

test('clients are told apart, and the one silent for longest is forgotten first', () => {
  const clients = new IdleClients(6000, 2);
  const pauses = { note: (client: string, nowMs: number) => clients.note([client], nowMs) };
  assert.deepEqual([pauses.note('a', 0), pauses.note('b', 0)], [false, false]);
  assert.deepEqual([pauses.note('b', 5000), pauses.note('a', 10_000), pauses.note('b', 10_000)], [false, true, false]);
  assert.equal(pauses.note('c', 10_000), false);
  assert.equal(pauses.note('a', 20_000), false, 'forgotten, so it begins anew');
  assert.equal(pauses.note('c', 30_000), true);
});

test('a client is all that it is known by, and where each part ends', () => {
  const clients = new IdleClients(6000, 10);
  for (const traits of [['ab', 'c'], ['a', 'bc'], ['', 'abc'], ['abc'], ['abc', '']]) assert.equal(clients.note(traits, 0), false);
  assert.equal(clients.note(['a', 'bc'], 10_000), true);
  assert.equal(clients.note(['a', 'bd'], 10_000), false);
});

test('C11: long paths and query strings, which anyone may send, are not kept', () => {
  const clients = new IdleClients(6000, 16_384);
  const heapBytes = (): number => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = heapBytes();
  for (let i = 0; i < 16_384; i++) clients.note(['', 'agent', '/write', `${i}`.padEnd(4096, 'x')], i);
  const bytes = heapBytes() - before;
  assert.equal(clients.note(['', 'agent', '/write', '5'.padEnd(4096, 'x')], 100_000), true, 'it is remembered all the same');
  assert.ok(bytes < 8 * 1024 * 1024, `${bytes} bytes are kept`);
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
  const second = await makeListener(kind, () => {}, { connectionsMax: 1, certificate: null }, { warn: assert.fail });
  await assert.rejects(second.listen('127.0.0.1', port), new RegExp(`cannot listen on 127.0.0.1:${port}`));
});

test('where uWebSockets.js does not load, node:http serves with one warning', async () => {
  const warnings: string[] = [];
  const listener = await makeListener('uws', (exchange) => exchange.answer({ status: 204, headers: [], body: '' }, true), { connectionsMax: 1, certificate: null }, {
    warn: (message) => warnings.push(message),
  }, () => Promise.reject(new Error('no addon for this platform\nmore words')));
  assert.equal(listener.constructor, makeNodeListener(() => {}, { connectionsMax: 1, certificate: null }).constructor);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /node:http serves instead.*no addon for this platform\)$/);
});

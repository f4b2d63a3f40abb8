import assert from 'node:assert/strict';
import { IDLE_LIMITS } from '../../src/http/listener/idle-clients.js';
import type { WriteOutcome } from '../../src/ingest/request.js';
import { onBoth, until } from './harness.js';
import type { Harness } from './harness.js';
import { chunks, LAST_CHUNK, post, postChunked } from './raw-client.js';
import type { RawClient } from './raw-client.js';

const TARGET = '/api/v3/write_lp?db=metrics';
const BLOCK_BYTES = 1024;
/** 16 blocks, of which 8 are the reserve. */
const SMALL = { memory: { queueBytesMax: 16 * BLOCK_BYTES, blockBytes: BLOCK_BYTES }, limits: { lowMemoryShare: 0.5 } };

/** Starts a chunked body and sends so many blocks of it; all but the last must find memory enough. */
async function begin({ connect, memory }: Harness, blocks: number): Promise<RawClient> {
  const client = await connect();
  await client.send(postChunked(TARGET));
  const free = memory.freeBlocks;
  await more(client, blocks);
  await until(() => memory.freeBlocks === free - blocks);
  return client;
}

function more(client: RawClient, blocks: number): Promise<void> {
  return client.send(chunks(Buffer.alloc(blocks * BLOCK_BYTES, 'a'), BLOCK_BYTES));
}

onBoth('while memory is short one body goes on and the others wait their turn', SMALL, async (harness) => {
  const { clock, memory, writer } = harness;
  const first = await begin(harness, 6);
  const second = await begin(harness, 4);
  const third = await begin(harness, 1);
  await until(() => clock.waiting === 1);
  await more(second, 1);
  await until(() => memory.freeBlocks === 4);
  // The second is favoured: it was the first to find the memory short. It ends, and its blocks end the shortage.
  await second.send(LAST_CHUNK);
  assert.equal((await second.answer()).status, 204);
  await until(() => clock.waiting === 0);
  await third.send(LAST_CHUNK);
  await first.send(LAST_CHUNK);
  assert.equal((await third.answer()).status, 204);
  assert.equal((await first.answer()).status, 204);
  assert.deepEqual(writer.writes.map((write) => write.bytes.length / BLOCK_BYTES), [5, 1, 6]);
  assert.equal(memory.freeBlocks, memory.blockCount);
});

onBoth('a client whose answers close its connection is told in the middle of its body that it is refused', { ...SMALL, idleLimits: IDLE_LIMITS }, async (harness) => {
  const { clock } = harness;
  const favoured = await begin(harness, 9);
  const waiting = await begin(harness, 1);
  await until(() => clock.waiting === 1);
  clock.advance(2000);
  assert.equal((await waiting.answer()).status, 503);
  await favoured.send(LAST_CHUNK);
  assert.equal((await favoured.answer()).status, 204);
});

onBoth('who waits for memory longer than 2 s gets 503 with Retry-After, and writes succeed again afterwards', SMALL, async (harness) => {
  const { clock, memory } = harness;
  const favoured = await begin(harness, 9);
  const waiting = await begin(harness, 1);
  await until(() => clock.waiting === 1);
  clock.advance(1999);
  assert.equal(memory.freeBlocks, 6);
  clock.advance(1);
  assert.equal(memory.freeBlocks, 7);
  const answer = await waiting.answer();
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('retry-after'), '1');
  assert.equal(JSON.parse(answer.body).code, 'overloaded');
  await favoured.send(LAST_CHUNK);
  assert.equal((await favoured.answer()).status, 204);
  // The refused client may end its body and send again on the same connection.
  await waiting.send(LAST_CHUNK);
  await waiting.send(post(TARGET, 'm a=1'));
  assert.equal((await waiting.answer()).status, 204);
  assert.equal(memory.freeBlocks, memory.blockCount);
});

onBoth('a body alone may use the whole memory; past it the answer is 503 at once', SMALL, async ({ connect, memory, writer }) => {
  const client = await connect();
  await client.send(post(TARGET, Buffer.alloc(16 * BLOCK_BYTES, 'a')));
  assert.equal((await client.answer()).status, 204);
  await client.send(post(TARGET, Buffer.alloc(16 * BLOCK_BYTES + 1, 'a')));
  assert.equal((await client.answer()).status, 503);
  await client.send(post(TARGET, 'm a=1'));
  assert.equal((await client.answer()).status, 204);
  assert.equal(writer.writes.length, 2);
  assert.equal(memory.freeBlocks, memory.blockCount);
});

onBoth('a waiting client that goes away leaves neither timer nor block once its wait is over', SMALL, async (harness) => {
  const { clock, memory } = harness;
  await begin(harness, 9);
  const waiting = await begin(harness, 1);
  await until(() => clock.waiting === 1);
  waiting.destroy();
  await waiting.closed;
  // A paused connection is not looked at, so its end shows when it is read again.
  clock.advance(2000);
  assert.equal(clock.waiting, 0);
  assert.equal(memory.freeBlocks, 7);
});

onBoth('blocks held by a write under way keep readers waiting until it is over', SMALL, async (harness) => {
  const { clock, memory, writer } = harness;
  const outcomes: ((outcome: WriteOutcome) => void)[] = [];
  writer.outcome = () => new Promise((resolve) => outcomes.push(resolve));
  const writing = await begin(harness, 9);
  await writing.send(LAST_CHUNK);
  await writer.came(1);
  const favoured = await begin(harness, 1);
  const waiting = await begin(harness, 1);
  await until(() => clock.waiting === 1);
  outcomes[0]!({ kind: 'stored' });
  assert.equal((await writing.answer()).status, 204);
  await until(() => clock.waiting === 0);
  for (const client of [favoured, waiting]) await client.send(LAST_CHUNK);
  await writer.came(3);
  outcomes.slice(1).forEach((resolve) => resolve({ kind: 'stored' }));
  assert.equal((await favoured.answer()).status, 204);
  assert.equal((await waiting.answer()).status, 204);
  assert.equal(memory.freeBlocks, memory.blockCount);
});

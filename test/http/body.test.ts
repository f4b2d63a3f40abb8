import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { onBoth, until } from './harness.js';
import { chunks, LAST_CHUNK, post, postChunked } from './raw-client.js';

const LINES = Buffer.from('cpu,host=a usage=1.5 1700000000000000000\n'.repeat(500));
const TARGET = '/api/v3/write_lp?db=metrics';

onBoth('a body with Content-Length arrives as sent and gets 204 without a body', {}, async ({ connect, writer, memory }) => {
  const client = await connect();
  await client.send(post(TARGET, LINES));
  const answer = await client.answer();
  assert.equal(answer.status, 204);
  assert.equal(answer.body, '');
  assert.equal(answer.headers.has('content-length'), false);
  assert.equal(answer.headers.has('transfer-encoding'), false);
  assert.deepEqual(writer.writes.map((write) => write.bytes), [LINES]);
  assert.equal(memory.freeBlocks, memory.blockCount);
});

for (const chunkBytes of [1, 240, 5000]) {
  onBoth(`a body in chunks of ${chunkBytes} bytes arrives as sent`, {}, async ({ connect, writer }) => {
    const client = await connect();
    await client.send(postChunked(TARGET));
    await client.send(chunks(LINES, chunkBytes));
    await client.send(LAST_CHUNK);
    assert.equal((await client.answer()).status, 204);
    assert.deepEqual(writer.writes[0]?.bytes, LINES);
  });
}

onBoth('gzip goes through unopened', {}, async ({ connect, writer }) => {
  const packed = gzipSync(LINES);
  const client = await connect();
  await client.send(post(TARGET, packed, ['Content-Encoding: gzip']));
  assert.equal((await client.answer()).status, 204);
  assert.deepEqual(writer.writes[0]?.bytes, packed);
  assert.equal(writer.writes[0]?.request.encoding, 1);
});

onBoth('requests one after another share a connection', {}, async ({ connect, writer }) => {
  const client = await connect();
  for (const line of ['m a=1', 'm a=2', 'm a=3']) {
    await client.send(post(TARGET, line));
    assert.equal((await client.answer()).status, 204);
  }
  assert.deepEqual(writer.writes.map((write) => write.bytes.toString()), ['m a=1', 'm a=2', 'm a=3']);
});

onBoth('pipelined requests are answered in order, or their connection ends; their memory is free', {}, async ({ connect, writer, memory }, kind) => {
  const releases: (() => void)[] = [];
  writer.outcome = () => new Promise((resolve) => releases.push(() => resolve({ kind: 'stored' })));
  const client = await connect();
  await client.send(Buffer.concat([post(TARGET, 'm a=1'), post(TARGET, 'm a=2')]));
  if (kind === 'uws') {
    await client.closed;
    releases[0]!();
  } else {
    await writer.came(2);
    releases.toReversed().forEach((release) => release());
    assert.equal((await client.answer()).status, 204);
    assert.equal((await client.answer()).status, 204);
    assert.deepEqual(writer.writes.map((write) => write.bytes.toString()), ['m a=1', 'm a=2']);
  }
  await until(() => memory.freeBlocks === memory.blockCount);
});

for (const headers of [[], ['Content-Encoding: gzip']]) {
  onBoth(`an empty body is 204 and never reaches the writer ${headers}`, {}, async ({ connect, writer }) => {
    const client = await connect();
    await client.send(post(TARGET, '', headers));
    assert.equal((await client.answer()).status, 204);
    await client.send(postChunked(TARGET, headers));
    await client.send(LAST_CHUNK);
    assert.equal((await client.answer()).status, 204);
    assert.equal(writer.writes.length, 0);
  });
}

onBoth('Expect: 100-continue is told to go on', {}, async ({ connect, writer }) => {
  const client = await connect();
  await client.send(`POST ${TARGET} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
  assert.equal((await client.answer()).status, 100);
  await client.send('m a=1');
  assert.equal((await client.answer()).status, 204);
  assert.equal(writer.writes[0]?.bytes.toString(), 'm a=1');
});

const SMALL_LIMIT = { limits: { bodyBytesMax: 10_000 } };

onBoth('a body of exactly the limit is taken', SMALL_LIMIT, async ({ connect, writer }) => {
  const client = await connect();
  await client.send(post(TARGET, Buffer.alloc(10_000, 'a')));
  assert.equal((await client.answer()).status, 204);
  await client.send(postChunked(TARGET));
  await client.send(Buffer.concat([chunks(Buffer.alloc(10_000, 'a'), 999), Buffer.from(LAST_CHUNK)]));
  assert.equal((await client.answer()).status, 204);
  assert.deepEqual(writer.writes.map((write) => write.bytes.length), [10_000, 10_000]);
});

onBoth('Content-Length over the limit is 413 at once, and the connection goes on', SMALL_LIMIT, async ({ connect, writer, memory }) => {
  const client = await connect();
  const request = post(TARGET, Buffer.alloc(10_001, 'a'));
  await client.send(request.subarray(0, 300));
  const answer = await client.answer();
  assert.equal(answer.status, 413);
  assert.match(JSON.parse(answer.body).error, /too large.*10001 bytes.*10000/);
  assert.equal(answer.headers.get('content-type'), 'application/json');
  await client.send(request.subarray(300));
  await client.send(post(TARGET, 'm a=1'));
  assert.equal((await client.answer()).status, 204);
  assert.deepEqual(writer.writes.map((write) => write.bytes.toString()), ['m a=1']);
  assert.equal(memory.freeBlocks, memory.blockCount);
});

onBoth('chunks past the limit are 413 before their end, and the connection goes on', SMALL_LIMIT, async ({ connect, writer, memory }) => {
  const client = await connect();
  await client.send(postChunked(TARGET));
  await client.send(chunks(Buffer.alloc(10_001, 'a'), 240));
  assert.equal((await client.answer()).status, 413);
  assert.equal(memory.freeBlocks, memory.blockCount);
  await client.send(chunks(Buffer.alloc(5000, 'a'), 240));
  await client.send(LAST_CHUNK);
  await client.send(post(TARGET, 'm a=1'));
  assert.equal((await client.answer()).status, 204);
  assert.equal(writer.writes.length, 1);
});

onBoth('a refusal that closes the connection waits for the end of the body', SMALL_LIMIT, async ({ connect }) => {
  const client = await connect();
  const body = Buffer.alloc(2_000_000, 'a');
  await client.send(post(TARGET, body, ['Connection: close']));
  assert.equal((await client.answer()).status, 413);
  await client.closed;
});

onBoth('a client that goes away in the middle of a body leaves no block behind', {}, async ({ connect, writer, memory }) => {
  const client = await connect();
  await client.send(postChunked(TARGET));
  await client.send(chunks(LINES, 240));
  await until(() => memory.freeBlocks < memory.blockCount);
  client.destroy();
  await until(() => memory.freeBlocks === memory.blockCount);
  assert.equal(writer.writes.length, 0);
});

onBoth('a client that goes away while its write is under way harms nothing', {}, async ({ connect, writer, memory, errors }) => {
  let release: () => void = () => {};
  writer.outcome = () => new Promise((resolve) => (release = () => resolve({ kind: 'stored' })));
  const gone = await connect();
  await gone.send(post(TARGET, 'm a=1'));
  await writer.came(1);
  gone.destroy();
  await gone.closed;
  const client = await connect();
  await client.send('GET /ping HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal((await client.answer()).status, 204);
  release();
  await until(() => memory.freeBlocks === memory.blockCount);
  assert.deepEqual(errors, []);
});

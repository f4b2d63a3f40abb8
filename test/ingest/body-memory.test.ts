import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyMemory } from '../../src/ingest/body-memory.js';
import type { Body } from '../../src/ingest/request.js';

const emptyBody = (): Body => ({ blocks: [], bytes: 0 });

function contentOf(memory: BodyMemory, body: Body): Buffer {
  const bytes = Buffer.alloc(body.bytes);
  memory.copyTo(body, bytes);
  return bytes;
}

test('a body appended in pieces of any size reads back whole', () => {
  const memory = new BodyMemory({ queueBytesMax: 160, blockBytes: 16 });
  const sent = Buffer.from(Array.from({ length: 100 }, (_, i) => i));
  for (const pieceBytes of [1, 7, 15, 16, 17, 33, 100]) {
    const body = emptyBody();
    for (let at = 0; at < sent.length; at += pieceBytes) assert.ok(memory.append(body, sent.subarray(at, at + pieceBytes)));
    assert.equal(body.bytes, 100);
    assert.equal(body.blocks.length, 7);
    assert.deepEqual(contentOf(memory, body), sent);
    memory.free(body.blocks);
    assert.equal(memory.freeBlocks, 10);
  }
});

test('a chunk that does not fit changes nothing', () => {
  const memory = new BodyMemory({ queueBytesMax: 64, blockBytes: 16 });
  const body = emptyBody();
  assert.ok(memory.append(body, Buffer.alloc(10, 'a')));
  assert.equal(memory.append(body, Buffer.alloc(55, 'b')), false);
  assert.deepEqual({ bytes: body.bytes, blocks: body.blocks.length, free: memory.freeBlocks }, { bytes: 10, blocks: 1, free: 3 });
  assert.ok(memory.append(body, Buffer.alloc(54, 'c')));
  assert.equal(contentOf(memory, body).toString(), 'a'.repeat(10) + 'c'.repeat(54));
  assert.equal(memory.take(), -1);
});

test('every block is given out once and bodies do not touch each other', () => {
  const memory = new BodyMemory({ queueBytesMax: 70, blockBytes: 16 });
  assert.equal(memory.blockCount, 4);
  const bodies = ['a', 'b', 'c', 'd'].map((letter) => {
    const body = emptyBody();
    assert.ok(memory.append(body, Buffer.alloc(16, letter)));
    return body;
  });
  assert.equal(new Set(bodies.flatMap((body) => body.blocks)).size, 4);
  assert.deepEqual(bodies.map((body) => contentOf(memory, body).toString()[0]), ['a', 'b', 'c', 'd']);
});

test('free tells its listener, and a second free of a block throws', () => {
  const memory = new BodyMemory({ queueBytesMax: 64, blockBytes: 16 });
  const seen: number[] = [];
  memory.onFree(() => seen.push(memory.freeBlocks));
  const blocks = [memory.take(), memory.take()];
  memory.free(blocks);
  assert.deepEqual(seen, [4]);
  assert.throws(() => memory.free(blocks.slice(0, 1)), /was not taken/);
  assert.throws(() => memory.free([4]), /block 4 .* was not taken/);
});

test('a memory without a single block is refused', () => {
  assert.throws(() => new BodyMemory({ queueBytesMax: 15, blockBytes: 16 }), /holds no block/);
});

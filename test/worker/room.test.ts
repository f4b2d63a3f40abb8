/** What a worker may take for the rows of a body beside what all others hold. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gauge, makeGauges } from '../../src/worker/gauges.js';
import { Room } from '../../src/worker/room.js';

const MiB = 1024 * 1024;

function bench(): { own: Gauge; other: Gauge; room: Room } {
  const gauges = makeGauges(3);
  const [own, other, dead] = [0, 1, 2].map((row) => new Gauge(gauges, row)) as [Gauge, Gauge, Gauge];
  own.begin();
  other.begin();
  // What a row without a slot says does not count.
  dead.heldBytes = 1024 * MiB;
  return { own, other, room: new Room(gauges, own, { rowBytesMax: 256 * MiB, linearBytesMax: 448 * MiB }) };
}

test('a body finds room beside what others hold and have reserved, until there is not enough', () => {
  const { own, other, room } = bench();
  const [few, more, all] = room.triesFor(6 * MiB);
  assert.deepEqual([few, more, all], [13 * MiB, 193 * MiB, 256 * MiB]);
  assert.equal(room.reserve(few!, few!), 13 * MiB);
  assert.equal(own.reservedBytes, 13 * MiB);
  room.release();
  assert.equal(own.reservedBytes, 0);
  other.reservedBytes = 190 * MiB;
  other.heldBytes = 55 * MiB;
  assert.equal(room.reserve(few!, few!), 0);
  assert.equal(own.reservedBytes, 0);
  assert.equal(room.reserve(10 * MiB, 10 * MiB), 10 * MiB);
  assert.equal(room.reserve(more!, 10 * MiB), 11 * MiB, 'what is left will do');
  assert.equal(room.reserve(more!, 12 * MiB), 0);
});

test('a body that is larger than the memory waits for three quarters of it, and takes the rest', () => {
  const { own, room } = bench();
  own.heldBytes = 64 * MiB;
  const [first] = room.triesFor(1024 * MiB);
  assert.equal(first, 256 * MiB);
  assert.equal(room.reserve(first!, first!), 192 * MiB);
  assert.ok(room.isMost(192 * MiB));
  own.heldBytes += 1;
  assert.equal(room.reserve(first!, first!), 0);
});

test('the first rows of an instance keep no room from others', () => {
  const { own, other, room } = bench();
  assert.equal(room.reserve(room.triesFor(33)[1]!, room.triesFor(33)[1]!), MiB + 32 * 33);
  other.heldBytes = 200 * MiB;
  assert.ok(own.reservedBytes < 2 * MiB);
});

test('linear memory counts as well, unless most of it is free', () => {
  const { own, other, room } = bench();
  other.linearBytes = 300 * MiB;
  own.linearBytes = 100 * MiB;
  assert.equal(room.reserve(120 * MiB, 120 * MiB), 0);
  assert.ok(room.reserve(20 * MiB, 20 * MiB) > 0);
  own.linearBytes = 1000 * MiB;
  assert.ok(room.reserve(120 * MiB, 120 * MiB) > 0);
});

test('[issue 13 B9] one worker takes no more than its instance can have, though all together may', () => {
  const gauges = makeGauges(1);
  const own = new Gauge(gauges, 0);
  own.begin();
  const room = new Room(gauges, own, { rowBytesMax: 8192 * MiB, linearBytesMax: 16384 * MiB });
  assert.equal(room.bytesMax, 1024 * MiB);
  assert.equal(room.triesFor(256 * MiB).at(-1), 1024 * MiB);
  own.heldBytes = 900 * MiB;
  assert.equal(room.reserve(300 * MiB, 100 * MiB), 124 * MiB);
  assert.equal(room.reserve(300 * MiB, 200 * MiB), 0);
  own.heldBytes = 1100 * MiB;
  assert.equal(room.reserve(MiB, MiB), 0);
});

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
  const reserved = room.reserve(60 * MiB);
  assert.ok(reserved > 100 * MiB && reserved < 130 * MiB);
  assert.equal(own.reservedBytes, reserved);
  room.release();
  assert.equal(own.reservedBytes, 0);
  other.reservedBytes = 100 * MiB;
  other.heldBytes = 50 * MiB;
  assert.equal(room.reserve(60 * MiB), 0);
  assert.equal(own.reservedBytes, 0);
  assert.ok(room.reserve(10 * MiB) > 0);
  assert.equal(room.reserveRest(), 106 * MiB);
  assert.ok(!room.isMost(106 * MiB));
});

test('a body that is larger than the memory waits for three quarters of it, and takes the rest', () => {
  const { own, room } = bench();
  own.heldBytes = 64 * MiB;
  assert.equal(room.reserve(1024 * MiB), 192 * MiB);
  assert.equal(room.reserveRest(), 192 * MiB);
  assert.ok(room.isMost(192 * MiB));
  own.heldBytes += 1;
  assert.equal(room.reserve(1024 * MiB), 0);
});

test('linear memory counts as well, unless most of it is free', () => {
  const { own, other, room } = bench();
  other.linearBytes = 300 * MiB;
  own.linearBytes = 100 * MiB;
  assert.equal(room.reserve(60 * MiB), 0);
  assert.ok(room.reserve(10 * MiB) > 0);
  own.linearBytes = 1000 * MiB;
  assert.ok(room.reserve(60 * MiB) > 0);
});

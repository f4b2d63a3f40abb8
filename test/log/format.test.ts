/** Frames, records and segment headers: what is written is read, and nothing else passes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RULE_GRAMMAR_1, RULE_SPLIT } from '../../assembly/layout/codes.js';
import { crc32 } from '../../src/crc.js';
import { decodeFrame, decodeTableIds, encodeFrame, frameBytes, type FrameHeader } from '../../src/log/frame.js';
import * as format from '../../src/log/segment.js';
import { Random } from '../fuzz/random.js';
import { frameHeader } from './harness.js';

const SEED = 4;

function randomHeader(random: Random): FrameHeader {
  const u64 = () => (BigInt(random.u32()) << 32n) | BigInt(random.u32());
  return {
    encoding: random.pick([0, 1] as const),
    precision: random.below(7),
    databaseId: random.u32(),
    inflatedBytes: random.u32(),
    slot: random.u32(),
    ordinal: random.u32(),
    defaultTime: BigInt.asIntN(64, u64()),
    accepted: random.u32(),
    rejected: random.u32(),
    checksum: u64(),
    rejectedRuns: Uint32Array.from({ length: random.below(5) * random.below(200) * 2 }, () => random.u32()),
    rules: random.below(256),
    tableIds: Array.from({ length: random.below(50) }, () => random.u32()),
  };
}

function encoded(header: FrameHeader): Buffer {
  const bytes = Buffer.alloc(frameBytes(header) + 16, 0xee);
  encodeFrame(header, bytes, 8);
  assert.equal(bytes.toString('hex', 0, 8), 'ee'.repeat(8));
  assert.equal(bytes.toString('hex', bytes.length - 8), 'ee'.repeat(8));
  return bytes.subarray(8, -8);
}

test('a frame header is read as it was written', () => {
  const random = new Random(SEED);
  for (let i = 0; i < 500; i += 1) {
    const header = randomHeader(random);
    const bytes = encoded(header);
    assert.deepEqual(decodeFrame(bytes), header);
    assert.deepEqual(decodeTableIds(bytes), header.tableIds);
  }
});

test('the bytes of a frame header stand where DESIGN.md says', () => {
  const bytes = encoded(frameHeader({
    encoding: 1, precision: 3, databaseId: 0x11, inflatedBytes: 0x22, slot: 0x33, ordinal: 0x44, defaultTime: -2n,
    accepted: 0x55, rejected: 0x66, checksum: 0x77n, rejectedRuns: Uint32Array.of(8, 9), rules: 0x28, tableIds: [10],
  }));
  assert.equal(bytes.toString('hex'), [
    '01010302', '11000000', '22000000', '33000000', 'feffffffffffffff', '55000000', '66000000', '7700000000000000',
    '01000000', '01000000', '44000000', '28', '00'.repeat(19), '0800000009000000', '0a000000',
  ].join(''));
});

test('a frame of grammar 1 is read as one, and its rules say so', () => {
  const bytes = encoded(frameHeader({ rules: RULE_SPLIT }));
  bytes[3] = 1;
  assert.equal(decodeFrame(bytes)!.rules, RULE_SPLIT | RULE_GRAMMAR_1);
  assert.deepEqual(encoded(decodeFrame(bytes)!), bytes);
});

test('bytes that are no frame of this version are refused', () => {
  const good = encoded(frameHeader({ rejectedRuns: Uint32Array.of(1, 2), tableIds: [3, 4] }));
  for (let length = 0; length < good.length; length += 1) assert.equal(decodeFrame(good.subarray(0, length)), null);
  assert.equal(decodeFrame(Buffer.concat([good, Buffer.alloc(4)])), null);
  for (const [at, value] of [[0, 2], [1, 2], [3, 3]] as const) {
    const other = Buffer.from(good);
    other[at] = value;
    assert.equal(decodeFrame(other), null);
  }
});

test('the bytes of a segment header and a record stand where DESIGN.md says', () => {
  const header = format.encodeSegmentHeader({ first: 1, node: '0a1b2c3d', processStart: 2, previous: 3, previousEnd: 4 });
  assert.equal(header.toString('hex', 0, 60), [
    Buffer.from('SLUICELG').toString('hex'), '03000000', '03000000', '000000000000f03f',
    Buffer.from('0a1b2c3d').toString('hex'), '0000000000000040', '0000000000000840', '0000000000001040', '00'.repeat(4),
  ].join(''));
  assert.equal(header.toString('hex', 60), 'dd91f4c6');
  assert.equal(
    record('a body', format.crcSeed(77)).toString('hex'),
    '534c534c01000000040000000600000000000000004053400293ac68b62b75a4464958446120626f6479000000000000',
  );
  assert.deepEqual(format.decodeSegmentHeader(header), { first: 1, node: '0a1b2c3d', processStart: 2, previous: 3, previousEnd: 4 });
});

test('a segment header with a number that a double does not hold exactly is damaged', () => {
  for (const wrong of [2 ** 53, NaN, Infinity, 1.5]) {
    const good = { first: 1, node: '0a1b2c3d', processStart: 2, previous: 0, previousEnd: 0 };
    for (const header of [{ ...good, first: wrong }, { ...good, previous: wrong }]) {
      assert.equal(format.decodeSegmentHeader(format.encodeSegmentHeader(header)), 'damaged');
    }
  }
});

test('a flipped bit of a segment header is seen, and a newer format is told from damage', () => {
  const header = format.encodeSegmentHeader({ first: 123, node: '0a1b2c3d', processStart: 2, previous: 0, previousEnd: 0 });
  for (let bit = 0; bit < header.length * 8; bit += 1) {
    const other = Buffer.from(header);
    other[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(format.decodeSegmentHeader(other), 'damaged', `bit ${bit}`);
  }
  header.writeUInt32LE(4, 12);
  header.writeUInt32LE(crc32(header.subarray(0, 60)), 60);
  assert.equal(format.decodeSegmentHeader(header), 'newer');
  header.writeUInt32LE(9, 8);
  header.writeUInt32LE(1, 12);
  header.writeUInt32LE(crc32(header.subarray(0, 60)), 60);
  assert.deepEqual(format.decodeSegmentHeader(header), { first: 123, node: '0a1b2c3d', processStart: 2, previous: 0, previousEnd: 0 }, 'a newer one that this program may read');
  header.writeUInt32LE(1, 8);
  header.writeUInt32LE(crc32(header.subarray(0, 60)), 60);
  assert.deepEqual(format.decodeSegmentHeader(header), { first: 123, node: '0a1b2c3d', processStart: 2, previous: null, previousEnd: 0 }, 'format 1 does not say');
});

function record(text: string, seed: number): Buffer {
  const payload = Buffer.from(text);
  const bytes = Buffer.alloc(format.recordBytes(4, payload.length), 0xee);
  bytes.write('FIXD', format.RECORD_HEADER_BYTES);
  payload.copy(bytes, format.RECORD_HEADER_BYTES + 4);
  format.finishRecord(bytes, 0, { kind: 1, seq: 77, fixedBytes: 4, payloadBytes: payload.length }, seed);
  return bytes;
}

test('a record is read as it was written, and with the seed of its segment alone', () => {
  const seed = format.crcSeed(77);
  for (let length = 0; length < 40; length += 1) {
    const bytes = record('x'.repeat(length), seed);
    assert.equal(bytes.length % 8, 0);
    const step = format.readRecord(bytes, 0, bytes.length, seed);
    assert.ok(step.is === 'record');
    assert.deepEqual(
      [step.kind, step.seq, step.fixed.toString(), step.payload.toString(), step.bytes],
      [1, 77, 'FIXD', 'x'.repeat(length), bytes.length],
    );
    assert.equal(format.readRecord(bytes, 0, bytes.length, format.crcSeed(78)).is, 'bad');
  }
});

test('no flipped bit of a record passes, its padding apart', () => {
  const seed = format.crcSeed(77);
  const good = record('a body', seed);
  for (let bit = 0; bit < (format.RECORD_HEADER_BYTES + 4 + 6) * 8; bit += 1) {
    const other = Buffer.from(good);
    other[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(format.readRecord(other, 0, other.length, seed).is, 'bad', `bit ${bit}`);
  }
});

test('a reader is told how much more of a record it needs', () => {
  const seed = format.crcSeed(77);
  const good = record('a body', seed);
  for (let length = 0; length < good.length; length += 1) {
    const window = good.subarray(0, length);
    assert.deepEqual(format.readRecord(window, 0, good.length, seed), {
      is: 'more', bytes: length < format.RECORD_HEADER_BYTES ? format.RECORD_HEADER_BYTES : good.length,
    });
    assert.deepEqual(format.readRecord(window, 0, length, seed), { is: 'bad', bytes: length });
  }
});

test('a record inside the body of a damaged record is not taken for one', () => {
  const seed = format.crcSeed(77);
  const inner = record('forged', seed);
  const payload = Buffer.concat([Buffer.alloc(4), inner]);
  const outer = Buffer.alloc(format.recordBytes(0, payload.length));
  payload.copy(outer, format.RECORD_HEADER_BYTES);
  format.finishRecord(outer, 0, { kind: 1, seq: 70, fixedBytes: 0, payloadBytes: payload.length }, seed);
  outer[format.RECORD_HEADER_BYTES]! ^= 1;
  assert.deepEqual(format.readRecord(outer, 0, outer.length, seed), { is: 'bad', bytes: outer.length });
});

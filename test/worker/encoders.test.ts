/** Snappy, DELTA_BINARY_PACKED and the RLE / bit-packed hybrid, each read back by other people's decoders and by our own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decompressSnappy } from 'hyparquet-compressors';
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js';
import { snappyUncompress } from 'hyparquet/src/snappy.js';
import { Random } from '../fuzz/random.js';
import { encoderModule, place, taken } from './encoder-module.js';

const module = encoderModule();
const { exports } = module;

function snappy(bytes: Uint8Array): Uint8Array {
  const source = place(module, bytes);
  const roomBytes = exports.snappyBytesMax(bytes.length);
  const out = exports.allocate(roomBytes) >>> 0;
  const length = exports.snappyCompress(source, bytes.length, out);
  assert.ok(length <= roomBytes, `${length} bytes were written into room for ${roomBytes}`);
  const compressed = taken(module, out, out + length);
  exports.release(source, bytes.length + 64);
  exports.release(out, roomBytes);
  return compressed;
}

function assertSnappyRoundTrip(bytes: Uint8Array, what: string): Uint8Array {
  const compressed = snappy(bytes);
  const byHyparquet = new Uint8Array(bytes.length);
  snappyUncompress(compressed, byHyparquet);
  assert.ok(Buffer.compare(byHyparquet, bytes) === 0, `${what}: hyparquet reads it otherwise`);
  if (bytes.length > 0) {
    assert.ok(Buffer.compare(decompressSnappy(compressed, bytes.length), bytes) === 0, `${what}: hysnappy reads it otherwise`);
  }
  assert.ok(Buffer.compare(unpacked(compressed, bytes.length)!, bytes) === 0, `${what}: our own reads it otherwise`);
  return compressed;
}

/** By our own decoder; null when it refuses. */
function unpacked(compressed: Uint8Array, length: number): Uint8Array | null {
  const source = place(module, compressed);
  const out = exports.allocate(length + 64) >>> 0;
  const isWhole = exports.snappyUncompress(source, compressed.length, out, length) !== 0;
  const bytes = isWhole ? taken(module, out, out + length) : null;
  exports.release(source, compressed.length + 64);
  exports.release(out, length + 64);
  return bytes;
}

/** Bytes between noise and repetition: pieces of fresh noise, of a small alphabet, and of what came before. */
function mixedBytes(random: Random, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const piece = 1 + random.below(random.pick([4, 20, 100, 3000]));
    const how = random.below(3);
    const distance = 1 + random.below(Math.max(at, 1));
    for (const end = Math.min(at + piece, length); at < end; at++) {
      bytes[at] = how === 0 ? random.u32() : how === 1 ? random.below(3) : (bytes[at - distance] ?? 0);
    }
  }
  return bytes;
}

test('snappy: empty, short, constant and noisy inputs round trip', () => {
  const random = new Random(1);
  for (const length of [0, 1, 2, 14, 15, 16, 17, 59, 60, 61, 64, 255, 256, 257, 65_535, 65_536, 65_537, 200_000]) {
    assertSnappyRoundTrip(new Uint8Array(length).fill(7), `${length} equal bytes`);
    assertSnappyRoundTrip(Uint8Array.from({ length }, () => random.u32()), `${length} random bytes`);
  }
});

test('snappy: copies of every length and distance round trip', () => {
  const random = new Random(2);
  for (let length = 4; length < 140; length++) {
    for (const distance of [1, 3, 8, 100, 2047, 2048, 40_000]) {
      const noise = Uint8Array.from({ length: Math.max(distance, length) + 20 }, () => random.u32());
      assertSnappyRoundTrip(Buffer.concat([noise, noise.subarray(noise.length - distance).subarray(0, length), Buffer.from('end')]), `copy of ${length} at ${distance}`);
    }
  }
});

test('snappy: mixed inputs round trip', () => {
  const random = new Random(3);
  for (let i = 0; i < 300; i++) assertSnappyRoundTrip(mixedBytes(random, random.below(i < 280 ? 5000 : 300_000)), `mixed input ${i}`);
});

test('[issue 14 2] snappy: streams by another encoder\'s rules, and streams that are none', () => {
  const text = (...bytes: number[]): string | null => {
    const out = unpacked(Uint8Array.from(bytes), bytes[0]!);
    return out === null ? null : Buffer.from(out).toString('latin1');
  };
  const abc = [0x08, 0x61, 0x62, 0x63]; // a literal of three
  assert.equal(text(3, ...abc), 'abc');
  assert.equal(text(10, ...abc, 0x01 | (3 << 2), 3), 'abcabcabca');
  assert.equal(text(9, ...abc, 0x02 | (5 << 2), 1, 0), 'abccccccc');
  assert.equal(text(8, ...abc, 0x03 | (4 << 2), 2, 0, 0, 0), 'abcbcbcb');
  assert.equal(text(3, 60 << 2, 2, 0x61, 0x62, 0x63), 'abc');
  assert.equal(text(3, 63 << 2, 2, 0, 0, 0, 0x61, 0x62, 0x63), 'abc');
  assert.equal(text(0), '');
  for (const wrong of [[4, ...abc], [2, ...abc], [3, 0x08, 0x61, 0x62], [10, ...abc, 0x01 | (3 << 2), 4], [10, ...abc, 0x01 | (3 << 2), 0], [10, ...abc, 0x01 | (3 << 2)],
    [3, 63 << 2, 0xff, 0xff, 0xff, 0xff, 0x61], [9, ...abc, 0x01 | (3 << 2), 3], [3, 63 << 2, 2, 0]]) {
    assert.equal(text(...wrong), null, String(wrong));
  }
});

test('snappy: repetition shrinks and noise hardly grows', () => {
  const random = new Random(4);
  const text = Buffer.from('host=server01,region=eu-west '.repeat(10_000));
  assert.ok(snappy(text).length < text.length / 15);
  const noise = Uint8Array.from({ length: 300_000 }, () => random.u32());
  assert.ok(snappy(noise).length < noise.length + 100);
});

function readerOf(bytes: Uint8Array): { view: DataView; offset: number } {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 };
}

function assertDeltaRoundTrip(values: readonly bigint[], what: string): number {
  const at = place(module, new Uint8Array(BigInt64Array.from(values).buffer));
  const roomBytes = exports.deltaBytesMax(values.length);
  const out = exports.allocate(roomBytes) >>> 0;
  const end = exports.writeDelta(at, values.length, out) >>> 0;
  assert.ok(end - out <= roomBytes, `${what}: ${end - out} bytes in room for ${roomBytes}`);
  const bytes = taken(module, out, end);
  // hyparquet reads whole words: give it some bytes beyond.
  const reader = readerOf(Buffer.concat([bytes, Buffer.alloc(8)]));
  const decoded = new BigInt64Array(values.length);
  if (values.length > 0) deltaBinaryUnpack(reader, values.length, decoded);
  assert.deepEqual([...decoded], values, what);
  assert.equal(exports.readDelta(out, end, values.length, at) >>> 0, end, what);
  assert.deepEqual([...new BigInt64Array(module.memory.buffer, at, values.length)], values, `${what}, by our own`);
  assert.equal(exports.readDelta(out, end - 1, values.length, at), 0, `${what}, cut`);
  assert.equal(exports.readDelta(out, end, values.length + 1, at), 0, `${what}, one more`);
  exports.release(at, values.length * 8 + 64);
  exports.release(out, roomBytes);
  return bytes.length;
}

const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;

test('delta: counts around blocks and miniblocks round trip', () => {
  const random = new Random(5);
  for (const count of [1, 2, 31, 32, 33, 34, 64, 65, 97, 127, 128, 129, 130, 160, 161, 256, 257, 258, 1000]) {
    for (let bits = 0; bits <= 64; bits++) {
      const values = Array.from({ length: count }, () => BigInt.asIntN(64, randomBits(random, bits)));
      assertDeltaRoundTrip(values, `${count} values of ${bits} bits`);
    }
  }
});

test('delta: differences that overflow 64 bits round trip', () => {
  const random = new Random(6);
  const edges = [I64_MIN, I64_MIN + 1n, -1n, 0n, 1n, I64_MAX - 1n, I64_MAX];
  assertDeltaRoundTrip([I64_MAX, I64_MIN, I64_MAX, I64_MIN], 'to and fro');
  assertDeltaRoundTrip([0n, I64_MIN, 0n, I64_MIN, I64_MAX], 'halfway');
  for (let i = 0; i < 200; i++) {
    const values = Array.from({ length: 1 + random.below(400) }, () => random.pick(edges));
    assertDeltaRoundTrip(values, `edges ${i}`);
  }
});

test('delta: an even row costs next to nothing', () => {
  const values = Array.from({ length: 10_000 }, (_, i) => 1_700_000_000_000_000n + 10_000_000n * BigInt(i));
  assert.ok(assertDeltaRoundTrip(values, 'even') < 1000);
});

function randomBits(random: Random, bits: number): bigint {
  return BigInt.asUintN(bits, (BigInt(random.u32()) << 32n) | BigInt(random.u32()));
}

// hyparquet reads up to 24 bits; a dictionary of a row group needs 17.
test('hybrid: runs, groups and mixtures of every width round trip', () => {
  const random = new Random(7);
  for (let width = 1; width <= 24; width++) {
    for (let i = 0; i < 20; i++) {
      const values: number[] = [];
      const length = 1 + random.below(i < 15 ? 100 : 3000);
      while (values.length < length) {
        const run = random.chance(0.4) ? 1 : 1 + random.below(random.pick([8, 20, 200]));
        const value = Number(randomBits(random, width));
        for (let left = Math.min(run, length - values.length); left > 0; left--) values.push(value);
      }
      assertHybridRoundTrip(values, width);
    }
  }
});

test('hybrid: what fills up the last group is zero, whatever stood in memory', () => {
  const at = place(module, new Uint8Array(64).fill(0xff));
  const out = exports.allocate(256) >>> 0;
  new Uint32Array(module.memory.buffer, at, 3).set([1, 2, 3]);
  const end = exports.writeHybrid(at, 3, 8, out) >>> 0;
  assert.deepEqual([...taken(module, out, end)], [3, 1, 2, 3, 0, 0, 0, 0, 0]);
});

function assertHybridRoundTrip(values: readonly number[], width: number): void {
  const at = place(module, new Uint8Array(Uint32Array.from(values).buffer));
  const roomBytes = exports.hybridBytesMax(values.length, width);
  const out = exports.allocate(roomBytes) >>> 0;
  const end = exports.writeHybrid(at, values.length, width, out) >>> 0;
  assert.ok(end - out <= roomBytes, `${end - out} bytes in room for ${roomBytes}`);
  const bytes = taken(module, out, end);
  const decoded = Array.from({ length: values.length }, () => 0);
  readRleBitPackedHybrid(readerOf(bytes), width, decoded, bytes.length);
  assert.deepEqual(decoded.map((value) => value >>> 0), values);
  assert.equal(exports.readHybrid(out, end, width, values.length, at) >>> 0, end);
  assert.deepEqual([...new Uint32Array(module.memory.buffer, at, values.length)], values);
  assert.equal(exports.readHybrid(out, end - 1, width, values.length, at), 0);
  exports.release(at, values.length * 4 + 64);
  exports.release(out, roomBytes);
}

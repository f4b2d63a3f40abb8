/**
 * Unpacking costs a multiple of the bytes, packed and unpacked, however they are packed: counted in loads and stores. bench/inflate.ts
 * tells what it costs beside node:zlib.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { gunzip, packedView } from '../../src/worker/unpack/gunzip.js';
import type { Build } from './builds.js';
import { CountedParser } from './counted.js';
import { HOSTILE_STREAMS, type HostileStream, ORDINARY_STREAM } from './hostile-streams.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const SIZES = [32 * KiB, 128 * KiB] as const;
/** Loads and stores a byte: a block without symbols has tables all the same. Of these node:zlib takes as long, or longer. */
const COST_MAX = 120;
/** Of the cost a byte of the smaller stream. */
const GROWTH_MAX = 1.1;

function costOf(build: Build, stream: HostileStream, bytes: number): number {
  const parser = new CountedParser(build);
  const packed = stream.make(bytes);
  packedView(parser, packed.length).set(packed);
  const before = parser.accesses();
  const unpacked = gunzip(parser, packed.length, 64 * MiB);
  const accesses = parser.accesses() - before;
  const text = gunzipSync(packed);
  assert.ok(Buffer.from(parser.memory.buffer, parser.exports.input(0) >>> 0, unpacked).equals(text), stream.name);
  return accesses / (packed.length + unpacked);
}

for (const build of ['simd', 'scalar'] as const) {
  test(`${build}: streams of many blocks or members cost as much a byte when they are longer`, (t) => {
    const ordinary = costOf(build, ORDINARY_STREAM, SIZES[1]);
    const faults = HOSTILE_STREAMS.flatMap((stream) => {
      const [small, large] = SIZES.map((bytes) => costOf(build, stream, bytes)) as [number, number];
      const says = `${stream.name}: ${small.toFixed(1)}, then ${large.toFixed(1)} loads and stores a byte, of ordinary lines ${ordinary.toFixed(1)}`;
      t.diagnostic(says);
      return large > COST_MAX || large > GROWTH_MAX * small ? [says] : [];
    });
    assert.deepEqual(faults, []);
  });
}

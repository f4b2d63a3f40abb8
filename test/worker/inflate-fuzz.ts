/** Our inflate beside node:zlib: packed bodies of every kind, whole and broken, must come to the same. */
import { constants, crc32, deflateRawSync, gzipSync, inflateRawSync, type ZlibOptions } from 'node:zlib';
import { INFLATE_CORRUPT, INFLATE_TRUNCATED, INFLATE_ENDED } from '../../assembly/layout/inflate.js';
import { InflateError } from '../../src/worker/unpack/inflate.js';
import { unpackBy, type Unpack } from '../../src/worker/unpack/unpack.js';
import type { WasmParser } from '../../src/worker/wasm/wasm.js';
import type { Random } from '../fuzz/random.js';
import type { Adoption } from '../../src/worker/protocol.js';
import type { Build } from './builds.js';
import { randomDeflate } from './deflate-writer.js';
import { ParserSession } from './parser-session.js';

const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
const BYTES_MAX = 1 << 20;
/** More than any stream here comes to. */
const STREAM_BYTES_MAX = 32 << 20;

/** What a body came to: its bytes, or the problem. */
type Result = Buffer | InflateError['problem'];

/** Unpacks into a parser of its own. */
export function unpacker(way: Adoption['inflate'], build: Build = 'simd'): (packed: Uint8Array, bytesMax: number) => Result {
  const { parser } = new ParserSession({}, build);
  const unpack: Unpack = unpackBy(way);
  return (packed, bytesMax) => {
    const body = { bytes: packed.length, copyTo: (target: Uint8Array) => target.set(packed), gather: () => packed };
    try {
      const bytes = unpack(parser, body, bytesMax);
      return Buffer.from(new Uint8Array(parser.memory.buffer, parser.exports.input(0) >>> 0, bytes));
    } catch (error) {
      if (error instanceof InflateError) return error.problem;
      throw error;
    }
  };
}

const KINDS: Readonly<Record<string, (random: Random) => Buffer>> = {
  empty: () => Buffer.alloc(0),
  zeros: (random) => Buffer.alloc(random.below(200_000)),
  noise: (random) => Buffer.from(Array.from({ length: random.below(20_000) }, () => random.below(256))),
  lines: (random) => Buffer.from(Array.from({ length: random.below(400) }, (_, i) => `cpu,host=h${i % 7} usage=${random.u32() / 1e4},free=${random.below(1000)}i ${1_700_000_000 + i}000000000\n`).join('')),
  period: (random) => Buffer.alloc(random.below(5000), Buffer.from(Array.from({ length: 1 + random.below(40) }, () => random.below(256)))),
  skewed: (random) => Buffer.from(Array.from({ length: random.below(60_000) }, () => Math.floor(random.below(256) ** 3 / 65_536))),
};

/** A gzip member of some text, packed in some way. */
function packedMember(random: Random): Buffer {
  const text = random.pick(Object.values(KINDS))(random);
  const options = randomOptions(random);
  if (random.chance(0.5)) return gzipSync(text, options);
  // Flushed in between: blocks of no bytes, bytes of no block.
  const half = random.below(text.length + 1);
  const flushed = deflateRawSync(text.subarray(0, half), { ...options, finishFlush: random.pick([constants.Z_SYNC_FLUSH, constants.Z_FULL_FLUSH]) });
  return framed(random, Buffer.concat([flushed, deflateRawSync(text.subarray(half), options)]), text);
}

function randomOptions(random: Random): ZlibOptions {
  return {
    level: random.below(10), memLevel: 1 + random.below(9), windowBits: 9 + random.below(7),
    strategy: random.pick([constants.Z_DEFAULT_STRATEGY, constants.Z_FILTERED, constants.Z_HUFFMAN_ONLY, constants.Z_RLE, constants.Z_FIXED]),
  };
}

/** A deflate stream between a header with any optional parts and a trailer. */
function framed(random: Random, stream: Buffer, text: Buffer): Buffer {
  const flags = random.chance(0.5) ? 0 : random.below(32);
  const header = Buffer.from(HEADER);
  header[3] = flags;
  const parts = [header];
  if ((flags & 4) !== 0) parts.push(Buffer.from([3, 0, 1, 2, 3]));
  if ((flags & 8) !== 0) parts.push(Buffer.from('name\0'));
  if ((flags & 16) !== 0) parts.push(Buffer.from('a comment\0'));
  if ((flags & 2) !== 0) {
    const check = Buffer.alloc(2);
    check.writeUInt16LE(crc32(Buffer.concat(parts)) & 0xffff);
    parts.push(check);
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(text), 0);
  trailer.writeUInt32LE(text.length, 4);
  return Buffer.concat([...parts, stream, trailer]);
}

/** A member of random codes; when node:zlib does not take it, with a trailer of zeros. */
function writtenMember(random: Random): Buffer {
  const stream = randomDeflate(random, random.chance(0.5));
  let text = Buffer.alloc(0);
  try {
    text = inflateRawSync(stream);
  } catch {
    // It is one of the sloppy ones: both must refuse it.
  }
  return framed(random, stream, text);
}

/** Ways to break a packed body. */
const BREAKS: readonly ((random: Random, packed: Buffer) => Buffer)[] = [
  (random, packed) => packed.subarray(0, random.below(packed.length + 1)),
  (random, packed) => {
    const broken = Buffer.from(packed);
    for (let i = 1 + random.below(3); i > 0; i -= 1) broken[random.below(broken.length)]! ^= 1 << random.below(8);
    return broken;
  },
  (random, packed) => {
    const broken = Buffer.from(packed);
    const at = random.below(Math.min(broken.length, 120));
    broken[at] = random.below(256);
    return broken;
  },
  (random, packed) => Buffer.concat([packed, Buffer.from(Array.from({ length: 1 + random.below(20) }, () => random.pick([0, 0x1f, 0x8b, 8, random.below(256)])))]),
  (random, packed) => Buffer.concat([packed.subarray(0, random.below(packed.length)), packed]),
];

export interface Case {
  readonly packed: Buffer;
  readonly isBroken: boolean;
}

export function randomCase(random: Random): Case {
  const members = Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, () => (random.chance(0.4) ? writtenMember(random) : packedMember(random)));
  const whole = Buffer.concat(members);
  const isBroken = random.chance(0.5);
  return { packed: isBroken ? random.pick(BREAKS)(random, whole) : whole, isBroken };
}

/** Compares both on a case, with room enough and with caps about its size; returns a sentence when they differ. */
export function difference({ packed, isBroken }: Case, ours: ReturnType<typeof unpacker>, theirs: ReturnType<typeof unpacker>): string | null {
  const expected = theirs(packed, BYTES_MAX);
  const caps = [BYTES_MAX, ...(typeof expected === 'string' ? [] : [expected.length - 1, expected.length, expected.length + 1].filter((cap) => cap > 0))];
  for (const cap of caps) {
    const [left, right] = [ours(packed, cap), theirs(packed, cap)];
    const isSame = typeof left === 'string' || typeof right === 'string' ? left === right || (isBroken && typeof left === typeof right) : left.equals(right);
    if (!isSame) return `cap ${cap}: ours ${sentence(left)}, node:zlib ${sentence(right)}, packed ${packed.toString('base64')}`;
  }
  return null;
}

/** Bytes with the head of a block of described codes before them now and then: most of it is noise to a decoder. */
function noise(random: Random): Buffer {
  const bytes = Buffer.from(Array.from({ length: random.below(400) }, () => random.below(256)));
  if (bytes.length > 0 && random.chance(0.8)) bytes[0] = (bytes[0]! & ~7) | 4 | random.below(2);
  return bytes;
}

/** A deflate stream without the CRC that hides mistakes: of random codes or of zlib, whole, broken, or two spliced. */
export function randomStream(random: Random): Buffer {
  if (random.chance(0.05)) return noise(random);
  const stream = packedStream(random);
  if (random.chance(0.5)) return stream;
  if (random.chance(0.3)) return Buffer.concat([stream.subarray(0, random.below(stream.length + 1)), packedStream(random)]);
  return random.pick(BREAKS)(random, stream);
}

function packedStream(random: Random): Buffer {
  if (random.chance(0.6)) return randomDeflate(random, random.chance(0.7));
  return deflateRawSync(random.pick(Object.values(KINDS))(random), randomOptions(random));
}

/** What node:zlib makes of a stream, and how many of its bytes it takes; null: it refuses it. */
export function inflatedByZlib(stream: Buffer): { readonly text: Buffer; readonly used: number } | null {
  try {
    // What stands there by mistake may end it early.
    const { buffer, engine } = inflateRawSync(stream, { info: true }) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
    return { text: buffer, used: engine.bytesWritten };
  } catch {
    return null;
  }
}

/**
 * A stream alone, behind some bytes that it may not refer to.
 * @returns a sentence when ours differs from node:zlib
 */
export function streamDifference(random: Random, { exports, memory }: WasmParser): string | null {
  const stream = randomStream(random);
  const before = random.pick([0, 1, 1000]);
  const packedAt = exports.packed(stream.length) >>> 0;
  new Uint8Array(memory.buffer, packedAt, stream.length).set(stream);
  exports.input(before);
  const status = exports.inflate(0, stream.length, before, random.pick([0, 4096, BYTES_MAX]), STREAM_BYTES_MAX);
  const expected = inflatedByZlib(stream);
  if (expected === null) {
    return status === INFLATE_CORRUPT || status === INFLATE_TRUNCATED ? null : `status ${status} of a bad stream, ${stream.toString('base64')}`;
  }
  const end = exports.inflatedBytes() >>> 0;
  const ours = Buffer.from(memory.buffer, (exports.input(0) >>> 0) + before, end - before);
  const isSame = status === INFLATE_ENDED && ours.equals(expected.text) && exports.inflatedTo() >>> 0 === expected.used;
  return isSame ? null : `status ${status}, ${ours.length} bytes, expected ${expected.text.length}, ${stream.toString('base64')}`;
}

function sentence(result: Result): string {
  return typeof result === 'string' ? result : `${result.length} bytes`;
}

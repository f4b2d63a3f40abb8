/**
 * Pages of a column as our own encoder might have written them, made of values: so another writer's rows take the way into a
 * memtable that those of ours take, with its checks. They are short-lived: what is simple is chosen, not what is small.
 */
import {
  ENCODING_DELTA_BINARY_PACKED, ENCODING_DELTA_LENGTH_BYTE_ARRAY, ENCODING_PLAIN, ENCODING_RLE, ENCODING_RLE_DICTIONARY,
} from '../../../assembly/layout/flush.js';

/** What stands in a page, not compressed. */
export interface MadePage {
  readonly encoding: number;
  readonly raw: Buffer;
}

const LONG_LITERAL = 63 << 2;
const BLOCK_VALUES = 128;
const MINIBLOCKS = 4;
const MINIBLOCK_VALUES = BLOCK_VALUES / MINIBLOCKS;
const WORD_BITS = 64;
const INDEX_BITS = 32;
const SHORT_BYTES = 32;

/** Bytes as Snappy has them that compresses nothing. */
export function asSnappy(raw: Uint8Array): Buffer {
  if (raw.length === 0) return varint(0n);
  const head = Buffer.alloc(5);
  head[0] = LONG_LITERAL;
  head.writeUInt32LE(raw.length - 1, 1);
  return Buffer.concat([varint(BigInt(raw.length)), head, raw]);
}

/** The page of an optional column. @param rows null: one without a value @param areAll all have one @param values of those that have; null: there are none */
export function optionalPage(rows: readonly unknown[], areAll: boolean, values: MadePage | null): MadePage {
  const levels = areAll ? Buffer.concat([varint(BigInt(rows.length) << 1n), Buffer.of(1)]) : bitsOf(rows.map((row) => row !== null));
  return { encoding: values?.encoding ?? ENCODING_PLAIN, raw: Buffer.concat([lengthOf(levels), levels, values?.raw ?? Buffer.alloc(0)]) };
}

export function wholeNumbers(values: BigInt64Array): MadePage {
  return { encoding: ENCODING_DELTA_BINARY_PACKED, raw: packed(values) };
}

/** Numbers and decimals, in the bytes that they have in a file. */
export function plainValues(raw: Buffer): MadePage {
  return { encoding: ENCODING_PLAIN, raw };
}

export function flags(values: readonly boolean[]): MadePage {
  const bits = bitsOf(values);
  return { encoding: ENCODING_RLE, raw: Buffer.concat([lengthOf(bits), bits]) };
}

export function texts(values: readonly Uint8Array[]): MadePage {
  const lengths = packedLengths(values);
  const raw = Buffer.allocUnsafe(values.reduce((sum, { length }) => sum + length, lengths.length));
  raw.set(lengths);
  let at = lengths.length;
  for (const value of values) {
    // A call costs more than a short text.
    if (value.length > SHORT_BYTES) raw.set(value, at);
    else for (let i = 0; i < value.length; i += 1) raw[at + i] = value[i]!;
    at += value.length;
  }
  return { encoding: ENCODING_DELTA_LENGTH_BYTE_ARRAY, raw };
}

/** Places in the dictionary of the chunk. */
export function indices(values: Uint32Array): MadePage {
  const groups = Math.ceil(values.length / 8);
  const padded = new Uint32Array(groups * 8);
  padded.set(values);
  return { encoding: ENCODING_RLE_DICTIONARY, raw: Buffer.concat([Buffer.of(INDEX_BITS), varint((BigInt(groups) << 1n) | 1n), bytesOf(padded)]) };
}

function packed(values: BigInt64Array): Buffer {
  const deltas = noDeltas(values.length);
  for (let i = 1; i < values.length; i += 1) deltas[i - 1] = values[i]! - values[i - 1]!;
  return packedDeltas(values[0] ?? 0n, values.length, deltas);
}

/** The same of the lengths of texts, each difference as two words. */
function packedLengths(values: readonly Uint8Array[]): Buffer {
  const deltas = noDeltas(values.length);
  const words = new Int32Array(deltas.buffer);
  for (let i = 1; i < values.length; i += 1) {
    const delta = values[i]!.length - values[i - 1]!.length;
    words[2 * i - 2] = delta;
    words[2 * i - 1] = delta >> 31;
  }
  return packedDeltas(BigInt(values[0]?.length ?? 0), values.length, deltas);
}

/** In whole miniblocks. */
function noDeltas(count: number): BigInt64Array {
  return new BigInt64Array(Math.ceil(Math.max(0, count - 1) / MINIBLOCK_VALUES) * MINIBLOCK_VALUES);
}

/** DELTA_BINARY_PACKED, each difference in 64 bits. */
function packedDeltas(first: bigint, count: number, deltas: BigInt64Array): Buffer {
  const head = [varint(BigInt(BLOCK_VALUES)), varint(BigInt(MINIBLOCKS)), varint(BigInt(count)), varint(BigInt.asUintN(WORD_BITS, (first << 1n) ^ (first >> 63n)))];
  // The least difference is said to be 0.
  const blockHead = Buffer.of(0, ...Array.from({ length: MINIBLOCKS }, () => WORD_BITS));
  const blocks = Array.from({ length: Math.ceil(deltas.length / BLOCK_VALUES) }, (_, at) => [blockHead, bytesOf(deltas.subarray(at * BLOCK_VALUES, (at + 1) * BLOCK_VALUES))]);
  return Buffer.concat([...head, ...blocks.flat()]);
}

/** The hybrid at width 1, packed. */
function bitsOf(values: readonly boolean[]): Buffer {
  const groups = Math.ceil(values.length / 8);
  const bits = Buffer.alloc(groups);
  for (let i = 0; i < values.length; i += 1) if (values[i]) bits[i >> 3]! |= 1 << (i & 7);
  return Buffer.concat([varint((BigInt(groups) << 1n) | 1n), bits]);
}

function lengthOf(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return length;
}

export function bytesOf(values: BigInt64Array | Uint32Array | Float64Array | Int32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80n; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
  return Buffer.of(...bytes, Number(value));
}

/** The checksum of accepted rows, after the definition in assembly/parse/checksum.ts and not after its code. */
import { KIND_BOOL, KIND_F64, KIND_I64, KIND_STRING, KIND_TAG, KIND_U64 } from '../../assembly/layout/codes.js';
import type { FieldType, Point } from '../../src/worker/wasm/dump.js';

const A = 0x9e6c63d0876a9a47n;
const B = 0x2545f4914f6cdd1dn;
const C = 0xd6e8feb86659fd93n;
const KINDS: Record<FieldType | 'tag', number> = { tag: KIND_TAG, f64: KIND_F64, i64: KIND_I64, u64: KIND_U64, bool: KIND_BOOL, string: KIND_STRING };

const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotate = (value: bigint, bits: bigint): bigint => wrap(value << bits) | (value >> (64n - bits));

/** Of a name or text. */
export function hash(text: string): bigint {
  const bytes = Buffer.from(text);
  let h = wrap(BigInt(bytes.length) * C + B);
  for (let at = 0; at < bytes.length; at += 8) {
    const word = bytes.subarray(at, at + 8).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
    h = wrap((h ^ word) * A);
    h ^= h >> 29n;
  }
  h = wrap((h ^ (h >> 32n)) * C);
  return h ^ (h >> 29n);
}

function cell(keyHash: bigint, kind: number, bits: bigint): bigint {
  const c = wrap(wrap((keyHash + BigInt(kind) * B) ^ rotate(bits, 32n)) * A);
  return c ^ (c >> 32n);
}

function bitsOf(kind: FieldType | 'tag', value: string): bigint {
  switch (kind) {
    case 'tag':
    case 'string': return hash(value);
    case 'bool': return value === 'true' ? 1n : 0n;
    case 'f64': return BigInt(`0x${value}`);
    default: return wrap(BigInt(value));
  }
}

/** The checksum of rows that are told cell by cell, in the line's order. */
export class RowChecksum {
  readonly #hashes = new Map<string, bigint>();
  #row = 0n;
  /** That of the rows so far. */
  value = 0n;

  beginRow(measurement: string): void {
    this.#row = this.#nameHash(measurement);
  }

  /** @param value as points have it: 16 hex digits of a float, decimal, true or false, or the text */
  cell(key: string, kind: FieldType | 'tag', value: string): void {
    this.#fold(cell(this.#nameHash(key), KINDS[kind], bitsOf(kind, value)));
  }

  endRow(timeNs: bigint): void {
    this.#fold(cell(0n, 0, wrap(timeNs)));
    const s = wrap((this.value ^ this.#row) * C);
    this.value = s ^ (s >> 29n);
  }

  #fold(cell: bigint): void {
    this.#row = wrap(rotate(this.#row, 7n) + cell);
  }

  /** Names come again and again. */
  #nameHash(name: string): bigint {
    let known = this.#hashes.get(name);
    if (known === undefined) this.#hashes.set(name, (known = hash(name)));
    return known;
  }
}

/** Of points in line order; those without a timestamp have the default time. */
export function checksumOf(points: readonly Point[], defaultTime: bigint): bigint {
  const sum = new RowChecksum();
  for (const { measurement, tags, fields, timestamp } of points) {
    sum.beginRow(measurement);
    for (const [key, value] of tags) sum.cell(key, 'tag', value);
    for (const [key, type, value] of fields) sum.cell(key, type, value);
    sum.endRow(timestamp === null ? defaultTime : BigInt(timestamp));
  }
  return sum.value;
}

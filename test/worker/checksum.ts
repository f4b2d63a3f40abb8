/** The checksum of accepted rows, after the definition in assembly/hash.ts and not after its code. */
import { KIND_BOOL, KIND_F64, KIND_I64, KIND_STRING, KIND_TAG, KIND_U64 } from '../../assembly/abi.js';
import type { FieldType, Point } from '../../src/worker/rows.js';

const A = 0x9e6c63d0876a9a47n;
const B = 0x2545f4914f6cdd1dn;
const C = 0xd6e8feb86659fd93n;
const KINDS: Record<FieldType, number> = { f64: KIND_F64, i64: KIND_I64, u64: KIND_U64, bool: KIND_BOOL, string: KIND_STRING };

const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotate = (value: bigint, bits: bigint): bigint => wrap(value << bits) | (value >> (64n - bits));

function hash(text: string): bigint {
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

function bitsOf(type: FieldType, value: string): bigint {
  switch (type) {
    case 'string': return hash(value);
    case 'bool': return value === 'true' ? 1n : 0n;
    case 'f64': return BigInt(`0x${value}`);
    default: return wrap(BigInt(value));
  }
}

/** Of points in line order; those without a timestamp have the default time. */
export function checksumOf(points: readonly Point[], defaultTime: bigint): bigint {
  return points.reduce((sum, { measurement, tags, fields, timestamp }) => {
    const cells = [
      ...tags.map(([key, value]) => cell(hash(key), KIND_TAG, hash(value))),
      ...fields.map(([key, type, value]) => cell(hash(key), KINDS[type], bitsOf(type, value))),
      cell(0n, 0, wrap(timestamp === null ? defaultTime : BigInt(timestamp))),
    ];
    const row = cells.reduce((folded, each) => wrap(rotate(folded, 7n) + each), hash(measurement));
    const s = wrap((sum ^ row) * C);
    return s ^ (s >> 29n);
  }, 0n);
}

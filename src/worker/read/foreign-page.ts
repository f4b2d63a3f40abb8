/** Values of another writer's column as a page of ours; what no column of ours can hold is refused. */
import { isUtf8 } from 'node:buffer';
import type { ForeignChunk } from '../../tables/parquet/foreign-footer.js';
import { DECIMAL_BYTES } from '../../tables/parquet/file-columns.js';
import type { ForeignValue, Stretch } from '../../tables/parquet/foreign-values.js';
import { bytesOf, flags, indices, optionalPage, plainValues, texts, wholeNumbers, type MadePage } from './made-pages.js';

type ForeignColumn = Stretch['values'];

/** Says why the file stays as it is. */
export type Refuse = (what: string) => never;

const NANOS = 1000;
/** All there are, in the dictionary of `sluice_ns`. */
export const NANOS_DICTIONARY = { values: NANOS, raw: bytesOf(Int32Array.from({ length: NANOS }, (_, ns) => ns)) };

const MICROS_MIN = -9_223_372_036_854_776n;
const MICROS_MAX = 9_223_372_036_854_775n;
const NS_PER_MICRO = 1000n;

/** @param seqMax above no `sluice_seq` @throws TypeError for a value of another type than its column has, which is damage */
export function foreignPage(chunk: ForeignChunk, { nulls, values }: Stretch, seqMax: number, refuse: Refuse): MadePage {
  switch (chunk.column.kind) {
    case 'time': return wholeNumbers(timesOf(chunk, values, refuse));
    case 'seq': return wholeNumbers(seqsOf(values, BigInt(seqMax), refuse));
    case 'ns': return indices(nanosOf(values, refuse));
    default: {
      const there = nulls === 0 ? values as readonly ForeignValue[] : values.filter((value) => value !== null);
      return optionalPage(values, nulls === 0, there.length === 0 ? null : fieldPage(chunk, there, refuse));
    }
  }
}

/** Rows of a file that has no such column, as views count them. */
export function zeros(kind: 'seq' | 'ns', rows: number): MadePage {
  return kind === 'seq' ? wholeNumbers(new BigInt64Array(rows)) : indices(new Uint32Array(rows));
}

function fieldPage({ column: { kind, name } }: ForeignChunk, values: readonly ForeignValue[], refuse: Refuse): MadePage {
  switch (kind) {
    case 'f64': return plainValues(bytesOf(Float64Array.from(values, asNumber)));
    case 'i64': return wholeNumbers(BigInt64Array.from(values, asBigint));
    case 'bool': return flags(values.map((value) => (typeof value === 'boolean' ? value : wrong(value))));
    case 'u64': return plainValues(Buffer.concat(values.map((value) => unsignedOf(asBytes(value)) ?? refuse(`its column ${name} has a number that is no unsigned one of 64 bits`))));
    default: return texts(utf8Of(values) ?? refuse(`its column ${name} has a text that is not UTF-8`));
  }
}

function timesOf({ type, unitMicros }: ForeignChunk, values: ForeignColumn, refuse: Refuse): BigInt64Array {
  return BigInt64Array.from(values, (value) => {
    if (value === null) return refuse('a row of it has no time');
    const number = asBigint(value);
    const micros = type === 'INT96' ? flooredMicros(number) : number * unitMicros;
    return micros < MICROS_MIN || micros > MICROS_MAX ? refuse('a row of it has a time before 1677 or after 2262') : micros;
  });
}

/** As DuckDB and Spark read them. */
function flooredMicros(nanos: bigint): bigint {
  return (nanos - ((nanos % NS_PER_MICRO) + NS_PER_MICRO) % NS_PER_MICRO) / NS_PER_MICRO;
}

function seqsOf(values: ForeignColumn, seqMax: bigint, refuse: Refuse): BigInt64Array {
  return BigInt64Array.from(values, (value) => {
    const seq = value === null ? 0n : asBigint(value);
    return seq < 0n || seq > seqMax ? refuse(`a row of it has the sluice_seq ${seq}, and the newest of sluice in files is ${seqMax}`) : seq;
  });
}

function nanosOf(values: ForeignColumn, refuse: Refuse): Uint32Array {
  return Uint32Array.from(values, (value) => {
    const nanos = value === null ? 0 : asNumber(value);
    return nanos < 0 || nanos >= NANOS ? refuse(`a row of it has ${nanos} in sluice_ns`) : nanos;
  });
}

/** Texts, when all are UTF-8; entries of a dictionary stand behind one another often, and are looked at once then. */
function utf8Of(values: readonly ForeignValue[]): readonly Uint8Array[] | null {
  let last: ForeignValue | null = null;
  for (const value of values) {
    if (value !== last && !isUtf8(asBytes(value))) return null;
    last = value;
  }
  return values as readonly Uint8Array[];
}

/** The bytes that a file of ours has for a decimal of any length; null for one below 0 or above 2^64 - 1. */
function unsignedOf(bytes: Uint8Array): Uint8Array | null {
  const isNegative = (bytes[0] ?? 0) >= 0x80;
  const digits = bytes.subarray(Math.max(0, bytes.length - DECIMAL_BYTES));
  const ours = new Uint8Array(DECIMAL_BYTES);
  ours.set(digits, DECIMAL_BYTES - digits.length);
  const isLong = ours[0] !== 0 || bytes.subarray(0, bytes.length - digits.length).some((byte) => byte !== 0);
  return isNegative || isLong ? null : ours;
}

function asBigint(value: ForeignValue): bigint {
  return typeof value === 'bigint' ? value : wrong(value);
}

function asNumber(value: ForeignValue): number {
  return typeof value === 'number' ? value : wrong(value);
}

function asBytes(value: ForeignValue): Uint8Array {
  return value instanceof Uint8Array ? value : wrong(value);
}

function wrong(value: ForeignValue): never {
  throw new TypeError(`a value is a ${typeof value}`);
}

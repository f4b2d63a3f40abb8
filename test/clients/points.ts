/** What a client is told to write, stated as what must be stored; every client of this folder is measured by it. */
import type { FieldValue, Point } from '../oracle/point.js';

export const f64 = (value: number): FieldValue => ({ type: 'f64', value });
export const i64 = (value: bigint | number): FieldValue => ({ type: 'i64', value: BigInt(value) });
export const u64 = (value: bigint | number): FieldValue => ({ type: 'u64', value: BigInt(value) });
export const bool = (value: boolean): FieldValue => ({ type: 'bool', value });
export const text = (value: string): FieldValue => ({ type: 'string', value });

/** A point as it must be stored. */
export function stored(
  measurement: string,
  tags: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, FieldValue>>,
  timestampNs: bigint,
): Point {
  return { line: 1, measurement, tags: Object.entries(tags), fields: Object.entries(fields), timestampNs };
}

/** Each unit of time that a client of v1 knows, by the name that it sends, in nanoseconds. */
export const V1_UNITS = {
  n: 1n, u: 1000n, ms: 1_000_000n, s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n,
} as const;

/** The same for clients of v2 and v3. */
export const V2_UNITS = { ns: 1n, us: 1000n, ms: 1_000_000n, s: 1_000_000_000n } as const;

/** A moment that has something in every unit; a number of milliseconds, for clients that take a Date. */
export const MOMENT_MS = 1_790_000_123_456;

/** The moment cut to a unit, in nanoseconds. */
export function momentNs(unitNs: bigint): bigint {
  const ns = BigInt(MOMENT_MS) * 1_000_000n;
  return ns - (ns % unitNs);
}

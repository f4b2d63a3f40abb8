/** Precisions of timestamps. */
import * as abi from '../../assembly/layout/codes.js';

const UNIT_NS: ReadonlyMap<number, bigint> = new Map([
  [abi.PRECISION_US, 1_000n],
  [abi.PRECISION_MS, 1_000_000n],
  [abi.PRECISION_S, 1_000_000_000n],
  [abi.PRECISION_M, 60_000_000_000n],
  [abi.PRECISION_H, 3_600_000_000_000n],
]);

/** A time in ns since 1970, truncated toward zero to a PRECISION_*; auto and ns keep it whole. */
export function truncateTime(ns: bigint, precision: number): bigint {
  const unit = UNIT_NS.get(precision);
  return unit === undefined ? ns : ns - (ns % unit);
}

/** A time in ns since 1970 that was truncated to a PRECISION_*, as a timestamp of that precision. */
export function timeInUnit(ns: bigint, precision: number): bigint {
  return ns / (UNIT_NS.get(precision) ?? 1n);
}

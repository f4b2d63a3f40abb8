// Timestamps: from the number in the line to nanoseconds since 1970. All of i64 is in range:
// 1677-09-21T00:12:43.145224192Z to 2262-04-11T23:47:16.854775807Z.
import {
  PRECISION_AUTO, PRECISION_H, PRECISION_M, PRECISION_MS, PRECISION_NS, PRECISION_S, PRECISION_US,
} from '../../layout/codes';

// With precision `auto` a number under these (without its sign) is of seconds, milliseconds, microseconds.
const SECONDS_BELOW: u64 = 5_000_000_000;
const MILLISECONDS_BELOW: u64 = 5_000_000_000_000;
const MICROSECONDS_BELOW: u64 = 5_000_000_000_000_000;

/** Nanoseconds of a unit, 0 for auto. */
export function unitOf(precision: u32): i64 {
  switch (precision) {
    case PRECISION_NS: return 1;
    case PRECISION_US: return 1_000;
    case PRECISION_MS: return 1_000_000;
    case PRECISION_S: return 1_000_000_000;
    case PRECISION_M: return 60_000_000_000;
    case PRECISION_H: return 3_600_000_000_000;
    case PRECISION_AUTO: return 0;
    default: return unreachable();
  }
}

function unitByMagnitude(value: i64): i64 {
  const magnitude = <u64>(value < 0 ? 0 - value : value);
  if (magnitude < SECONDS_BELOW) return 1_000_000_000;
  if (magnitude < MILLISECONDS_BELOW) return 1_000_000;
  return magnitude < MICROSECONDS_BELOW ? 1_000 : 1;
}

/** The time that scaleTime made. */
export let scaledTime: i64 = 0;

/** Whether `value` units (0: by magnitude) are a time in range; sets scaledTime to its nanoseconds. */
@inline
export function scaleTime(value: i64, unit: i64): bool {
  if (unit == 0) unit = unitByMagnitude(value);
  scaledTime = value * unit;
  return unit == 1 || (value <= i64.MAX_VALUE / unit && value >= i64.MIN_VALUE / unit);
}

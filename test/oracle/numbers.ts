/** Integers and times of line protocol: their ranges and units. */

export type Precision = 'auto' | 'ns' | 'us' | 'ms' | 's' | 'm' | 'h';

export const I64_MIN = -(2n ** 63n), I64_MAX = 2n ** 63n - 1n, U64_MAX = 2n ** 64n - 1n;

/** Nanoseconds in one unit of each precision. */
export const NANOSECONDS = { ns: 1n, us: 1_000n, ms: 1_000_000n, s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n };

/** Why a line is rejected, thrown while it is read. */
export class LineProblem extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** Decimal digits with an optional minus; the given problem outside [min, max]. Long runs of digits are cut off early. */
export function inRange(digits: string, min: bigint, max: bigint, code: string): bigint {
  const negative = digits.startsWith('-');
  const significant = digits.replace(/^-?0*/, '');
  if (significant.length > 20) throw new LineProblem(code);
  const value = BigInt(significant === '' ? '0' : significant) * (negative ? -1n : 1n);
  if (value < min || value > max) throw new LineProblem(code);
  return value;
}

/** A time in nanoseconds; throws where it does not fit. `auto` takes each time by its own magnitude. */
export function scaled(time: bigint, precision: Precision): bigint {
  const timestampNs = time * NANOSECONDS[precision === 'auto' ? guessed(time) : precision];
  if (timestampNs < I64_MIN || timestampNs > I64_MAX) throw new LineProblem('timestamp-out-of-range');
  return timestampNs;
}

function guessed(time: bigint): 's' | 'ms' | 'us' | 'ns' {
  const magnitude = time < 0n ? -time : time;
  if (magnitude < 5_000_000_000n) return 's';
  if (magnitude < 5_000_000_000_000n) return 'ms';
  return magnitude < 5_000_000_000_000_000n ? 'us' : 'ns';
}

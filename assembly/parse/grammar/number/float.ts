// From decimal digits to the nearest double, ties to even. Three ways, each exact where it is used:
// W. D. Clinger, "How to Read Floating Point Numbers Accurately" (1990): both the digits and the power are doubles;
// D. Lemire, "Number Parsing at a Gigabyte per Second" (2021): a product with 128 bits of the power of five, which
// N. Mushtak and D. Lemire, "Fast Number Parsing Without Fallback" (2023) prove to need no other way for up to 64 bits;
// and whole big integers (decimal.ts) for more than 19 digits when the digits cut off could matter.
import { upperProduct } from '../../../base/mul128';
import { roundsUp } from './decimal';
import { POWER_LARGEST, POWER_SMALLEST, powers } from './powers';

/** f64: 10^0 to 10^22. */
export const TENS: usize = memory.data<f64>([
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
]);
const EXACT_TENS_MAX: i64 = 22;
export const EXACT_DIGITS_MAX: u64 = 1 << 53;
const FRACTION_BITS: u32 = 52;
const FRACTION: u64 = (1 << 52) - 1;
const EXPONENT_BIAS: i64 = 1023;
export const INFINITY: u64 = 0x7FF0000000000000;

/** Significant digits that always fit 64 bits. */
export const DIGITS_MAX: u32 = 19;

/** Bits of the double nearest to digits * 10^exponent. */
@inline
export function floatBits(digits: u64, exponent: i64): u64 {
  if (digits <= EXACT_DIGITS_MAX && exponent >= -EXACT_TENS_MAX && exponent <= EXACT_TENS_MAX) {
    const value = <f64>digits;
    if (exponent == 0) return reinterpret<u64>(value);
    return exponent < 0
      ? reinterpret<u64>(value / load<f64>(TENS + (<usize>(-exponent) << 3)))
      : reinterpret<u64>(value * load<f64>(TENS + (<usize>exponent << 3)));
  }
  return productBits(digits, exponent);
}

/**
 * Bits of the double nearest to the decimal whose digits stand in [at, end) (a dot among them is skipped), times
 * 10^exponent for the last of them; for more than DIGITS_MAX digits.
 */
export function longFloatBits(at: usize, end: usize, exponent: i64): u64 {
  while (at < end && (load<u8>(at) == 48 || load<u8>(at) == 46)) at++;
  let digits: u64 = 0;
  let digitsRead: u32 = 0;
  let dropped: i64 = 0;
  for (let i = at; i < end; i++) {
    const d = <u32>load<u8>(i) - 48;
    if (d > 9) continue;
    if (digitsRead < DIGITS_MAX) {
      digits = digits * 10 + d;
      digitsRead++;
    } else dropped++;
  }
  const low = floatBits(digits, exponent + dropped);
  if (dropped == 0 || low == floatBits(digits + 1, exponent + dropped)) return low;
  return low + (roundsUp(at, end, exponent, low) ? 1 : 0);
}

/** Lemire's way: digits * 5^exponent as a product of 64 by 128 bits, of which 55 decide nearly always. */
function productBits(digits: u64, exponent: i64): u64 {
  if (digits == 0 || exponent < POWER_SMALLEST) return 0;
  if (exponent > POWER_LARGEST) return INFINITY;
  return bitsByTable(digits, exponent);
}

/** The same for digits over 0 and an exponent that the table of powers has. */
@inline
export function bitsByTable(digits: u64, exponent: i64): u64 {
  const leading = clz<u64>(digits);
  const scaled = digits << leading;
  const power = powers + (<usize>(exponent - POWER_SMALLEST) << 4);
  let upper = upperProduct(scaled, load<u64>(power));
  let lower = scaled * load<u64>(power);
  if ((upper & 0x1FF) == 0x1FF) {
    const more = upperProduct(scaled, load<u64>(power, 8));
    lower += more;
    if (lower < more) upper++;
  }
  const top = upper >> 63;
  const shift = top + 64 - FRACTION_BITS - 3;
  let mantissa = upper >> shift;
  // floor(log2(10^exponent)) by a product that is exact in the table's range, and where the digits stand.
  const binary = ((exponent * 217706) >> 16) + 63 + <i64>top - <i64>leading + EXPONENT_BIAS;
  if (binary <= 0) return subnormalBits(mantissa, 1 - binary);
  if (lower <= 1 && exponent >= -4 && exponent <= 23 && (mantissa & 3) == 1) {
    // Halfway: to even.
    if (mantissa << shift == upper) mantissa &= ~(<u64>1);
  }
  mantissa = (mantissa + (mantissa & 1)) >> 1;
  const bits = ((<u64>binary << FRACTION_BITS) - (<u64>1 << FRACTION_BITS)) + mantissa;
  return bits >= INFINITY ? INFINITY : bits;
}

/** Rounds a mantissa of 54 bits that stands `shift` bits below the smallest exponent. */
function subnormalBits(mantissa: u64, shift: i64): u64 {
  if (shift >= 64) return 0;
  mantissa >>= <u64>shift;
  return (mantissa + (mantissa & 1)) >> 1;
}

// Long decimals compared with the middle between two doubles, exactly, as whole numbers of a few thousand bits.

/** A double's middle has at most 767 significant digits: of more, only whether they are all zero matters. */
const DIGITS_MAX: u32 = 768;
const FIVE_TO_13: u32 = 1220703125;

/**
 * A whole number: up to 128 u32 limbs from the lowest, and behind them how many there are, the highest not 0. 2,600 bits are the most a
 * comparison makes, but most numbers are short, and a body may hold millions of them.
 */
const USED: usize = 512;
const decimal: usize = memory.data(520, 8);
const middle: usize = memory.data(520, 8);

@inline
function usedOf(number: usize): u32 {
  return load<u32>(number, USED);
}

/** number = number * factor + addend. */
function multiplyAdd(number: usize, factor: u32, addend: u32): void {
  let carry = <u64>addend;
  const end = number + (usedOf(number) << 2);
  for (let limb = number; limb < end; limb += 4) {
    carry += <u64>load<u32>(limb) * factor;
    store<u32>(limb, <u32>carry);
    carry >>= 32;
  }
  if (carry == 0) return;
  store<u32>(end, <u32>carry);
  store<u32>(number, usedOf(number) + 1, USED);
}

function multiplyByFives(number: usize, power: u64): void {
  for (; power >= 13; power -= 13) multiplyAdd(number, FIVE_TO_13, 0);
  for (; power > 0; power--) multiplyAdd(number, 5, 0);
}

/** number = number * 2^bits. */
function shiftLeft(number: usize, bits: u64): void {
  const limbs = <u32>(bits >> 5);
  const rest = <u32>bits & 31;
  memory.copy(number + (limbs << 2), number, usedOf(number) << 2);
  memory.fill(number, 0, limbs << 2);
  store<u32>(number, usedOf(number) + limbs, USED);
  if (rest != 0) multiplyAdd(number, 1 << rest, 0);
}

function compare(a: usize, b: usize): i32 {
  if (usedOf(a) != usedOf(b)) return usedOf(a) > usedOf(b) ? 1 : -1;
  for (let i = usedOf(a); i-- > 0; ) {
    const x = load<u32>(a + (i << 2));
    const y = load<u32>(b + (i << 2));
    if (x != y) return x > y ? 1 : -1;
  }
  return 0;
}

/** Puts the digits of [at, end) into `decimal`, nine at a time; returns the exponent of the last digit that was put in. */
function setDecimal(at: usize, end: usize, exponent: i64): i64 {
  store<u32>(decimal, 0, USED);
  let digitsRead: u32 = 0;
  let dropped: i64 = 0;
  let isInexact = false;
  let chunk: u32 = 0;
  let factor: u32 = 1;
  for (; at < end; at++) {
    const d = <u32>load<u8>(at) - 48;
    if (d > 9) continue;
    if (digitsRead == DIGITS_MAX) {
      dropped++;
      isInexact = isInexact || d != 0;
      continue;
    }
    digitsRead++;
    chunk = chunk * 10 + d;
    factor *= 10;
    if (factor == 1000000000) {
      multiplyAdd(decimal, factor, chunk);
      chunk = 0;
      factor = 1;
    }
  }
  multiplyAdd(decimal, factor, chunk);
  if (!isInexact) return exponent + dropped;
  multiplyAdd(decimal, 10, 1);
  return exponent + dropped - 1;
}

/**
 * Whether a decimal rounds to the double after `low` rather than to `low`, the decimal lying between the two: it is
 * over the middle, or on it and `low` is odd.
 * @param at digits [at, end) with the last at 10^exponent, the first not zero; a dot among them is skipped
 */
export function roundsUp(at: usize, end: usize, exponent: i64, low: u64): bool {
  const tens = setDecimal(at, end, exponent);
  const field = <i64>(low >> 52);
  const fraction = low & 0xFFFFFFFFFFFFF;
  const mantissa = field == 0 ? fraction : fraction | 0x10000000000000;
  // The middle is (2 * mantissa + 1) * 2^twos.
  const twos = max(field, 1) - 1076;
  const odd = (mantissa << 1) + 1;
  store<u64>(middle, odd);
  store<u32>(middle, odd >> 32 == 0 ? 1 : 2, USED);
  if (tens < 0) multiplyByFives(middle, <u64>(-tens));
  else multiplyByFives(decimal, <u64>tens);
  const shift = twos - tens;
  if (shift >= 0) shiftLeft(middle, <u64>shift);
  else shiftLeft(decimal, <u64>(-shift));
  const order = compare(decimal, middle);
  return order > 0 || (order == 0 && (low & 1) != 0);
}

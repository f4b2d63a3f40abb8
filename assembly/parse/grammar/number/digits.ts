// Runs of decimal digits, eight at a time, and the integers of 64 bits made of them. The compare-and-multiply steps on
// eight bytes are those of D. Lemire, "Number Parsing at a Gigabyte per Second" (2021), section 3.

const ZEROS: u64 = 0x3030303030303030;

/** How many of the eight characters in a word, the first one lowest, are digits before the first that is none. */
@inline
export function digitsIn(word: u64): usize {
  const t = word ^ ZEROS;
  return <usize>(ctz<u64>((((t + 0x7676767676767676) | t) & 0x8080808080808080)) >> 3);
}

/** The number that the first `count` digits of a word are, at most 8. */
@inline
export function numberIn(word: u64, count: usize): u64 {
  const half = 32 - (<u64>count << 2);
  let w = ((word ^ ZEROS) << half) << half;
  w = w * 10 + (w >> 8);
  w = (w & 0x000000FF000000FF) * 0x000F424000000064 + ((w >> 16) & 0x000000FF000000FF) * 0x0000271000000001;
  return w >> 32;
}

/** u64: 10^0 to 10^8. */
const POWERS: usize = memory.data<u64>([1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000]);

/** Ten to a power of at most 8. */
@inline
export function powerOfTen(exponent: usize): u64 {
  return load<u64>(POWERS + (exponent << 3));
}

/** The number that readDigits, readUnsigned or readSigned read. */
export let digitsValue: u64 = 0;

/**
 * Reads digits from `at` up to the first byte that is none, onto the number `value` (modulo 2^64); sets digitsValue.
 * @returns where they end
 */
export function readDigits(at: usize, value: u64): usize {
  let run: usize;
  do {
    const word = load<u64>(at);
    run = digitsIn(word);
    value = value * powerOfTen(run) + numberIn(word, run);
    at += run;
  } while (run == 8);
  digitsValue = value;
  return at;
}

/** Whether the digits in [at, end) are a number under 2^64; sets digitsValue to it. */
export function readUnsigned(at: usize, end: usize): bool {
  while (at < end && load<u8>(at) == 48) at++;
  const digits = end - at;
  if (digits > 20) return false;
  if (digits < 20) {
    readDigits(at, 0);
    return true;
  }
  // Twenty digits: under 2 * 10^19 they wrap at most once, and only to less than 10^19.
  readDigits(at, 0);
  return load<u8>(at) == 49 && digitsValue >= 10000000000000000000;
}

/** Whether the digits in [at, end), negated when `negative`, are a number of i64; sets digitsValue to its bits. */
export function readSigned(at: usize, end: usize, negative: bool): bool {
  if (!readUnsigned(at, end)) return false;
  const value = digitsValue;
  if (negative) {
    digitsValue = 0 - value;
    return value <= 0x8000000000000000;
  }
  return value < 0x8000000000000000;
}

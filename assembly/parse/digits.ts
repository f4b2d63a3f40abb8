// Runs of decimal digits, eight at a time, and the integers of 64 bits made of them. The compare-and-multiply steps on
// eight bytes are those of D. Lemire, "Number Parsing at a Gigabyte per Second" (2021), section 3.

const ZEROS: u64 = 0x3030303030303030;
const NINES_OVER: u64 = 0x0606060606060606;
const UPPER: u64 = 0xF0F0F0F0F0F0F0F0;

/** The number that readDigits or readInteger read. */
export let digitsValue: u64 = 0;

/**
 * Reads digits from `at` up to the first byte that is none, onto the number `value` (modulo 2^64); sets digitsValue.
 * @returns where they end
 */
export function readDigits(at: usize, value: u64): usize {
  for (let w = load<u64>(at); (w & UPPER) == ZEROS && ((w + NINES_OVER) & UPPER) == ZEROS; w = load<u64>(at)) {
    w -= ZEROS;
    w = w * 10 + (w >> 8);
    w = (w & 0x000000FF000000FF) * 0x000F424000000064 + ((w >> 16) & 0x000000FF000000FF) * 0x0000271000000001;
    value = value * 100000000 + (w >> 32);
    at += 8;
  }
  for (let d = <u32>load<u8>(at) - 48; d < 10; d = <u32>load<u8>(++at) - 48) value = value * 10 + d;
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

// Table entries of the decoders: what a code means, in one word, so that its low bits can be used as a shift as they are
// (an idea of E. Biggers, libdeflate).
//   bits 0–5   bits to drop: the code and its extra bits
//   bit  6     literal (of a combined entry: literals alone)
//   bit  7     exception: a pointer to a subtable, the end of the block, or no code at all
//   bits 8–13  bits of the code; of a pointer, those that index the subtable
//   bit  14    pointer          bit 15  end of block
//   bits 16–31 literal, base of the length or distance, or index of the subtable
// Combined entries (u64, of literals and lengths) have besides: bits 32–55 up to three literals that come first, 56–57
// their number.

export const ENTRY_LITERAL: u32 = 1 << 6;
export const ENTRY_EXCEPTION: u32 = 1 << 7;
export const ENTRY_POINTER: u32 = 1 << 14;
export const ENTRY_END: u32 = 1 << 15;
export const ENTRY_INVALID: u32 = ENTRY_EXCEPTION | 1;

export const LITERALS_SHIFT: u64 = 32;
export const LITERALS_COUNT_SHIFT: u64 = 56;
export const LITERALS_MAX: u64 = 3;

/** Symbols of lengths and distances: base, and number of extra bits (RFC 1951, section 3.2.5). */
const LENGTH_BASES = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
]);
const LENGTH_EXTRAS = memory.data<u8>([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]);
const DISTANCE_BASES = memory.data<u16>([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193,
  12289, 16385, 24577,
]);
const LITERALS: u32 = 256;
const END_OF_BLOCK: u32 = 256;
const LENGTHS: u32 = 29;
const DISTANCES: u32 = 30;

/** The entry of a symbol of literals and lengths whose code has `length` bits. */
export function literalEntry(symbol: u32, length: u32): u32 {
  if (symbol < LITERALS) return (symbol << 16) | (length << 8) | ENTRY_LITERAL | length;
  if (symbol == END_OF_BLOCK) return (length << 8) | ENTRY_END | ENTRY_EXCEPTION | length;
  const index = symbol - END_OF_BLOCK - 1;
  if (index >= LENGTHS) return ENTRY_INVALID;
  return (<u32>load<u16>(LENGTH_BASES + (index << 1)) << 16) | (length << 8) | (length + <u32>load<u8>(LENGTH_EXTRAS + index));
}

/** The entry of a symbol of distances whose code has `length` bits. */
export function distanceEntry(symbol: u32, length: u32): u32 {
  if (symbol >= DISTANCES) return ENTRY_INVALID;
  const extra = symbol < 4 ? 0 : (symbol >> 1) - 1;
  return (<u32>load<u16>(DISTANCE_BASES + (symbol << 1)) << 16) | (length << 8) | (length + extra);
}

/** The entry of a symbol of code lengths. */
export function plainEntry(symbol: u32, length: u32): u32 {
  return (symbol << 16) | (length << 8) | length;
}

// Decoding tables out of code lengths (RFC 1951, section 3.2.2): a code is looked up by as many bits as the table has;
// longer codes go on in a subtable. Codes are packed highest bit first, so they are reversed here.
import {
  distanceEntry, ENTRY_EXCEPTION, ENTRY_INVALID, ENTRY_LITERAL, ENTRY_POINTER, literalEntry, LITERALS_COUNT_SHIFT, LITERALS_MAX,
  LITERALS_SHIFT, plainEntry,
} from './table-entry';

export const OF_LITERALS: u32 = 0;
export const OF_DISTANCES: u32 = 1;
export const OF_LENGTHS: u32 = 2;

const CODE_BITS_MAX: u32 = 15;
const SYMBOLS_MAX: u32 = 288;
/** Bits that the tables are looked up by; subtables are for what is over. */
export const LITERAL_BITS_MAX: u32 = 10;
export const DISTANCE_BITS: u32 = 8;
export const LENGTH_BITS: u32 = 7;
const SMALL_LITERAL_BITS_MAX: u32 = 9;

/** Room for every subtable: each holds two codes at least, and is as large as the longest code asks. */
export const literalTable: usize = memory.data(4 * (2048 + (144 << (15 - 9))), 64);
export const distanceTable: usize = memory.data(4 * (256 + (16 << (15 - 8))), 64);
export const lengthTable: usize = memory.data(4 * 128, 64);
/** Literals and lengths with the literals before them, by LITERAL_BITS_MAX at most: what is decoded by. */
export const combinedTable: usize = memory.data(8 * 1024, 64);

const counts: usize = memory.data(4 * 16, 4);
const nextCodes: usize = memory.data(4 * 16, 4);

/**
 * Builds the table of `symbols` codes, whose lengths are bytes at `lengths`; `countCodes` has counted them.
 * @param alphabet OF_LITERALS (and lengths), OF_DISTANCES or OF_LENGTHS (of codes)
 * @param tableBits bits to look up by
 * @param longest bits of the longest code, which countCodes returned
 * @returns whether they are codes: none too many, and none missing but for a lone code of one bit or, of distances, all
 */
export function buildTable(alphabet: u32, lengths: usize, symbols: u32, table: usize, tableBits: u32, longest: u32): bool {
  let free: i32 = 1;
  let code: u32 = 0;
  for (let length: u32 = 1; length <= CODE_BITS_MAX; length++) {
    const count = load<u32>(counts + (length << 2));
    store<u32>(nextCodes + (length << 2), code);
    code = (code + count) << 1;
    free = (free << 1) - <i32>count;
    if (free < 0) return false;
  }
  if (free > 0) {
    if (longest > 1 || alphabet == OF_LENGTHS) return false;
    for (let i: u32 = 0; i < <u32>1 << tableBits; i++) store<u32>(table + (i << 2), ENTRY_INVALID);
  }
  let nextSubtable: u32 = 1 << tableBits;
  const subtableBits = longest > tableBits ? longest - tableBits : 0;
  // 0 where no short code stands: there a pointer will.
  if (subtableBits != 0) memory.fill(table, 0, 4 << tableBits);
  for (let first: u32 = 0; first < symbols; first += 8) {
    for (let eight = lengthsAt(lengths, first, symbols); eight != 0; eight &= ~(<u64>255 << (ctz(eight) & ~7))) {
      const bit = <u32>ctz(eight) & ~7;
      const length = <u32>(eight >> bit) & 255;
      const ofLength = nextCodes + (length << 2);
      const next = load<u32>(ofLength);
      store<u32>(ofLength, next + 1);
      const reversed = reversedBits(next, length);
      const symbol = first + (bit >> 3);
      if (length <= tableBits) {
        fill(table, reversed, 1 << length, 1 << tableBits, entryOf(alphabet, symbol, length));
        continue;
      }
      const pointerAt = table + ((reversed & ((1 << tableBits) - 1)) << 2);
      let pointer = load<u32>(pointerAt);
      if (pointer == 0) {
        pointer = (nextSubtable << 16) | ENTRY_POINTER | (subtableBits << 8) | ENTRY_EXCEPTION | tableBits;
        store<u32>(pointerAt, pointer);
        nextSubtable += 1 << subtableBits;
      }
      const rest = length - tableBits;
      fill(table + ((pointer >> 16) << 2), reversed >> tableBits, 1 << rest, 1 << subtableBits, entryOf(alphabet, symbol, rest));
    }
  }
  return true;
}

/** Counts the codes of each length; returns the longest. */
export function countCodes(lengths: usize, symbols: u32): u32 {
  memory.fill(counts, 0, 4 * 16);
  for (let first: u32 = 0; first < symbols; first += 8) {
    for (let eight = lengthsAt(lengths, first, symbols); eight != 0; eight &= ~(<u64>255 << (ctz(eight) & ~7))) {
      const count = counts + (<usize>(eight >> (ctz(eight) & ~7) & 255) << 2);
      store<u32>(count, load<u32>(count) + 1);
    }
  }
  let longest = CODE_BITS_MAX;
  while (longest > 0 && load<u32>(counts + (longest << 2)) == 0) longest--;
  return longest;
}

/** Eight lengths from a symbol on, zeros for those that do not exist: most symbols have no code. */
@inline
function lengthsAt(lengths: usize, first: u32, symbols: u32): u64 {
  const eight = load<u64>(lengths + first);
  return symbols - first >= 8 ? eight : eight & ((<u64>1 << ((symbols - first) << 3)) - 1);
}

/** Puts an entry to `first`, `first + step`, … below `size`. */
@inline
function fill(table: usize, first: u32, step: u32, size: u32, entry: u32): void {
  const end = table + (size << 2);
  const stride = <usize>step << 2;
  for (let to = table + (first << 2); to < end; to += stride) store<u32>(to, entry);
}

@inline
function entryOf(alphabet: u32, symbol: u32, length: u32): u32 {
  if (alphabet == OF_LITERALS) return literalEntry(symbol, length);
  if (alphabet == OF_DISTANCES) return distanceEntry(symbol, length);
  return plainEntry(symbol, length);
}

/** The lowest `length` bits in opposite order. */
@inline
function reversedBits(code: u32, length: u32): u32 {
  let reversed = ((code & 0x5555) << 1) | ((code >> 1) & 0x5555);
  reversed = ((reversed & 0x3333) << 2) | ((reversed >> 2) & 0x3333);
  reversed = ((reversed & 0x0f0f) << 4) | ((reversed >> 4) & 0x0f0f);
  reversed = ((reversed & 0x00ff) << 8) | (reversed >> 8);
  return reversed >> (16 - length);
}

/** Bits to look literals and lengths up by, when the longest code has `longestBits`: a small table has no more than that. */
export function literalBits(longestBits: u32, isLarge: bool): u32 {
  return isLarge ? LITERAL_BITS_MAX : min(longestBits, SMALL_LITERAL_BITS_MAX);
}

/**
 * Writes the combined table. Joins codes when it is large: where a literal is followed by others, or by a length, whose
 * codes end inside the table's bits, its entry gives all of them.
 */
export function combineLiterals(tableBits: u32, isLarge: bool): void {
  const size: u32 = 1 << tableBits;
  for (let i: u32 = 0; i < size; i++) {
    const single = load<u32>(literalTable + (i << 2));
    let combined = expanded(single);
    if ((single & ENTRY_LITERAL) != 0 && isLarge) {
      const length = single & 63;
      const behind = i >> length;
      // Lower entries are done already, and all but the first are lower.
      const longer = behind < i ? load<u64>(combinedTable + (behind << 3)) : combined;
      if (isJoined(longer, tableBits - length)) combined = joined(single, longer);
      else {
        const next = expanded(load<u32>(literalTable + (behind << 2)));
        if (isJoined(next, tableBits - length)) combined = joined(single, next);
      }
    }
    store<u64>(combinedTable + (i << 3), combined);
  }
}

@inline
function expanded(single: u32): u64 {
  if ((single & ENTRY_LITERAL) == 0) return single;
  return (<u64>1 << LITERALS_COUNT_SHIFT) | (<u64>(single >> 16) << LITERALS_SHIFT) | (single & 0xffff);
}

/** Whether an entry can stand behind a literal when so many bits are known. */
@inline
function isJoined(entry: u64, bitsKnown: u32): bool {
  return (entry & ENTRY_EXCEPTION) == 0 && <u32>(entry >> 8 & 63) <= bitsKnown && entry >> LITERALS_COUNT_SHIFT < LITERALS_MAX;
}

@inline
function joined(single: u32, behind: u64): u64 {
  const length = <u64>(single & 63);
  const literals = (((behind >> LITERALS_SHIFT) & 0xffff) << 8) | <u64>(single >> 16);
  const count = (behind >> LITERALS_COUNT_SHIFT) + 1;
  return (count << LITERALS_COUNT_SHIFT) | (literals << LITERALS_SHIFT) | ((behind & 0xffffffff) + length + (length << 8));
}

// The head of a block: its type, and the codes that it is written in (RFC 1951, sections 3.2.3 to 3.2.7).
import { at, bits, end, left, refill, setInput, readBits } from './bit-buffer';
import {
  buildTable, combinedTable, combineLiterals, countCodes, DISTANCE_BITS, distanceTable, LENGTH_BITS, lengthTable, LITERAL_BITS_MAX,
  literalBits, literalTable, OF_DISTANCES, OF_LENGTHS, OF_LITERALS,
} from './decoding-tables';

const LITERALS: u32 = 288;
const LITERALS_USED_MAX: u32 = 286;
const DISTANCES: u32 = 32;
const DISTANCES_USED_MAX: u32 = 30;
const END_OF_BLOCK: u32 = 256;
/** Bits of the longest fixed code. */
const FIXED_BITS: u32 = 9;
const CODE_LENGTHS: u32 = 19;
/** Code lengths of both tables, one after another, and room for a run that goes too far. */
const lengths: usize = memory.data(320 + 144);
const LENGTHS_ROOM: i32 = 24;
const lengthLengths: usize = memory.data(LENGTHS_ROOM);
/** Bytes that a refill may run ahead of what is used. */
const AHEAD_BYTES: usize = 8;
/** The order in which lengths of code lengths come. */
const ORDER = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

/** Bits that literals and lengths of this block are looked up by. */
export let tableBits: u32 = 0;
/** How many codes of literals and lengths this block has. */
let literalsUsed: u32 = 0;

// What the tables hold: codes of a block, or fixed ones.
const DESCRIBED: u32 = 0;
const FIXED_SMALL: u32 = 1;
const FIXED_LARGE: u32 = 2;
/** What the combined table and that of distances hold. */
let held: u32 = DESCRIBED;

/** Tables of the fixed codes, once they were made: to be copied, for whoever alternates would have them made each time. */
const FIXED_SMALL_BYTES: usize = 8 << FIXED_BITS;
const FIXED_LARGE_BYTES: usize = 8 << LITERAL_BITS_MAX;
const FIXED_DISTANCES_BYTES: usize = 4 << DISTANCE_BITS;
const fixedSmall: usize = memory.data(8 << 9, 64);
const fixedLarge: usize = memory.data(8 << 10, 64);
const fixedDistances: usize = memory.data(4 << 8, 64);
/** Whether the tables of the fixed codes were made. */
let areFixedMade: bool = false;

/** The codes that need no description (section 3.2.6). @param isLarge joined, for a long block */
export function useFixedCodes(isLarge: bool): void {
  const wanted = isLarge ? FIXED_LARGE : FIXED_SMALL;
  if (!areFixedMade) makeFixedCodes();
  tableBits = isLarge ? LITERAL_BITS_MAX : FIXED_BITS;
  if (held == wanted) return;
  if (isLarge) memory.copy(combinedTable, fixedLarge, FIXED_LARGE_BYTES);
  else memory.copy(combinedTable, fixedSmall, FIXED_SMALL_BYTES);
  if (held == DESCRIBED) memory.copy(distanceTable, fixedDistances, FIXED_DISTANCES_BYTES);
  held = wanted;
}

function makeFixedCodes(): void {
  for (let symbol: u32 = 0; symbol < LITERALS; symbol++) {
    store<u8>(lengths + symbol, symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8);
  }
  memory.fill(lengths + LITERALS, 5, DISTANCES);
  buildLiterals(LITERALS, false);
  memory.copy(fixedSmall, combinedTable, FIXED_SMALL_BYTES);
  buildLiterals(LITERALS, true);
  memory.copy(fixedLarge, combinedTable, FIXED_LARGE_BYTES);
  buildDistances(LITERALS, DISTANCES);
  memory.copy(fixedDistances, distanceTable, FIXED_DISTANCES_BYTES);
  areFixedMade = true;
  held = DESCRIBED;
}

/** Goes on with large tables: the block is found to be long. */
export function enlargeTables(): void {
  if (held == DESCRIBED) buildLiterals(literalsUsed, true);
  else useFixedCodes(true);
}

/** Reads the codes that a block describes; returns false when they are none. @param isLarge with joined tables, for a long block */
export function readCodes(isLarge: bool): bool {
  held = DESCRIBED;
  refill();
  const literals = readBits(5) + 257;
  const distances = readBits(5) + 1;
  const described = readBits(4) + 4;
  if (literals > LITERALS_USED_MAX || distances > DISTANCES_USED_MAX) return false;
  memory.fill(lengthLengths, 0, LENGTHS_ROOM);
  for (let i: u32 = 0; i < described; i++) {
    if (i % 16 == 0) refill();
    store<u8>(lengthLengths + <usize>load<u8>(ORDER + i), <u8>readBits(3));
  }
  const longest = countCodes(lengthLengths, CODE_LENGTHS);
  if (!buildTable(OF_LENGTHS, lengthLengths, CODE_LENGTHS, lengthTable, LENGTH_BITS, longest)) return false;
  literalsUsed = literals;
  return readLengths(literals + distances) && load<u8>(lengths + END_OF_BLOCK) != 0
    && buildLiterals(literals, isLarge) && buildDistances(literals, distances);
}

function buildLiterals(literals: u32, isLarge: bool): bool {
  const longest = countCodes(lengths, literals);
  tableBits = literalBits(longest, isLarge);
  if (!buildTable(OF_LITERALS, lengths, literals, literalTable, tableBits, longest)) return false;
  combineLiterals(tableBits, isLarge);
  return true;
}

function buildDistances(literals: u32, distances: u32): bool {
  const longest = countCodes(lengths + literals, distances);
  return buildTable(OF_DISTANCES, lengths + literals, distances, distanceTable, DISTANCE_BITS, longest);
}

/** Reads `count` code lengths, of which runs are packed. */
function readLengths(count: u32): bool {
  let buffer = bits;
  let inBuffer = left;
  let next = at;
  const stop = end + AHEAD_BYTES;
  let done: u32 = 0;
  while (done < count && next <= stop) {
    buffer |= load<u64>(next) << inBuffer;
    next += 7 - (<usize>(inBuffer >> 3) & 7);
    inBuffer |= 56;
    const entry = load<u32>(lengthTable + (<usize>(buffer & ((1 << LENGTH_BITS) - 1)) << 2));
    buffer >>= entry & 63;
    inBuffer -= entry & 63;
    const symbol = entry >> 16;
    if (symbol < 16) {
      store<u8>(lengths + done++, <u8>symbol);
      continue;
    }
    if (symbol == 16 && done == 0) return false;
    const value: u64 = symbol == 16 ? <u64>load<u8>(lengths + done - 1) * 0x0101010101010101 : 0;
    const extra: u32 = symbol == 18 ? 7 : symbol - 14;
    const run = (<u32>buffer & ((1 << extra) - 1)) + (symbol == 18 ? 11 : 3);
    buffer >>= extra;
    inBuffer -= extra;
    for (let i: u32 = 0; i < run; i += 8) store<u64>(lengths + done + i, value);
    done += run;
  }
  setInput(buffer, inBuffer, next);
  return done == count;
}

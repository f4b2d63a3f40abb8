// The head of a block: its kind, and the codes that it is written in (RFC 1951, sections 3.2.3 to 3.2.7).
import { at, bits, end, left, refill, setInput, take } from './state';
import {
  buildTable, combineLiterals, countCodes, DISTANCE_BITS, distanceTable, LENGTH_BITS, lengthTable, literalBits, literalTable, OF_DISTANCES,
  OF_LENGTHS, OF_LITERALS,
} from './tables';

const LITERALS: u32 = 288;
const LITERALS_USED_MAX: u32 = 286;
const DISTANCES: u32 = 32;
const DISTANCES_USED_MAX: u32 = 30;
const END_OF_BLOCK: u32 = 256;
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
/** Whether the tables hold the fixed codes: of a short stream, of another, or no. */
let fixedFor: u32 = 0;

/** The codes that need no description (section 3.2.6). */
export function useFixedCodes(isShort: bool): void {
  const wanted: u32 = isShort ? 1 : 2;
  if (fixedFor == wanted) return;
  for (let symbol: u32 = 0; symbol < LITERALS; symbol++) {
    store<u8>(lengths + symbol, symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8);
  }
  memory.fill(lengths + LITERALS, 5, DISTANCES);
  buildCodes(LITERALS, DISTANCES, isShort);
  fixedFor = wanted;
}

/** Reads the codes that a block describes; returns false when they are none. */
export function readCodes(isShort: bool): bool {
  fixedFor = 0;
  refill();
  const literals = take(5) + 257;
  const distances = take(5) + 1;
  const described = take(4) + 4;
  if (literals > LITERALS_USED_MAX || distances > DISTANCES_USED_MAX) return false;
  memory.fill(lengthLengths, 0, LENGTHS_ROOM);
  for (let i: u32 = 0; i < described; i++) {
    if (i % 16 == 0) refill();
    store<u8>(lengthLengths + <usize>load<u8>(ORDER + i), <u8>take(3));
  }
  countCodes(lengthLengths, CODE_LENGTHS);
  if (!buildTable(OF_LENGTHS, lengthLengths, CODE_LENGTHS, lengthTable, LENGTH_BITS)) return false;
  return readLengths(literals + distances) && load<u8>(lengths + END_OF_BLOCK) != 0 && buildCodes(literals, distances, isShort);
}

function buildCodes(literals: u32, distances: u32, isShort: bool): bool {
  tableBits = literalBits(countCodes(lengths, literals), isShort);
  if (!buildTable(OF_LITERALS, lengths, literals, literalTable, tableBits)) return false;
  combineLiterals(tableBits, isShort);
  countCodes(lengths + literals, distances);
  return buildTable(OF_DISTANCES, lengths + literals, distances, distanceTable, DISTANCE_BITS);
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

// Stable radix sort of the rows by time, or by their seqs, 11 bits a pass, over the bits in which these differ.
import { TABLE_SEQS, TABLE_TIMES } from '../../layout/table';
import { countDigit, entryOf, place, startsOf, swapOrder } from './row-order';
import { earliest, highestSeq, latest, lowestSeq } from './row-scan';
import { rows } from '../spans';
import { NEAR, stepEnd } from '../slice-budget';

const DIGIT_BITS: u32 = 11;
const DIGITS: u32 = 1 << DIGIT_BITS;
const counts = memory.data(2048 * 4);

/** Where the table has what is sorted by, i64 a row, and the least of it. */
let field: u32 = 0;
let least: i64 = 0;
/** First bit of the pass, and one past the last bit that differs. */
let shift: u32 = 0;
let bits: u32 = 0;
let counted: bool = false;
/** Next entry. */
let at: u32 = 0;

/** Starts to sort the order by time. */
export function startByTime(): void {
  start(TABLE_TIMES, earliest, latest);
}

/** Starts to sort the order by the seqs that rows have. */
export function startBySeq(): void {
  start(TABLE_SEQS, lowestSeq, highestSeq);
}

function start(by: u32, from: i64, to: i64): void {
  field = by;
  least = from;
  bits = 64 - <u32>clz<u64>(<u64>(to - from));
  shift = 0;
  startPass();
}

function startPass(): void {
  memory.fill(counts, 0, DIGITS << 2);
  counted = false;
  at = 0;
}

/** One step; false when the rows stand in order. */
export function byTimeStep(table: usize): bool {
  if (shift >= bits) return false;
  const numbers = <usize>load<u32>(table + field);
  const stop = stepEnd(at, rows, NEAR);
  if (!counted) {
    for (; at < stop; at++) countDigit(counts, digitOf(numbers, entryOf(at)));
    if (at < rows) return true;
    startsOf(counts, DIGITS);
    counted = true;
    at = 0;
    return true;
  }
  for (; at < stop; at++) {
    const row = entryOf(at);
    place(counts, digitOf(numbers, row), row);
  }
  if (at < rows) return true;
  swapOrder();
  shift += DIGIT_BITS;
  startPass();
  return true;
}

@inline
function digitOf(numbers: usize, row: u32): u32 {
  return <u32>((<u64>(load<i64>(numbers + (<usize>row << 3)) - least) >> shift) & (DIGITS - 1));
}

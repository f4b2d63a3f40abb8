// Stable radix sort of the rows by time, 11 bits a pass, over the bits in which the times differ.
import { TABLE_TIMES } from '../../layout/table';
import { countDigit, entryOf, place, startsOf, swapOrder } from './row-order';
import { earliest, latest } from './row-scan';
import { rows } from '../spans';
import { NEAR, stepEnd } from '../slice-budget';

const DIGIT_BITS: u32 = 11;
const DIGITS: u32 = 1 << DIGIT_BITS;
const counts = memory.data(2048 * 4);

/** First bit of the pass, and one past the last bit that differs. */
let shift: u32 = 0;
let bits: u32 = 0;
let counted: bool = false;
/** Next entry. */
let at: u32 = 0;

/** Starts to sort the order by time. */
export function startByTime(): void {
  bits = 64 - <u32>clz<u64>(<u64>(latest - earliest));
  shift = 0;
  startPass();
}

function startPass(): void {
  memory.fill(counts, 0, DIGITS << 2);
  counted = false;
  at = 0;
}

/** One step; false when the rows stand by time. */
export function byTimeStep(table: usize): bool {
  if (shift >= bits) return false;
  const times = <usize>load<u32>(table, TABLE_TIMES);
  const stop = stepEnd(at, rows, NEAR);
  if (!counted) {
    for (; at < stop; at++) countDigit(counts, digitOf(times, entryOf(at)));
    if (at < rows) return true;
    startsOf(counts, DIGITS);
    counted = true;
    at = 0;
    return true;
  }
  for (; at < stop; at++) {
    const row = entryOf(at);
    place(counts, digitOf(times, row), row);
  }
  if (at < rows) return true;
  swapOrder();
  shift += DIGIT_BITS;
  startPass();
  return true;
}

@inline
function digitOf(times: usize, row: u32): u32 {
  return <u32>((<u64>(load<i64>(times + (<usize>row << 3)) - earliest) >> shift) & (DIGITS - 1));
}

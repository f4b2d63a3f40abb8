// Stable radix sort of the rows by time, 11 bits a pass, over the bits in which the times differ.
import { TABLE_TIMES } from '../abi';
import { entryOf, place, startsOf, swapOrder } from './order';
import { rows, spanCount, spanRowEnd, spanRowFirst } from './spans';

const DIGIT_BITS: u32 = 11;
const DIGITS: u32 = 1 << DIGIT_BITS;
const counts = memory.data(2048 * 4);

let least: i64 = 0;
/** Bits of the differences to `least` that a pass still has to sort by: from `shift` to `bits`. */
let shift: u32 = 0;
let bits: u32 = 0;

/** Looks at the times once; no pass is needed when the rows stand in time order already. */
export function scanTimes(table: usize): void {
  const times = <usize>load<u32>(table, TABLE_TIMES);
  let last = i64.MIN_VALUE;
  let most = i64.MIN_VALUE;
  least = i64.MAX_VALUE;
  let inOrder = true;
  for (let span: u32 = 0; span < spanCount; span++) {
    const end = spanRowEnd(span);
    for (let row = spanRowFirst(span); row < end; row++) {
      const time = load<i64>(times + (<usize>row << 3));
      inOrder = inOrder && time >= last;
      last = time;
      least = min(least, time);
      most = max(most, time);
    }
  }
  shift = 0;
  bits = inOrder ? 0 : 64 - <u32>clz<u64>(<u64>(most - least));
}

/** One pass; false when none was needed any more. */
export function sortByTime(table: usize): bool {
  if (shift >= bits) return false;
  const times = <usize>load<u32>(table, TABLE_TIMES);
  memory.fill(counts, 0, DIGITS << 2);
  for (let span: u32 = 0; span < spanCount; span++) {
    const end = spanRowEnd(span);
    for (let row = spanRowFirst(span); row < end; row++) {
      const slot = counts + (<usize>digitOf(times, row) << 2);
      store<u32>(slot, load<u32>(slot) + 1);
    }
  }
  if (load<u32>(counts + (<usize>digitOf(times, entryOf(0)) << 2)) != rows) {
    startsOf(counts, DIGITS);
    for (let i: u32 = 0; i < rows; i++) {
      const row = entryOf(i);
      place(counts, digitOf(times, row), row);
    }
    swapOrder();
  }
  shift += DIGIT_BITS;
  return true;
}

@inline
function digitOf(times: usize, row: u32): u32 {
  return <u32>((<u64>(load<i64>(times + (<usize>row << 3)) - least) >> shift) & (DIGITS - 1));
}

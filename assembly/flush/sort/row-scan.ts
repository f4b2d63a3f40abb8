// The first look at the flushed rows, span after span: their order by body and line, the span of each, the series in
// use, and the range of times.
import { TABLE_TIMES } from '../../layout/table';
import { setEntry } from './row-order';
import { markSeries, seriesOf } from './used-series';
import { rowFirst, rowSeqs, seqOf, spanCount, spanOfRow, spanRowEnd, spanRowFirst } from '../spans';
import { hasBudget, stepEnd } from '../slice-budget';

/** Nanoseconds of the earliest and the latest row. */
export let earliest: i64 = 0;
export let latest: i64 = 0;
/** Of rows with seqs of their own: the lowest and the highest. */
export let lowestSeq: i64 = 0;
export let highestSeq: i64 = 0;
/** Where the next step goes on, and how many entries of the order stand. */
let span: u32 = 0;
let row: u32 = 0;
let placed: u32 = 0;

/** Begins with the first span. */
export function startScan(): void {
  earliest = i64.MAX_VALUE;
  latest = i64.MIN_VALUE;
  lowestSeq = i64.MAX_VALUE;
  highestSeq = i64.MIN_VALUE;
  span = 0;
  row = spanRowFirst(0);
  placed = 0;
}

/** One step; false when all rows were seen. */
export function scanStep(table: usize): bool {
  const times = <usize>load<u32>(table, TABLE_TIMES);
  while (hasBudget()) {
    const stop = stepEnd(row, max(row, spanRowEnd(span)));
    for (; row < stop; row++) {
      const time = load<i64>(times + (<usize>row << 3));
      earliest = min(earliest, time);
      latest = max(latest, time);
      markSeries(seriesOf(table, row));
      if (rowSeqs == 0) store<u32>(spanOfRow + (<usize>(row - rowFirst) << 2), span);
      else widenSeqs(row);
      setEntry(placed++, row);
    }
    if (row < spanRowEnd(span)) return true;
    if (++span == spanCount) return false;
    row = spanRowFirst(span);
  }
  return true;
}

@inline
function widenSeqs(row: u32): void {
  const seq = seqOf(row);
  lowestSeq = min(lowestSeq, seq);
  highestSeq = max(highestSeq, seq);
}

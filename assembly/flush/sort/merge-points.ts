// Equal points of one body (same tags, time, body) stand next to each other after the sort, in line order. All but the
// last of them get MERGED: the file has one row for them, and the last non-null value wins, field by field. Equal points
// of two bodies are noted for overwritten.ts. Of rows that were read back all equal points become one, if their seqs rise.
import { TABLE_TIMES } from '../../layout/table';
import { entryOf, MERGED, setEntry } from './row-order';
import { endOf } from './by-series';
import { clearRepeats, noteRepeat } from './overwritten';
import { isOneSpan, rows, rowSeqs, seqOf } from '../spans';
import { NEAR, stepEnd } from '../slice-budget';

/** Counts entries that have got MERGED elsewhere. */
export function addMerged(entries: u32): void {
  merged += entries;
}

/** Entries that have MERGED. */
export let merged: u32 = 0;
/** Whether the rows of each rank stood in the order of time. */
export let inOrder: bool = false;
/** Whether equal points stood in the order of their seqs. */
export let isBySeq: bool = true;
/** Next entry to compare with the one before it, and the rank of the one before. */
let at: u32 = 0;
let rank: u32 = 0;

/** Starts to compare neighbours of an order by series. */
export function startMerge(): void {
  merged = 0;
  clearRepeats();
  inOrder = true;
  isBySeq = true;
  at = 1;
  rank = 0;
}

/** One step; false when all equal points are marked, or rows out of order were found: then the marks are gone. */
export function mergeStep(table: usize): bool {
  const times = <usize>load<u32>(table, TABLE_TIMES);
  const stop = stepEnd(at, rows, NEAR);
  let row = entryOf(at - 1);
  let time = timeOf(times, row);
  while (at < stop) {
    while (endOf(rank) < at) rank++;
    const isFirst = endOf(rank) == at;
    const next = entryOf(at);
    const nextTime = timeOf(times, next);
    if (!isFirst) {
      if (nextTime < time) {
        unmark();
        return false;
      }
      if (nextTime == time) {
        if (rowSeqs != 0 && seqOf(next) < seqOf(row)) {
          unmark();
          isBySeq = false;
          return false;
        }
        if (isOneSpan(row, next)) {
          setEntry(at - 1, row | MERGED);
          merged++;
          if (rowSeqs != 0) noteRepeat(at - 1);
        } else noteRepeat(at - 1);
      }
    }
    row = next;
    time = nextTime;
    at++;
  }
  return at < rows;
}

@inline
function timeOf(times: usize, row: u32): i64 {
  return load<i64>(times + (<usize>row << 3));
}

function unmark(): void {
  inOrder = false;
  if (merged > 0) for (let i: u32 = 0; i < at; i++) setEntry(i, entryOf(i) & ~MERGED);
  merged = 0;
}

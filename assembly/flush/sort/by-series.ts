// Stable counting sort of the rows by the rank of their series.
import { TABLE_SERIES_AT } from '../../layout/table';
import { keyCount } from './combine-ranks';
import { countDigit, entryOf, place, startsOf, swapOrder } from './row-order';
import { takeScratch } from '../scratch';
import { rankOf } from './used-series';
import { rows } from '../spans';
import { NEAR, stepEnd } from '../slice-budget';

/** u32 a rank: after the pass, where its rows end in the order. */
let ends: usize = 0;
let counted: bool = false;
/** Next entry. */
let at: u32 = 0;

/** Starts to sort the order by the ranks of the series. */
export function startBySeries(): void {
  if (ends == 0) ends = takeScratch(<usize>keyCount << 2);
  memory.fill(ends, 0, <usize>keyCount << 2);
  counted = false;
  at = 0;
}

/** Nothing was placed yet. */
export function clearBySeries(): void {
  ends = 0;
}

/** One step; false when the rows stand by rank. */
export function bySeriesStep(table: usize): bool {
  const series = <usize>load<u32>(table, TABLE_SERIES_AT);
  const stop = stepEnd(at, rows, NEAR);
  if (!counted) {
    for (; at < stop; at++) countDigit(ends, rankIn(series, entryOf(at)));
    if (at < rows) return true;
    startsOf(ends, keyCount);
    counted = true;
    at = 0;
    return true;
  }
  for (; at < stop; at++) {
    const row = entryOf(at);
    place(ends, rankIn(series, row), row);
  }
  if (at < rows) return true;
  swapOrder();
  return false;
}

@inline
function rankIn(series: usize, row: u32): u32 {
  return rankOf(load<u32>(series + (<usize>row << 2)));
}

/** Where the rows of a rank end in the order. */
@inline
export function endOf(rank: u32): u32 {
  return load<u32>(ends + (<usize>rank << 2));
}

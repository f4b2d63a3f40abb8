// Which code of a tag column each row of the row group has: fills `picked`, and `valueRows` when some have none. Rows of one
// run have one series, and so one code.
import { COLUMN_VALUES } from '../../layout/column';
import { columnAt, rowOfValue, valueFrom } from '../../memtable/read';
import { groupRows } from './row-groups';
import { picked, valueRows } from './row-group';
import { keep, keptOf } from './column-cache';
import { runCount, runRows, runSeries } from './rank-runs';
import { takeScratch } from '../scratch';
import { seriesCount } from '../sort/used-series';
import { spend, stepEnd } from '../slice-budget';
import { fillWords } from '../parquet/simd-words';

/** u32 a series: its code from 1, 0 for null. Not needed (0) when every series or none has a code. */
let codes: usize = 0;
/** The column's values of series that may have flushed rows; the next to look at. */
let count: u32 = 0;
let at: u32 = 0;
/** Rows of the group that have a value. */
export let tagged: u32 = 0;

/** Starts a tag column of the group, by its index in the table. */
export function startTagValidity(table: usize, columnIndex: u32): void {
  count = valueFrom(columnAt(table, columnIndex), seriesCount);
  codes = keptOf(columnIndex);
  at = count;
  if (count == seriesCount || count == 0 || codes != 0) return;
  codes = takeScratch(<usize>seriesCount << 2);
  memory.fill(codes, 0, <usize>seriesCount << 2);
  at = 0;
}

/** One step; false when all is picked. */
export function tagValidityStep(table: usize, columnIndex: u32): bool {
  const column = columnAt(table, columnIndex);
  if (at < count) {
    copyCodes(column, columnIndex);
    return true;
  }
  tagged = 0;
  if (codes != 0) pickSparse();
  else if (count != 0) pickDense(<usize>load<u32>(column, COLUMN_VALUES));
  spend((groupRows >> 3) + runCount);
  return false;
}

function copyCodes(column: usize, columnIndex: u32): void {
  const values = <usize>load<u32>(column, COLUMN_VALUES);
  const stop = stepEnd(at, count);
  for (; at < stop; at++) {
    store<u32>(codes + (<usize>rowOfValue(column, at) << 2), load<u32>(values + (<usize>at << 2)) + 1);
  }
  if (at == count) keep(columnIndex, codes, <usize>seriesCount << 2);
}

function pickDense(values: usize): void {
  for (let run: u32 = 0; run < runCount; run++) {
    const rows = runRows(run);
    fillWords(picked + (<usize>tagged << 2), load<u32>(values + (<usize>runSeries(run) << 2)), rows);
    tagged += rows;
  }
}

function pickSparse(): void {
  let row: u32 = 0;
  for (let run: u32 = 0; run < runCount; run++) {
    const rows = runRows(run);
    const code = load<u32>(codes + (<usize>runSeries(run) << 2));
    if (code != 0) {
      fillWords(picked + (<usize>tagged << 2), code - 1, rows);
      for (let i: u32 = 0; i < rows; i++) store<u32>(valueRows + (<usize>(tagged + i) << 2), row + i);
      tagged += rows;
    }
    row += rows;
  }
}

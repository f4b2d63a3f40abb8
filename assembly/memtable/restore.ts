// Rows of another instance of this module, taken up by tables and columns that have none: room is made and counted here,
// and the caller writes the arrays (src/worker/wasm/move.ts).
import { COLUMN_COUNT, COLUMN_ENTRIES } from '../layout/column';
import { TABLE_ROWS, TABLE_SERIES } from '../layout/table';
import { reserveValues } from './column';
import { reserveHeap } from './column-heap';
import { reserveEntries } from './dictionary';
import { startNumbers } from './row-numbers';
import { reserveRows } from './table';

/** Makes room for rows: the caller writes TABLE_TIMES and TABLE_SERIES_AT. */
export function restoreRows(table: usize, rows: u32, series: u32): void {
  reserveRows(table, 0, rows);
  store<u32>(table, rows, TABLE_ROWS);
  store<u32>(table, series, TABLE_SERIES);
}

/** Makes room for values: the caller writes the numbers of those behind the first `dense`, COLUMN_VALUES, COLUMN_HEAP and, of a tag, COLUMN_ENTRY_ENDS; then indexEntries. */
export function restoreValues(column: usize, count: u32, dense: u32, heapBytes: u32, entries: u32): void {
  reserveValues(column, count);
  if (dense < count) startNumbers(column, dense);
  store<u32>(column, count, COLUMN_COUNT);
  reserveHeap(column, 0, heapBytes);
  reserveEntries(column, entries);
  store<u32>(column, entries, COLUMN_ENTRIES);
}

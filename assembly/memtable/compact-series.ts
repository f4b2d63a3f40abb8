// Tags of a table whose series go all at once, and tags moved into arrays of their own size. Those of which some stay:
// keep-series.ts.
import {
  COLUMN_COUNT, COLUMN_ENTRIES, COLUMN_ENTRY_ENDS, COLUMN_ENTRY_HASHES, COLUMN_HEAP, COLUMN_KEY_AT, COLUMN_KIND,
  COLUMN_STRUCT_BYTES, COLUMN_VALUES,
} from '../layout/column';
import { TABLE_COLUMNS, TABLE_SERIES, TABLE_SERIES_EPOCH } from '../layout/table';
import { KIND_TAG } from '../layout/codes';
import { appendCode, clearColumn } from './column';
import { columnAt, rowOfValue, textStart } from './read';
import { addEntry } from './dictionary';

/** A copy of the struct of the column being rebuilt, with its old arrays. */
const before: usize = memory.data(128, 8);

/** Takes all series out of a table without rows. */
export function dropSeries(table: usize): void {
  const columns = load<u32>(table, TABLE_COLUMNS);
  for (let i: u32 = 0; i < columns; i++) {
    const column = columnAt(table, i);
    if (load<u32>(column, COLUMN_KIND) == KIND_TAG) clearColumn(column);
  }
  setSeriesCount(table, 0);
}

function setSeriesCount(table: usize, count: u32): void {
  store<u32>(table, count, TABLE_SERIES);
  store<u32>(table, load<u32>(table, TABLE_SERIES_EPOCH) + 1, TABLE_SERIES_EPOCH);
}

/** Moves the values and the dictionary of a tag column into arrays of their own size; nothing is numbered anew. */
export function repackTag(column: usize): void {
  memory.copy(before, column, COLUMN_STRUCT_BYTES);
  memory.fill(column + COLUMN_COUNT, 0, COLUMN_KEY_AT - COLUMN_COUNT);
  const entries = load<u32>(before, COLUMN_ENTRIES);
  const ends = load<u32>(before, COLUMN_ENTRY_ENDS);
  const heap = load<u32>(before, COLUMN_HEAP);
  const hashes = load<u32>(before, COLUMN_ENTRY_HASHES);
  for (let code: u32 = 0; code < entries; code++) {
    const start = textStart(ends, code);
    addEntry(column, heap + start, load<u32>(ends + (code << 2)) - start, load<u32>(hashes + (code << 2)), 0);
  }
  const count = load<u32>(before, COLUMN_COUNT);
  for (let i: u32 = 0; i < count; i++) appendCode(column, rowOfValue(before, i), codeAt(i));
  clearColumn(before);
}

@inline
function codeAt(index: u32): u32 {
  return load<u32>(load<u32>(before, COLUMN_VALUES) + (index << 2));
}

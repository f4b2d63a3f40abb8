// Series that have no rows any more leave a table: those that stay are numbered anew in their old order, and dictionaries
// keep the entries that are still used.
import {
  COLUMN_COUNT, COLUMN_ENTRIES, COLUMN_ENTRY_ENDS, COLUMN_ENTRY_HASHES, COLUMN_HEAP, COLUMN_KEY_AT, COLUMN_KIND,
  COLUMN_STRUCT_BYTES, COLUMN_VALUES,
} from '../layout/column';
import { TABLE_COLUMNS, TABLE_ROWS, TABLE_SERIES, TABLE_SERIES_AT, TABLE_SERIES_EPOCH } from '../layout/table';
import { KIND_TAG } from '../layout/codes';
import { appendCode, clearColumn } from './column';
import { columnAt, rowOfValue, textStart } from './read';
import { addEntry } from './dictionary';
import { give, take } from './memory';

/** A copy of the struct of the column being rebuilt, with its old arrays. */
const before: usize = memory.data(128, 8);
/** In place of a series' new number: it goes. */
const GONE: u32 = 0xFFFFFFFF;

/** Takes all series out of a table without rows. */
export function dropSeries(table: usize): void {
  const columns = load<u32>(table, TABLE_COLUMNS);
  for (let i: u32 = 0; i < columns; i++) {
    const column = columnAt(table, i);
    if (load<u32>(column, COLUMN_KIND) == KIND_TAG) clearColumn(column);
  }
  setSeriesCount(table, 0);
}

/** Keeps the series that have rows. */
export function keepSeries(table: usize): void {
  const series = load<u32>(table, TABLE_SERIES);
  const numbers = take(series << 2);
  const kept = numberUsed(table, numbers, series);
  const columns = load<u32>(table, TABLE_COLUMNS);
  for (let i: u32 = 0; i < columns; i++) {
    const column = columnAt(table, i);
    if (load<u32>(column, COLUMN_KIND) == KIND_TAG) rebuildTag(column, numbers);
  }
  give(numbers, series << 2);
  setSeriesCount(table, kept);
}

function setSeriesCount(table: usize, count: u32): void {
  store<u32>(table, count, TABLE_SERIES);
  store<u32>(table, load<u32>(table, TABLE_SERIES_EPOCH) + 1, TABLE_SERIES_EPOCH);
}

/** Writes the new number of each series to `numbers`, and into the rows; returns how many there are. */
function numberUsed(table: usize, numbers: usize, series: u32): u32 {
  const ofRows = <usize>load<u32>(table, TABLE_SERIES_AT);
  const end = ofRows + (<usize>load<u32>(table, TABLE_ROWS) << 2);
  memory.fill(numbers, 0xFF, series << 2);
  for (let at = ofRows; at < end; at += 4) store<u32>(numbers + (<usize>load<u32>(at) << 2), 0);
  let kept: u32 = 0;
  for (let at = numbers; at < numbers + (<usize>series << 2); at += 4) {
    if (load<u32>(at) != GONE) store<u32>(at, kept++);
  }
  for (let at = ofRows; at < end; at += 4) store<u32>(at, load<u32>(numbers + (<usize>load<u32>(at) << 2)));
  return kept;
}

/** Builds a tag column anew of the series that stay, its dictionary of the entries they use, in the old order. */
function rebuildTag(column: usize, numbers: usize): void {
  memory.copy(before, column, COLUMN_STRUCT_BYTES);
  memory.fill(column + COLUMN_COUNT, 0, COLUMN_KEY_AT - COLUMN_COUNT);
  const entries = load<u32>(before, COLUMN_ENTRIES);
  const codes = take(entries << 2);
  memory.fill(codes, 0, entries << 2);
  const count = load<u32>(before, COLUMN_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    if (numberAt(numbers, i) != GONE) store<u32>(codes + (codeAt(i) << 2), 1);
  }
  moveEntries(column, codes, entries);
  for (let i: u32 = 0; i < count; i++) {
    const number = numberAt(numbers, i);
    if (number != GONE) appendCode(column, number, load<u32>(codes + (codeAt(i) << 2)));
  }
  give(codes, entries << 2);
  clearColumn(before);
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

/** New number of the series of the old value `index`. */
@inline
function numberAt(numbers: usize, index: u32): u32 {
  return load<u32>(numbers + (<usize>rowOfValue(before, index) << 2));
}

@inline
function codeAt(index: u32): u32 {
  return load<u32>(load<u32>(before, COLUMN_VALUES) + (index << 2));
}

/** Adds the old entries whose code is marked, and puts the new code in place of the mark. */
function moveEntries(column: usize, codes: usize, entries: u32): void {
  const ends = load<u32>(before, COLUMN_ENTRY_ENDS);
  const heap = load<u32>(before, COLUMN_HEAP);
  const hashes = load<u32>(before, COLUMN_ENTRY_HASHES);
  for (let code: u32 = 0; code < entries; code++) {
    if (load<u32>(codes + (code << 2)) == 0) continue;
    const start = textStart(ends, code);
    const bytes = load<u32>(ends + (code << 2)) - start;
    store<u32>(codes + (code << 2), addEntry(column, heap + start, bytes, load<u32>(hashes + (code << 2)), 0));
  }
}

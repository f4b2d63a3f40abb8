// Removing rows from a table builder, after a seal or when rows are given up: the rest moves into arrays of its own
// size, rows are numbered anew, dictionaries keep the entries that are still used.
import {
  COLUMN_COUNT, COLUMN_ENTRIES, COLUMN_ENTRY_ENDS, COLUMN_HEAP, COLUMN_KIND, COLUMN_ROWS, COLUMN_VALUES,
  KIND_STRING, KIND_TAG, TABLE_COLUMNS, TABLE_ROWS, TABLE_TIMES,
} from '../abi';
import { tableAt } from './catalog';
import {
  clearColumn, COLUMN_ENTRY_HASHES, COLUMN_KEY_AT, COLUMN_STRUCT_BYTES, heapUsed, reserveHeap, reserveValues, valueShift, valuesBefore,
} from './column';
import { addEntry, entryStart } from './dictionary';
import { give, take } from './space';
import { clearTable, columnAt, reserveTimes, TABLE_TIMES_CAPACITY } from './table';

/** Bytes of a span given to removeSpans: first row and one past the last, u32 each. */
const RANGE_BYTES: u32 = 8;
/** A copy of the struct of the column being rebuilt, with its old arrays. */
const before: usize = memory.data(128, 8);

/** Removes the rows of `count` ranges (first, one past the last; u32 each), ascending and disjoint, from a table. */
export function removeSpans(tableId: u32, ranges: usize, count: u32): void {
  const table = tableAt(tableId);
  if (table == 0 || count == 0) return;
  const rows = load<u32>(table, TABLE_ROWS);
  let removed: u32 = 0;
  for (let i: u32 = 0; i < count; i++) removed += rangeEnd(ranges, i) - rangeFirst(ranges, i);
  if (removed == rows) return clearTable(table);
  const columns = load<u32>(table, TABLE_COLUMNS);
  for (let i: u32 = 0; i < columns; i++) rebuildColumn(columnAt(table, i), rows, ranges, count);
  rebuildTimes(table, rows, rows - removed, ranges, count);
}

@inline
function rangeFirst(ranges: usize, index: u32): u32 {
  return load<u32>(ranges + index * RANGE_BYTES);
}

@inline
function rangeEnd(ranges: usize, index: u32): u32 {
  return load<u32>(ranges + index * RANGE_BYTES, 4);
}

function rebuildTimes(table: usize, rows: u32, kept: u32, ranges: usize, count: u32): void {
  const times = load<u32>(table, TABLE_TIMES);
  const capacity = load<u32>(table, TABLE_TIMES_CAPACITY);
  store<u32>(table, 0, TABLE_TIMES);
  store<u32>(table, 0, TABLE_TIMES_CAPACITY);
  reserveTimes(table, 0, kept);
  let to = load<u32>(table, TABLE_TIMES);
  let first: u32 = 0;
  for (let i: u32 = 0; i <= count; i++) {
    const end = i < count ? rangeFirst(ranges, i) : rows;
    memory.copy(to, times + (first << 3), (end - first) << 3);
    to += (end - first) << 3;
    if (i < count) first = rangeEnd(ranges, i);
  }
  store<u32>(table, kept, TABLE_ROWS);
  give(times, capacity << 3);
}

function rebuildColumn(column: usize, rows: u32, ranges: usize, count: u32): void {
  memory.copy(before, column, COLUMN_STRUCT_BYTES);
  let kept = load<u32>(before, COLUMN_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    kept -= valuesBefore(before, rangeEnd(ranges, i)) - valuesBefore(before, rangeFirst(ranges, i));
  }
  if (kept == 0) return clearColumn(column);
  memory.fill(column + COLUMN_COUNT, 0, COLUMN_KEY_AT - COLUMN_COUNT);
  reserveValues(column, kept);
  let first: u32 = 0;
  let removed: u32 = 0;
  for (let i: u32 = 0; i <= count; i++) {
    const end = i < count ? rangeFirst(ranges, i) : rows;
    moveValues(column, valuesBefore(before, first), valuesBefore(before, end), removed);
    if (i < count) {
      first = rangeEnd(ranges, i);
      removed += first - end;
    }
  }
  if (load<u32>(column, COLUMN_KIND) == KIND_TAG) rebuildDictionary(column);
  clearColumn(before);
}

/** Appends values [from, to) of the old arrays, their rows `removed` lower. */
function moveValues(column: usize, from: u32, to: u32, removed: u32): void {
  const count = load<u32>(column, COLUMN_COUNT);
  const kind = load<u32>(column, COLUMN_KIND);
  const rowsTo = load<u32>(column, COLUMN_ROWS) + (count << 2);
  const rowsFrom = load<u32>(before, COLUMN_ROWS);
  for (let i = from; i < to; i++) {
    store<u32>(rowsTo + ((i - from) << 2), load<u32>(rowsFrom + (i << 2)) - removed);
  }
  if (kind == KIND_STRING) {
    moveStrings(column, from, to);
  } else {
    const shift = valueShift(kind);
    const values = load<u32>(before, COLUMN_VALUES);
    memory.copy(load<u32>(column, COLUMN_VALUES) + (count << shift), values + (from << shift), (to - from) << shift);
  }
  store<u32>(column, count + to - from, COLUMN_COUNT);
}

function moveStrings(column: usize, from: u32, to: u32): void {
  if (from == to) return;
  const ends = load<u32>(before, COLUMN_VALUES);
  const start = entryStart(ends, from);
  const bytes = load<u32>(ends + ((to - 1) << 2)) - start;
  const used = heapUsed(column);
  reserveHeap(column, used, used + bytes);
  memory.copy(load<u32>(column, COLUMN_HEAP) + used, load<u32>(before, COLUMN_HEAP) + start, bytes);
  const endsTo = load<u32>(column, COLUMN_VALUES) + (load<u32>(column, COLUMN_COUNT) << 2);
  for (let i = from; i < to; i++) store<u32>(endsTo + ((i - from) << 2), load<u32>(ends + (i << 2)) - start + used);
}

/** Gives the moved codes a dictionary of the entries they use, in the old order. */
function rebuildDictionary(column: usize): void {
  const entries = load<u32>(before, COLUMN_ENTRIES);
  const codes = take(entries << 2);
  memory.fill(codes, 0, entries << 2);
  const count = load<u32>(column, COLUMN_COUNT);
  const values = load<u32>(column, COLUMN_VALUES);
  for (let i: u32 = 0; i < count; i++) store<u32>(codes + (load<u32>(values + (i << 2)) << 2), 1);
  const ends = load<u32>(before, COLUMN_ENTRY_ENDS);
  const heap = load<u32>(before, COLUMN_HEAP);
  const hashes = load<u32>(before, COLUMN_ENTRY_HASHES);
  for (let code: u32 = 0; code < entries; code++) {
    if (load<u32>(codes + (code << 2)) == 0) continue;
    const start = entryStart(ends, code);
    const bytes = load<u32>(ends + (code << 2)) - start;
    const hash = (<u64>load<u32>(hashes + (code << 2))) << 32;
    store<u32>(codes + (code << 2), addEntry(column, heap + start, bytes, hash, 0));
  }
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(values + (i << 2), load<u32>(codes + (load<u32>(values + (i << 2)) << 2)));
  }
  give(codes, entries << 2);
}

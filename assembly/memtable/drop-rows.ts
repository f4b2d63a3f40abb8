// Removing rows from a memtable, after a flush or when rows are given up: the rest moves into arrays of its own
// size, and rows are numbered anew. Series and dictionaries stay as they are for the lines to come, unless there are more
// than a few of them to the rows there were: then those without rows go (compact-series.ts).
import {
  COLUMN_COUNT, COLUMN_DENSE, COLUMN_HEAP, COLUMN_KEY_AT, COLUMN_KIND, COLUMN_ROWS, COLUMN_STRUCT_BYTES, COLUMN_VALUES,
} from '../layout/column';
import {
  TABLE_COLUMNS, TABLE_ROWS, TABLE_ROWS_CAPACITY, TABLE_SERIES, TABLE_SERIES_AT, TABLE_TIMES,
} from '../layout/table';
import { KIND_STRING, KIND_TAG } from '../layout/codes';
import { tableAt } from './tables';
import { reserveHeap } from './column-heap';
import { columnAt, rowOfValue, textStart, valueFrom } from './read';
import { clearColumn, heapUsed, reserveValues, valueShift } from './column';
import { freeNumbers, startNumbers } from './row-numbers';
import { dropSeries, keepSeries } from './compact-series';
import { give } from './memory';
import { clearRows, reserveRows } from './table';

/** Bytes of a span given to removeSpans: first row and one past the last, u32 each. */
const RANGE_BYTES: u32 = 8;
/** Series are kept while there were at least so many rows a series, or so few series. */
const ROWS_PER_SERIES: u64 = 4;
const SERIES_FEW: u32 = 4096;
/** A copy of the struct of the column being rebuilt, with its old arrays. */
const before: usize = memory.data(128, 8);

/** Removes the rows of `count` ranges (first, one past the last; u32 each), ascending and disjoint, from a table. */
export function removeSpans(tableId: u32, ranges: usize, count: u32): void {
  const table = tableAt(tableId);
  if (table == 0 || count == 0) return;
  const rows = load<u32>(table, TABLE_ROWS);
  let removed: u32 = 0;
  for (let i: u32 = 0; i < count; i++) removed += rangeEnd(ranges, i) - rangeFirst(ranges, i);
  const series = load<u32>(table, TABLE_SERIES);
  const isCrowded = series > SERIES_FEW && <u64>series * ROWS_PER_SERIES > <u64>rows;
  moveRows(table, rows, removed, ranges, count);
  if (!isCrowded) return;
  if (removed == rows) dropSeries(table);
  else keepSeries(table);
}

/** Moves the rows of a table that are not in the ranges, which have `removed` of its `rows`, into arrays of their own size. */
export function moveRows(table: usize, rows: u32, removed: u32, ranges: usize, count: u32): void {
  if (removed == rows) return clearRows(table);
  const columns = load<u32>(table, TABLE_COLUMNS);
  for (let i: u32 = 0; i < columns; i++) {
    const column = columnAt(table, i);
    if (load<u32>(column, COLUMN_KIND) != KIND_TAG) rebuildColumn(column, rows, ranges, count);
  }
  rebuildRows(table, rows, rows - removed, ranges, count);
}

@inline
function rangeFirst(ranges: usize, index: u32): u32 {
  return load<u32>(ranges + index * RANGE_BYTES);
}

@inline
function rangeEnd(ranges: usize, index: u32): u32 {
  return load<u32>(ranges + index * RANGE_BYTES, 4);
}

function rebuildRows(table: usize, rows: u32, kept: u32, ranges: usize, count: u32): void {
  const times = load<u32>(table, TABLE_TIMES);
  const series = load<u32>(table, TABLE_SERIES_AT);
  const capacity = load<u32>(table, TABLE_ROWS_CAPACITY);
  store<u32>(table, 0, TABLE_TIMES);
  store<u32>(table, 0, TABLE_SERIES_AT);
  store<u32>(table, 0, TABLE_ROWS_CAPACITY);
  reserveRows(table, 0, kept);
  let to: u32 = 0;
  let first: u32 = 0;
  for (let i: u32 = 0; i <= count; i++) {
    const end = i < count ? rangeFirst(ranges, i) : rows;
    memory.copy(load<u32>(table, TABLE_TIMES) + (to << 3), times + (first << 3), (end - first) << 3);
    memory.copy(load<u32>(table, TABLE_SERIES_AT) + (to << 2), series + (first << 2), (end - first) << 2);
    to += end - first;
    if (i < count) first = rangeEnd(ranges, i);
  }
  store<u32>(table, kept, TABLE_ROWS);
  give(times, capacity << 3);
  give(series, capacity << 2);
}

function rebuildColumn(column: usize, rows: u32, ranges: usize, count: u32): void {
  memory.copy(before, column, COLUMN_STRUCT_BYTES);
  let kept = load<u32>(before, COLUMN_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    kept -= valueFrom(before, rangeEnd(ranges, i)) - valueFrom(before, rangeFirst(ranges, i));
  }
  if (kept == 0) return clearColumn(column);
  memory.fill(column + COLUMN_COUNT, 0, COLUMN_KEY_AT - COLUMN_COUNT);
  reserveValues(column, kept);
  if (load<u32>(before, COLUMN_ROWS) != 0) startNumbers(column, denseKept(ranges, count));
  let first: u32 = 0;
  let removed: u32 = 0;
  for (let i: u32 = 0; i <= count; i++) {
    const end = i < count ? rangeFirst(ranges, i) : rows;
    moveValues(column, valueFrom(before, first), valueFrom(before, end), removed);
    if (i < count) {
      first = rangeEnd(ranges, i);
      removed += first - end;
    }
  }
  clearColumn(before);
  if (rowOfValue(column, kept - 1) == kept - 1) freeNumbers(column);
}

/** How many of the first rows, which had values all, are kept. */
function denseKept(ranges: usize, count: u32): u32 {
  const dense = load<u32>(before, COLUMN_DENSE);
  let kept = dense;
  for (let i: u32 = 0; i < count; i++) kept -= min(rangeEnd(ranges, i), dense) - min(rangeFirst(ranges, i), dense);
  return kept;
}

/** Appends values [from, to) of the old arrays, their rows `removed` lower. */
function moveValues(column: usize, from: u32, to: u32, removed: u32): void {
  const count = load<u32>(column, COLUMN_COUNT);
  const kind = load<u32>(column, COLUMN_KIND);
  const rowsFrom = load<u32>(before, COLUMN_ROWS);
  if (rowsFrom != 0) {
    const rowsTo = load<u32>(column, COLUMN_ROWS) + ((count - from) << 2);
    for (let i = max(from, load<u32>(before, COLUMN_DENSE)); i < to; i++) store<u32>(rowsTo + (i << 2), load<u32>(rowsFrom + (i << 2)) - removed);
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
  const start = textStart(ends, from);
  const bytes = load<u32>(ends + ((to - 1) << 2)) - start;
  const used = heapUsed(column);
  reserveHeap(column, used, used + bytes);
  memory.copy(load<u32>(column, COLUMN_HEAP) + used, load<u32>(before, COLUMN_HEAP) + start, bytes);
  const endsTo = load<u32>(column, COLUMN_VALUES) + (load<u32>(column, COLUMN_COUNT) << 2);
  for (let i = from; i < to; i++) store<u32>(endsTo + ((i - from) << 2), load<u32>(ends + (i << 2)) - start + used);
}

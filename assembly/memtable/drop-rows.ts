// Rows that leave a memtable, after a flush or when they are given up, in steps that bodies may come between: the rest is
// copied into arrays of its own size while the old ones stand and grow, and takes their place at once, numbered anew, when
// it has caught up. Series and dictionaries stay as they are for the lines to come, unless there are more than a few of
// them to the rows there were: then those without rows go (keep-series.ts). One table at a time.
import {
  COLUMN_COUNT, COLUMN_KIND, COLUMN_STRUCT_BYTES, COLUMN_VALUES,
} from '../layout/column';
import {
  TABLE_COLUMNS, TABLE_MOVES, TABLE_ROWS, TABLE_ROWS_CAPACITY, TABLE_SERIES, TABLE_SERIES_AT, TABLE_STRUCT_BYTES, TABLE_TIMES,
} from '../layout/table';
import { KIND_STRING, KIND_TAG } from '../layout/codes';
import { tableAt } from './tables';
import { columnAt, rowOfValue, textStart, valueFrom } from './read';
import { clearColumn } from './column';
import { dropSeries } from './compact-series';
import { keepEnd, keepStart, keepStep } from './keep-series';
import { give, regrow, take } from './memory';
import { endMove, moveValues, startMove } from './move-values';
import { clearRows, reserveRows } from './table';

/** Bytes of a range of rows that leave: first row and one past the last, u32 each. */
const RANGE_BYTES: u32 = 8;
const RANGES_MIN: u32 = 64;
/** Room for what is kept is counted out where the ranges are so few; else it is no more than there was. */
const RANGES_COUNTED: u32 = 16;
/** Series are kept while there were at least so many rows a series, or so few series. */
const ROWS_PER_SERIES: u64 = 4;
const SERIES_FEW: u32 = 4096;
/** A copy under way: the column struct of its arrays; the next row of the old ones, the next range, and how many rows before left. */
const COPY_ROW: usize = COLUMN_STRUCT_BYTES;
const COPY_RANGE: usize = COLUMN_STRUCT_BYTES + 4;
const COPY_REMOVED: usize = COLUMN_STRUCT_BYTES + 8;
/** 1 once its arrays were begun. */
const COPY_BEGUN: usize = COLUMN_STRUCT_BYTES + 12;
const COPY_BYTES: u32 = COLUMN_STRUCT_BYTES + 16;
/** What a run of rows costs beside its values, in values; and a value of how many bytes of text counts as one. */
const RUN_COST: u32 = 16;
const TEXT_SHIFT: u32 = 3;
/** After so many passes the rest goes in one step: bodies may come faster than steps. */
const PASSES_MAX: u32 = 8;

/** The table; 0 when no rows are leaving. */
let table: usize = 0;
let ranges: usize = 0;
let rangeCount: u32 = 0;
let rangeRoom: u32 = 0;
/** Rows in the ranges. */
let leaving: u32 = 0;
/** A copy for each column, with room for so many. */
let copies: usize = 0;
let copyRoom: u32 = 0;
/** That of the times and series of the rows, which stand in a table struct of their own. */
const ofRows: usize = memory.data(144, 8);
const rowsTo: usize = memory.data(192, 8);
/** The next column of the pass; how many passes there were, and the rows that this one began with. */
let next: u32 = 0;
let passes: u32 = 0;
let passRows: u32 = 0;
/** The rows have left, and series without rows are leaving. */
let isKeeping: bool = false;
/** Of the step. */
let left: u32 = 0;

/** Begins: ranges of rows of a table leave. */
export function dropStart(tableId: u32): void {
  table = tableAt(tableId);
  rangeCount = leaving = passes = passRows = next = 0;
  memory.fill(ofRows, 0, COPY_BYTES);
  memory.fill(rowsTo, 0, TABLE_STRUCT_BYTES);
}

/** Begins: series without rows leave a table. */
export function spareStart(tableId: u32): void {
  dropStart(tableId);
  if (load<u32>(table, TABLE_ROWS) == 0) {
    dropSeries(table);
    return;
  }
  keepStart(table);
  isKeeping = true;
}

/** One of the ranges (first, one past the last), which come ascending and disjoint, all before the first step. */
export function dropRange(first: u32, end: u32): void {
  if (rangeCount == rangeRoom) {
    const room = max(rangeRoom << 1, RANGES_MIN);
    ranges = regrow(ranges, rangeRoom * RANGE_BYTES, rangeCount * RANGE_BYTES, room * RANGE_BYTES);
    rangeRoom = room;
  }
  store<u32>(ranges + rangeCount * RANGE_BYTES, first);
  store<u32>(ranges + rangeCount * RANGE_BYTES, end, 4);
  rangeCount++;
  leaving += end - first;
}

/** Copies on, about `entries` values; 1 while there are more. */
export function dropStep(entries: u32): u32 {
  if (isKeeping) return keepStep(entries) != 0 ? 1 : finish();
  if (table == 0 || leaving == 0) return finish();
  const rows = load<u32>(table, TABLE_ROWS);
  if (leaving < rows) {
    left = passes > PASSES_MAX ? u32.MAX_VALUE : entries;
    if (!hasCopied(rows)) return 1;
  }
  settle(rows);
  return isKeeping ? 1 : finish();
}

/** Ends, done or not; what is not done leaves the table as it was, rows and then series. */
export function dropEnd(): void {
  finish();
}

/** Removes the rows of `count` ranges (first, one past the last; u32 each), ascending and disjoint, from a table at once. */
export function removeSpans(tableId: u32, from: usize, count: u32): void {
  dropStart(tableId);
  for (let i: u32 = 0; i < count; i++) dropRange(load<u32>(from + i * RANGE_BYTES), load<u32>(from + i * RANGE_BYTES, 4));
  while (dropStep(u32.MAX_VALUE) != 0) continue;
}

function finish(): u32 {
  keepEnd();
  isKeeping = false;
  for (let i: u32 = 0; i < copyRoom; i++) clearColumn(copyAt(i));
  give(copies, copyRoom * COPY_BYTES);
  give(ranges, rangeRoom * RANGE_BYTES);
  const capacity = load<u32>(rowsTo, TABLE_ROWS_CAPACITY);
  give(load<u32>(rowsTo, TABLE_TIMES), capacity << 3);
  give(load<u32>(rowsTo, TABLE_SERIES_AT), capacity << 2);
  memory.fill(rowsTo, 0, TABLE_STRUCT_BYTES);
  table = copies = ranges = 0;
  copyRoom = rangeRoom = 0;
  return 0;
}

@inline
function copyAt(index: u32): usize {
  return copies + <usize>index * COPY_BYTES;
}

@inline
function rangeFirst(index: u32): u32 {
  return load<u32>(ranges + index * RANGE_BYTES);
}

@inline
function rangeEnd(index: u32): u32 {
  return load<u32>(ranges + index * RANGE_BYTES, 4);
}

/** Spends what is left of the step; whether all that is kept was copied, with the rows that came meanwhile. */
function hasCopied(rows: u32): bool {
  const columns = load<u32>(table, TABLE_COLUMNS);
  if (columns > copyRoom) makeCopies(columns);
  do {
    if (next == 0) {
      passRows = rows;
      if (!moveOn(ofRows, 0, rows)) return false;
    }
    for (; next < columns; next++) {
      const column = columnAt(table, next);
      if (load<u32>(column, COLUMN_KIND) != KIND_TAG && !moveOn(copyAt(next), column, rows)) return false;
    }
    next = 0;
    passes++;
  } while (passRows != rows);
  return true;
}

/** Columns may come while rows leave. */
function makeCopies(columns: u32): void {
  copies = regrow(copies, copyRoom * COPY_BYTES, copyRoom * COPY_BYTES, columns * COPY_BYTES);
  memory.fill(copyAt(copyRoom), 0, <usize>(columns - copyRoom) * COPY_BYTES);
  copyRoom = columns;
}

/** Copies the kept rows of a column (0: their times and series), up to `rows`; false when the step is over before. */
function moveOn(copy: usize, column: usize, rows: u32): bool {
  if (column != 0 && load<u32>(copy, COPY_BEGUN) == 0) beginCopy(copy, column, rows);
  while (load<u32>(copy, COPY_ROW) < rows) {
    if (left == 0) return false;
    const row = load<u32>(copy, COPY_ROW);
    const range = load<u32>(copy, COPY_RANGE);
    const stop = range < rangeCount ? rangeFirst(range) : rows;
    if (row < stop) {
      store<u32>(copy, column == 0 ? copyRows(row, stop, rows) : copyValues(copy, column, row, stop), COPY_ROW);
    } else {
      store<u32>(copy, load<u32>(copy, COPY_REMOVED) + rangeEnd(range) - row, COPY_REMOVED);
      store<u32>(copy, rangeEnd(range), COPY_ROW);
      store<u32>(copy, range + 1, COPY_RANGE);
    }
    spend(RUN_COST);
  }
  return true;
}

@inline
function spend(entries: u32): void {
  left -= min(left, entries);
}

function beginCopy(copy: usize, column: usize, rows: u32): void {
  let count = load<u32>(column, COLUMN_COUNT);
  const isString = load<u32>(column, COLUMN_KIND) == KIND_STRING;
  const ends = load<u32>(column, COLUMN_VALUES);
  let heapBytes = isString && count > 0 ? textStart(ends, count) : 0;
  if (rangeCount > RANGES_COUNTED) {
    count = min(count, rows - leaving);
    heapBytes = 0;
  } else for (let i: u32 = 0; i < rangeCount; i++) {
    const from = valueFrom(column, rangeFirst(i));
    const to = valueFrom(column, rangeEnd(i));
    count -= to - from;
    if (isString) heapBytes -= textStart(ends, to) - textStart(ends, from);
  }
  startMove(copy, column, count, heapBytes);
  store<u32>(copy, 1, COPY_BEGUN);
}

/** Copies times and series of rows up to `stop`, as far as the step goes; returns the row it came to. */
function copyRows(row: u32, stop: u32, rows: u32): u32 {
  const count = load<u32>(rowsTo, TABLE_ROWS);
  const more = min(stop - row, left);
  reserveRows(rowsTo, count, max(rows - leaving, count + more));
  memory.copy(load<u32>(rowsTo, TABLE_TIMES) + (count << 3), load<u32>(table, TABLE_TIMES) + (row << 3), more << 3);
  memory.copy(load<u32>(rowsTo, TABLE_SERIES_AT) + (count << 2), load<u32>(table, TABLE_SERIES_AT) + (row << 2), more << 2);
  store<u32>(rowsTo, count + more, TABLE_ROWS);
  spend(more);
  return row + more;
}

/** The same of the values of a column. */
function copyValues(copy: usize, column: usize, row: u32, stop: u32): u32 {
  const from = valueFrom(column, row);
  const end = valueFrom(column, stop);
  let until = min(end, from + left);
  if (until < from) until = end;
  if (load<u32>(column, COLUMN_KIND) == KIND_STRING) until = textsUntil(column, from, until);
  moveValues(copy, column, from, until, load<u32>(copy, COPY_REMOVED));
  spend(until - from);
  return until == end ? stop : rowOfValue(column, until);
}

/** As many of texts [from, until) as go in the step, one at least. */
function textsUntil(column: usize, from: u32, until: u32): u32 {
  const ends = load<u32>(column, COLUMN_VALUES);
  const start = textStart(ends, from);
  let stop = until;
  while (stop > from + 1 && (textStart(ends, stop) - start) >> TEXT_SHIFT > left) stop = from + ((stop - from) >> 1);
  spend((textStart(ends, stop) - start) >> TEXT_SHIFT);
  return stop;
}

/** What was copied takes the place of all. */
function settle(rows: u32): void {
  const series = load<u32>(table, TABLE_SERIES);
  const isCrowded = series > SERIES_FEW && <u64>series * ROWS_PER_SERIES > <u64>rows;
  store<u32>(table, load<u32>(table, TABLE_MOVES) + 1, TABLE_MOVES);
  if (leaving == rows) {
    clearRows(table);
    if (isCrowded) dropSeries(table);
    return;
  }
  const columns = load<u32>(table, TABLE_COLUMNS);
  for (let i: u32 = 0; i < columns; i++) {
    const column = columnAt(table, i);
    if (load<u32>(column, COLUMN_KIND) == KIND_TAG) continue;
    endMove(copyAt(i), column);
    memory.fill(copyAt(i), 0, COPY_BYTES);
  }
  takeRows();
  if (!isCrowded) return;
  keepStart(table);
  isKeeping = true;
}

function takeRows(): void {
  const capacity = load<u32>(table, TABLE_ROWS_CAPACITY);
  give(load<u32>(table, TABLE_TIMES), capacity << 3);
  give(load<u32>(table, TABLE_SERIES_AT), capacity << 2);
  store<u32>(table, load<u32>(rowsTo, TABLE_TIMES), TABLE_TIMES);
  store<u32>(table, load<u32>(rowsTo, TABLE_SERIES_AT), TABLE_SERIES_AT);
  store<u32>(table, load<u32>(rowsTo, TABLE_ROWS_CAPACITY), TABLE_ROWS_CAPACITY);
  store<u32>(table, load<u32>(rowsTo, TABLE_ROWS), TABLE_ROWS);
  memory.fill(rowsTo, 0, TABLE_STRUCT_BYTES);
}

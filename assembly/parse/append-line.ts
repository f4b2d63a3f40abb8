// Accepted lines into memtables, with the checksum of their rows; and the way back.
import { COLUMN_ID, COLUMN_KEY_HASH, COLUMN_KIND } from '../layout/column';
import {
  TABLE_BODY, TABLE_COLUMNS, TABLE_CREATED, TABLE_FLUSHED_TO, TABLE_ID, TABLE_NAME_HASH, TABLE_ROWS, TABLE_ROWS_BEFORE,
  TABLE_SERIES, TABLE_SERIES_BEFORE,
} from '../layout/table';
import {
  KIND_BOOL, KIND_STRING, KIND_TAG, SPAN_BYTES, SPAN_ROW_END, SPAN_ROW_FIRST, SPAN_TABLE,
} from '../layout/codes';
import { columnAt, valueFrom } from '../memtable/read';
import { appendBool, appendString, appendWide, cutValues } from '../memtable/column';
import { removeEntries } from '../memtable/dictionary';
import { appendRow } from '../memtable/table';
import { trimTable } from '../memtable/trim';
import { cellSeed, hashBytes } from '../base/hash';
import { cutList, extendList, LIST_BYTES, listAt, listUsed } from '../base/list';
import { noteFields } from './fast/fields';
import { lineHasMoved } from './schema/judge';
import {
  CELL_BITS, CELL_BYTES, CELL_COLUMN, CELL_KIND, CELL_TARGET, CELL_TEXT_AT, CELL_TEXT_BYTES, cellCount, cellsAt, tagsEnd,
} from './grammar/cells';
import { bodySerial } from './body-settings';
import { addCell, beginChecksum, beginRow, endRow } from './checksum';
import { beginSeries, seriesOfLine, undoSeries } from './line-series';

/** Addresses of the tables that got rows of this body, u32 each, and their spans. */
const touched: usize = memory.data(LIST_BYTES, 8);
const spans: usize = memory.data(LIST_BYTES, 8);

/** Begins a body. */
export function beginAppending(): void {
  beginChecksum();
  beginSeries();
  cutList(touched, 0);
  cutList(spans, 0);
}

/** Whether a replayed frame's rows go into a table: it is known, was there at that number, and is not yet in files. */
export function isReplayedInto(table: usize, number: f64): bool {
  return load<u32>(table, TABLE_ID) != 0
    && !(load<f64>(table, TABLE_CREATED) > number)
    && !(load<f64>(table, TABLE_FLUSHED_TO) >= number);
}

/** Notes that the body adds rows to a table; before its first. */
export function touch(table: usize): void {
  store<u64>(table, bodySerial, TABLE_BODY);
  store<u32>(table, load<u32>(table, TABLE_ROWS), TABLE_ROWS_BEFORE);
  store<u32>(table, load<u32>(table, TABLE_SERIES), TABLE_SERIES_BEFORE);
  store<u32>(extendList(touched, 4), <u32>table);
}

/** Stores the judged line as a row of the table and adds it to the checksum. */
export function storeLine(table: usize, time: i64): void {
  if (load<u64>(table, TABLE_BODY) != bodySerial) touch(table);
  const row = appendRow(table, time, seriesOfLine(table));
  const end = cellsAt + cellCount * CELL_BYTES;
  for (let cell = tagsEnd(); cell < end; cell += CELL_BYTES) {
    const column = <usize>load<u32>(cell, CELL_COLUMN);
    const kind = load<u32>(cell, CELL_KIND);
    const bits = cellBits(cell, kind);
    addCell(cellSeed(load<u64>(column, COLUMN_KEY_HASH), kind), bits);
    // Replay alone meets unknown columns: their values go nowhere.
    if (load<u32>(column, COLUMN_KIND) == kind && load<u32>(column, COLUMN_ID) != 0) storeCell(column, row, cell, kind, bits);
  }
  if (lineHasMoved) storeMoved(row);
  else noteFields(table);
  endRow(time);
}

/** Adds the judged line to the checksum alone. */
export function checkLine(table: usize, time: i64): void {
  beginRow(load<u64>(table, TABLE_NAME_HASH));
  const end = cellsAt + cellCount * CELL_BYTES;
  for (let cell = cellsAt; cell < end; cell += CELL_BYTES) {
    const kind = load<u32>(cell, CELL_KIND);
    addCell(cellSeed(load<u64>(load<u32>(cell, CELL_COLUMN), COLUMN_KEY_HASH), kind), cellBits(cell, kind));
  }
  endRow(time);
}

/** What stands for the value in the checksum. */
@inline
function cellBits(cell: usize, kind: u32): u64 {
  return kind == KIND_TAG || kind == KIND_STRING
    ? hashBytes(load<u32>(cell, CELL_TEXT_AT), load<u32>(cell, CELL_TEXT_BYTES))
    : load<u64>(cell, CELL_BITS);
}

@inline
function storeCell(column: usize, row: u32, cell: usize, kind: u32, bits: u64): void {
  if (kind == KIND_STRING) {
    appendString(column, row, load<u32>(cell, CELL_TEXT_AT), load<u32>(cell, CELL_TEXT_BYTES));
  } else if (kind == KIND_BOOL) {
    appendBool(column, row, <u8>bits);
  } else {
    appendWide(column, row, bits);
  }
}

/** Stores the fields whose own columns have another kind where the judge found columns for them; replay may have found none. */
function storeMoved(row: u32): void {
  const end = cellsAt + cellCount * CELL_BYTES;
  for (let cell = tagsEnd(); cell < end; cell += CELL_BYTES) {
    const kind = load<u32>(cell, CELL_KIND);
    if (load<u32>(load<u32>(cell, CELL_COLUMN), COLUMN_KIND) == kind) continue;
    const target = <usize>load<u32>(cell, CELL_TARGET);
    if (target == 0) continue;
    if (load<u32>(target, COLUMN_KIND) != kind) appendWide(target, row, reinterpret<u64>(<f64>load<i64>(cell, CELL_BITS)));
    else if (kind == KIND_STRING) appendString(target, row, load<u32>(cell, CELL_TEXT_AT), load<u32>(cell, CELL_TEXT_BYTES));
    else if (kind == KIND_BOOL) appendBool(target, row, <u8>load<u64>(cell, CELL_BITS));
    else appendWide(target, row, load<u64>(cell, CELL_BITS));
  }
}

/** Removes all rows of the body from the memtables, which are then as they were, but for a little of their room. */
export function rollBack(): void {
  for (let i: u32 = 0; i < listUsed(touched); i += 4) {
    const table = <usize>load<u32>(listAt(touched) + i);
    const rows = load<u32>(table, TABLE_ROWS_BEFORE);
    const series = load<u32>(table, TABLE_SERIES_BEFORE);
    const columns = load<u32>(table, TABLE_COLUMNS);
    for (let j: u32 = 0; j < columns; j++) {
      const column = columnAt(table, j);
      cutValues(column, valueFrom(column, load<u32>(column, COLUMN_KIND) == KIND_TAG ? series : rows));
      removeEntries(column, bodySerial);
    }
    store<u32>(table, rows, TABLE_ROWS);
    store<u32>(table, series, TABLE_SERIES);
  }
  undoSeries();
  for (let i: u32 = 0; i < listUsed(touched); i += 4) trimTable(load<u32>(listAt(touched) + i));
  cutList(touched, 0);
}

/** Lists the rows the body added (SPAN_* of layout/codes.ts), by table in the order they were first met. */
export function listSpans(): void {
  for (let i: u32 = 0; i < listUsed(touched); i += 4) {
    const table = <usize>load<u32>(listAt(touched) + i);
    const span = extendList(spans, SPAN_BYTES);
    store<u32>(span, load<u32>(table, TABLE_ID), SPAN_TABLE);
    store<u32>(span, load<u32>(table, TABLE_ROWS_BEFORE), SPAN_ROW_FIRST);
    store<u32>(span, load<u32>(table, TABLE_ROWS), SPAN_ROW_END);
  }
}

/** Address of the spans that listSpans listed. */
export function bodySpansAt(): usize {
  return listAt(spans);
}

/** Number of the spans that listSpans listed. */
export function bodySpanCount(): u32 {
  return listUsed(spans) / SPAN_BYTES;
}

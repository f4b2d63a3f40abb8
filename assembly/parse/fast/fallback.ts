// What the fast path does where its loop over the fields stops short: makes room, finds the column of a key that stands
// elsewhere among the fields, reads a number in full. Then the loop goes on.
import { COLUMN_ID, COLUMN_KIND, COLUMN_SEED, COLUMN_SPELLED_BYTES } from '../../layout/column';
import { TABLE_FIELDS, TABLE_FIELDS_AT } from '../../layout/table';
import { KIND_BOOL, KIND_STRING, KIND_TAG } from '../../layout/codes';
import { appendBool, appendString, appendWide, makeRoom } from '../../memtable/column';
import { noteField } from '../../memtable/cache/line-guess';
import { hintedColumn, hintOf, setHint } from '../../memtable/cache/column-hints';
import { findColumn } from '../../memtable/table';
import { hashBytes } from '../../base/hash';
import { maskOfNameEnds, maskOfStringStops } from '../../base/simd-bytes';
import { addCell } from '../checksum';
import { COMMA, EQUALS, NEWLINE, QUOTE } from '../grammar/characters';
import { isSpelled, stop, STOP_END, STOP_KEY, STOP_ROOM, STOP_TWICE, stopField, appendFields } from './fields';
import { CELL_BITS, CELL_KIND, nextCell } from '../grammar/cells';
import { readValue, STRING_BYTES_MAX } from '../grammar/value';

/** Appends all fields of a line, whose first key is at `at`, as values of `row`; returns where the last ends, or 0 when the line is not for the fast path. */
export function appendAllFields(at: usize, end: usize, table: usize, row: u32): usize {
  let field: u32 = 0;
  while (true) {
    at = appendFields(at, load<u32>(table, TABLE_FIELDS_AT), field, load<u32>(table, TABLE_FIELDS), row);
    if (stop == STOP_END) return at;
    if (stop == STOP_TWICE) return 0;
    field = stopField;
    if (stop == STOP_KEY) {
      const column = columnAt(table, at);
      if (column == 0 || !noteField(table, field, column)) return 0;
      continue;
    }
    const column = <usize>load<u32>(load<u32>(table, TABLE_FIELDS_AT) + (field << 2));
    if (stop == STOP_ROOM) {
      makeRoom(column, row);
      continue;
    }
    at = load<u32>(column, COLUMN_KIND) == KIND_STRING ? appendStringAt(column, at, row) : appendValueAt(column, at, end, row);
    if (at == 0 || <u32>load<u8>(at) != COMMA) return at;
    at++;
    field++;
  }
  return 0;
}

/** The column of the key at `at`, when it has no escapes; 0 when there is none, or it is a tag. */
function columnAt(table: usize, at: usize): usize {
  let to = at;
  let hits = maskOfNameEnds(to, EQUALS);
  while (hits == 0) {
    to += 16;
    hits = maskOfNameEnds(to, EQUALS);
  }
  to += <usize>ctz(hits);
  if (to == at || <u32>load<u8>(to) != EQUALS) return 0;
  const bytes = <u32>(to - at);
  const hint = hintOf(table, at, bytes);
  const hinted = hintedColumn(hint, table);
  if (hinted != 0 && load<u16>(hinted, COLUMN_SPELLED_BYTES) == bytes + 1 && isSpelled(at, hinted, bytes + 1)) return hinted;
  const column = findColumn(table, at, bytes, hashBytes(at, bytes));
  if (column == 0 || load<u32>(column, COLUMN_ID) == 0 || load<u32>(column, COLUMN_KIND) == KIND_TAG) return 0;
  // A key with bytes that its spelling escapes would not be found again.
  if (load<u16>(column, COLUMN_SPELLED_BYTES) != bytes + 1) return 0;
  setHint(hint, table, column);
  return column;
}

/** Appends a string without escapes, newlines and bytes over 7F; returns where it ends, or 0 when it is no such string. */
function appendStringAt(column: usize, at: usize, row: u32): usize {
  if (<u32>load<u8>(at) != QUOTE) return 0;
  const text = at + 1;
  let to = text;
  let hits = maskOfStringStops(to, QUOTE, NEWLINE);
  while (hits == 0) {
    to += 16;
    hits = maskOfStringStops(to, QUOTE, NEWLINE);
  }
  to += <usize>ctz(hits);
  const bytes = to - text;
  if (<u32>load<u8>(to) != QUOTE || bytes > STRING_BYTES_MAX) return 0;
  appendString(column, row, text, <u32>bytes);
  addCell(load<u64>(column, COLUMN_SEED), hashBytes(text, bytes));
  return to + 1;
}

/** Reads a value as the exact path does and appends it; returns where it ends, or 0 when it is no value of the column's kind. */
function appendValueAt(column: usize, at: usize, end: usize, row: u32): usize {
  const kind = load<u32>(column, COLUMN_KIND);
  if (<u32>load<u8>(at) == QUOTE) return 0;
  const cell = nextCell();
  const to = readValue(at, end, cell);
  if (to == 0 || load<u32>(cell, CELL_KIND) != kind) return 0;
  const bits = load<u64>(cell, CELL_BITS);
  if (kind == KIND_BOOL) appendBool(column, row, <u8>bits);
  else appendWide(column, row, bits);
  addCell(load<u64>(column, COLUMN_SEED), bits);
  return to;
}

// A memtable: the struct of layout/table.ts, made and freed, its columns and its rows.
import { columnAt } from './read';
import { COLUMN_KEY_AT, COLUMN_KEY_BYTES, COLUMN_KEY_HASH, COLUMN_KIND } from '../layout/column';
import {
  TABLE_CELLS_AT, TABLE_CELLS_CAPACITY, TABLE_COLUMNS, TABLE_COLUMNS_AT, TABLE_COLUMNS_CAPACITY, TABLE_DATABASE,
  TABLE_FIELDS_AT, TABLE_FIELDS_CAPACITY, TABLE_ID, TABLE_KEY_BYTES, TABLE_NAME_AT, TABLE_NAME_BYTES, TABLE_NAME_HASH,
  TABLE_ROWS, TABLE_ROWS_CAPACITY, TABLE_SEQS, TABLE_SEQS_CAPACITY, TABLE_SERIES, TABLE_SERIES_AT, TABLE_SLOTS, TABLE_SLOTS_MASK, TABLE_STRUCT_BYTES,
  TABLE_TIMES,
} from '../layout/table';
import { KIND_TAG, NAME_COST_BYTES } from '../layout/codes';
import { equalBytes } from '../base/hash';
import { secretHash } from '../base/secret-hash';
import { clearColumn, createColumn, freeColumn } from './column';
import { give, regrow, roomFor, take } from './memory';

const COLUMNS_MIN: u32 = 8;

/** What the names of all tables and columns count, provisional ones included. */
export let namesBytes: u64 = 0;

/** A new table without columns and rows. `id` 0: provisional, known for the rest of a body only. */
export function createTable(id: u32, databaseId: u32, nameAt: usize, nameBytes: u32, nameHash: u64): usize {
  const table = take(TABLE_STRUCT_BYTES);
  memory.fill(table, 0, TABLE_STRUCT_BYTES);
  const name = take(nameBytes);
  memory.copy(name, nameAt, nameBytes);
  store<u32>(table, id, TABLE_ID);
  store<u32>(table, databaseId, TABLE_DATABASE);
  store<u32>(table, <u32>name, TABLE_NAME_AT);
  store<u32>(table, nameBytes, TABLE_NAME_BYTES);
  store<u64>(table, nameHash, TABLE_NAME_HASH);
  namesBytes += nameBytes + NAME_COST_BYTES;
  return table;
}

/** Frees a table and all it holds. */
export function freeTable(table: usize): void {
  const columns = load<u32>(table, TABLE_COLUMNS);
  namesBytes -= load<u32>(table, TABLE_NAME_BYTES) + load<u32>(table, TABLE_KEY_BYTES) + (columns + 1) * NAME_COST_BYTES;
  for (let i: u32 = 0; i < columns; i++) freeColumn(columnAt(table, i));
  give(load<u32>(table, TABLE_COLUMNS_AT), load<u32>(table, TABLE_COLUMNS_CAPACITY) << 2);
  if (load<u32>(table, TABLE_SLOTS) != 0) give(load<u32>(table, TABLE_SLOTS), (load<u32>(table, TABLE_SLOTS_MASK) + 1) << 2);
  give(load<u32>(table, TABLE_CELLS_AT), load<u32>(table, TABLE_CELLS_CAPACITY) << 2);
  give(load<u32>(table, TABLE_FIELDS_AT), load<u32>(table, TABLE_FIELDS_CAPACITY) << 2);
  giveRows(table);
  give(load<u32>(table, TABLE_NAME_AT), load<u32>(table, TABLE_NAME_BYTES));
  give(table, TABLE_STRUCT_BYTES);
}

/** Frees the arrays of all rows; columns and series stay. */
export function clearRows(table: usize): void {
  const columns = load<u32>(table, TABLE_COLUMNS);
  for (let i: u32 = 0; i < columns; i++) {
    const column = columnAt(table, i);
    if (load<u32>(column, COLUMN_KIND) != KIND_TAG) clearColumn(column);
  }
  giveRows(table);
  store<u32>(table, 0, TABLE_TIMES);
  store<u32>(table, 0, TABLE_SERIES_AT);
  store<u32>(table, 0, TABLE_ROWS_CAPACITY);
  store<u32>(table, 0, TABLE_SEQS);
  store<u32>(table, 0, TABLE_SEQS_CAPACITY);
  store<u32>(table, 0, TABLE_ROWS);
}

function giveRows(table: usize): void {
  const capacity = load<u32>(table, TABLE_ROWS_CAPACITY);
  give(load<u32>(table, TABLE_TIMES), capacity << 3);
  give(load<u32>(table, TABLE_SERIES_AT), capacity << 2);
  give(load<u32>(table, TABLE_SEQS), load<u32>(table, TABLE_SEQS_CAPACITY) << 3);
}

/** The column of an unescaped key, or 0. */
export function findColumn(table: usize, keyAt: usize, keyBytes: u32, keyHash: u64): usize {
  const slots = <usize>load<u32>(table, TABLE_SLOTS);
  if (slots == 0) return 0;
  const mask = load<u32>(table, TABLE_SLOTS_MASK);
  let slot = secretHash(keyAt, keyBytes) & mask;
  let column = <usize>load<u32>(slots + (slot << 2));
  while (column != 0 && !(load<u64>(column, COLUMN_KEY_HASH) == keyHash && isKey(column, keyAt, keyBytes))) {
    slot = (slot + 1) & mask;
    column = load<u32>(slots + (slot << 2));
  }
  return column;
}

/** Whether the column has that unescaped key. */
@inline
export function isKey(column: usize, keyAt: usize, keyBytes: u32): bool {
  return load<u32>(column, COLUMN_KEY_BYTES) == keyBytes && equalBytes(load<u32>(column, COLUMN_KEY_AT), keyAt, keyBytes);
}

/** Adds a column behind the others. */
export function addColumn(table: usize, id: u32, kind: u32, keyAt: usize, keyBytes: u32, keyHash: u64): usize {
  const count = load<u32>(table, TABLE_COLUMNS);
  const capacity = load<u32>(table, TABLE_COLUMNS_CAPACITY);
  if (count == capacity) growColumns(table, count, max(capacity << 1, COLUMNS_MIN));
  const column = createColumn(id, kind, keyAt, keyBytes, keyHash);
  store<u32>(load<u32>(table, TABLE_COLUMNS_AT) + (count << 2), <u32>column);
  store<u32>(table, count + 1, TABLE_COLUMNS);
  store<u32>(table, load<u32>(table, TABLE_KEY_BYTES) + keyBytes, TABLE_KEY_BYTES);
  namesBytes += keyBytes + NAME_COST_BYTES;
  putSlot(table, column);
  return column;
}

/** Room for `capacity` columns, a power of two, and slots at most half full. */
function growColumns(table: usize, count: u32, capacity: u32): void {
  const columns = load<u32>(table, TABLE_COLUMNS_AT);
  store<u32>(table, <u32>regrow(columns, count << 2, count << 2, capacity << 2), TABLE_COLUMNS_AT);
  store<u32>(table, capacity, TABLE_COLUMNS_CAPACITY);
  const slots = load<u32>(table, TABLE_SLOTS);
  if (slots != 0) give(slots, (load<u32>(table, TABLE_SLOTS_MASK) + 1) << 2);
  store<u32>(table, <u32>take(capacity << 3), TABLE_SLOTS);
  store<u32>(table, (capacity << 1) - 1, TABLE_SLOTS_MASK);
  memory.fill(load<u32>(table, TABLE_SLOTS), 0, capacity << 3);
  for (let i: u32 = 0; i < count; i++) putSlot(table, columnAt(table, i));
}

@inline
function homeSlot(column: usize, mask: u32): u32 {
  return secretHash(load<u32>(column, COLUMN_KEY_AT), load<u32>(column, COLUMN_KEY_BYTES)) & mask;
}

function putSlot(table: usize, column: usize): void {
  const slots = <usize>load<u32>(table, TABLE_SLOTS);
  const mask = load<u32>(table, TABLE_SLOTS_MASK);
  let slot = homeSlot(column, mask);
  while (load<u32>(slots + (slot << 2)) != 0) slot = (slot + 1) & mask;
  store<u32>(slots + (slot << 2), <u32>column);
}

/** Takes the column added last out again and frees it; guesses may still name it. */
export function removeLastColumn(table: usize): void {
  const last = load<u32>(table, TABLE_COLUMNS) - 1;
  const column = columnAt(table, last);
  const slots = <usize>load<u32>(table, TABLE_SLOTS);
  const mask = load<u32>(table, TABLE_SLOTS_MASK);
  let slot = homeSlot(column, mask);
  while (load<u32>(slots + (slot << 2)) != <u32>column) slot = (slot + 1) & mask;
  store<u32>(slots + (slot << 2), 0);
  store<u32>(table, last, TABLE_COLUMNS);
  store<u32>(table, load<u32>(table, TABLE_KEY_BYTES) - load<u32>(column, COLUMN_KEY_BYTES), TABLE_KEY_BYTES);
  namesBytes -= load<u32>(column, COLUMN_KEY_BYTES) + NAME_COST_BYTES;
  freeColumn(column);
}

/** Appends a row; returns its number. */
@inline
export function appendRow(table: usize, time: i64, series: u32): u32 {
  const row = load<u32>(table, TABLE_ROWS);
  if (row == load<u32>(table, TABLE_ROWS_CAPACITY)) reserveRows(table, row, row + 1);
  store<i64>(load<u32>(table, TABLE_TIMES) + (row << 3), time);
  store<u32>(load<u32>(table, TABLE_SERIES_AT) + (row << 2), series);
  store<u32>(table, row + 1, TABLE_ROWS);
  return row;
}

/** Makes room for `rows` rows in all, of which `used` are kept. */
export function reserveRows(table: usize, used: u32, rows: u32): void {
  const before = load<u32>(table, TABLE_ROWS_CAPACITY);
  if (rows <= before) return;
  const capacity = roomFor(rows);
  store<u32>(table, <u32>regrow(load<u32>(table, TABLE_TIMES), before << 3, used << 3, capacity << 3), TABLE_TIMES);
  store<u32>(table, <u32>regrow(load<u32>(table, TABLE_SERIES_AT), before << 2, used << 2, capacity << 2), TABLE_SERIES_AT);
  store<u32>(table, capacity, TABLE_ROWS_CAPACITY);
}

/** Makes room for rows that have seqs of their own; only an empty table takes such rows. */
export function reserveSeqRows(table: usize, rows: u32): void {
  reserveRows(table, 0, rows);
  const before = load<u32>(table, TABLE_SEQS_CAPACITY);
  const capacity = roomFor(rows);
  if (capacity <= before) return;
  give(load<u32>(table, TABLE_SEQS), before << 3);
  store<u32>(table, <u32>take(capacity << 3), TABLE_SEQS);
  store<u32>(table, capacity, TABLE_SEQS_CAPACITY);
}

/** Room for the rows that there are, and not much more. */
export function narrowRows(table: usize, rows: u32): void {
  const before = load<u32>(table, TABLE_ROWS_CAPACITY);
  const capacity = roomFor(rows);
  store<u32>(table, <u32>regrow(load<u32>(table, TABLE_TIMES), before << 3, rows << 3, capacity << 3), TABLE_TIMES);
  store<u32>(table, <u32>regrow(load<u32>(table, TABLE_SERIES_AT), before << 2, rows << 2, capacity << 2), TABLE_SERIES_AT);
  store<u32>(table, capacity, TABLE_ROWS_CAPACITY);
}

// A memtable column: the struct of layout/column.ts, made and freed, and writing values.
import {
  COLUMN_CAPACITY, COLUMN_COUNT, COLUMN_DENSE, COLUMN_ENTRY_CAPACITY, COLUMN_ENTRY_ENDS, COLUMN_ENTRY_HASHES,
  COLUMN_HEAP, COLUMN_HEAP_CAPACITY, COLUMN_ID, COLUMN_KEY_AT, COLUMN_KEY_BYTES, COLUMN_KEY_HASH, COLUMN_KIND,
  COLUMN_ROWS, COLUMN_SEED, COLUMN_STRUCT_BYTES, COLUMN_VALUES,
} from '../layout/column';
import { KIND_BOOL, KIND_F64, KIND_U64 } from '../layout/codes';
import { cellSeed } from '../base/hash';
import { freeSlots } from './dictionary';
import { copyWide } from '../base/simd-bytes';
import { rowOfValue } from './read';
import { freeNumbers, regrowNumbers, startNumbers } from './row-numbers';
import { reserveHeap } from './column-heap';
import { give, regrow, roomFor, take } from './memory';
import { findSpelling, freeSpelling } from './key-spelling';

/** Copies in steps of 16 bytes write up to here behind a string. */
const HEAP_MARGIN_BYTES: u32 = 16;

/** log2 of the bytes of a value in COLUMN_VALUES. */
@inline
export function valueShift(kind: u32): u32 {
  return kind >= <u32>KIND_F64 && kind <= <u32>KIND_U64 ? 3 : kind == <u32>KIND_BOOL ? 0 : 2;
}

/** A new column without values. `id` 0: provisional, known for the rest of a body only. */
export function createColumn(id: u32, kind: u32, keyAt: usize, keyBytes: u32, keyHash: u64): usize {
  const column = take(COLUMN_STRUCT_BYTES);
  memory.fill(column, 0, COLUMN_STRUCT_BYTES);
  const key = take(keyBytes);
  memory.copy(key, keyAt, keyBytes);
  store<u32>(column, id, COLUMN_ID);
  store<u32>(column, kind, COLUMN_KIND);
  store<u32>(column, <u32>key, COLUMN_KEY_AT);
  store<u32>(column, keyBytes, COLUMN_KEY_BYTES);
  store<u64>(column, keyHash, COLUMN_KEY_HASH);
  store<u64>(column, cellSeed(keyHash, kind), COLUMN_SEED);
  findSpelling(column);
  return column;
}

/** Frees the arrays of a column; it is empty then. */
export function clearColumn(column: usize): void {
  const capacity = load<u32>(column, COLUMN_CAPACITY);
  freeNumbers(column);
  give(load<u32>(column, COLUMN_VALUES), capacity << valueShift(load<u32>(column, COLUMN_KIND)));
  give(load<u32>(column, COLUMN_HEAP), load<u32>(column, COLUMN_HEAP_CAPACITY));
  const entries = load<u32>(column, COLUMN_ENTRY_CAPACITY) << 2;
  give(load<u32>(column, COLUMN_ENTRY_ENDS), entries);
  give(load<u32>(column, COLUMN_ENTRY_HASHES), entries);
  freeSlots(column);
  memory.fill(column + COLUMN_COUNT, 0, COLUMN_KEY_AT - COLUMN_COUNT);
}

/** Frees a column and all it holds. */
export function freeColumn(column: usize): void {
  clearColumn(column);
  freeSpelling(column);
  give(load<u32>(column, COLUMN_KEY_AT), load<u32>(column, COLUMN_KEY_BYTES));
  give(column, COLUMN_STRUCT_BYTES);
}

/** Makes room for `count` values in all. */
export function reserveValues(column: usize, count: u32): void {
  const before = load<u32>(column, COLUMN_CAPACITY);
  if (count <= before) return;
  const capacity = roomFor(count);
  const used = load<u32>(column, COLUMN_COUNT);
  const shift = valueShift(load<u32>(column, COLUMN_KIND));
  regrowNumbers(column, capacity);
  store<u32>(column, <u32>regrow(load<u32>(column, COLUMN_VALUES), before << shift, used << shift, capacity << shift), COLUMN_VALUES);
  store<u32>(column, capacity, COLUMN_CAPACITY);
}

/** Makes room for a value of `row`, which may have one already. */
export function makeRoom(column: usize, row: u32): void {
  const count = load<u32>(column, COLUMN_COUNT);
  reserveValues(column, count + 1);
  if (load<u32>(column, COLUMN_ROWS) != 0) return;
  // Room for numbers is made for all values to come at once: of booleans it is four times their own, so it is held from the
  // start. The value of the last row must never be the last without a number: fast/fields.ts tells by it what comes twice.
  if (count < row || (count == row && load<u32>(column, COLUMN_KIND) == KIND_BOOL)) startNumbers(column, count);
}

/** Counts one more value, for `row`; returns its index. */
@inline
function appendRow(column: usize, row: u32): u32 {
  const index = load<u32>(column, COLUMN_COUNT);
  let rows = load<u32>(column, COLUMN_ROWS);
  if (index == load<u32>(column, COLUMN_CAPACITY) || (rows == 0 && index != row)) {
    makeRoom(column, row);
    rows = load<u32>(column, COLUMN_ROWS);
  }
  store<u32>(column, index + 1, COLUMN_COUNT);
  if (rows != 0) store<u32>(rows + (index << 2), row);
  return index;
}

/** Appends an f64, i64 or u64 by its bits. */
@inline
export function appendWide(column: usize, row: u32, bits: u64): void {
  const index = appendRow(column, row);
  store<u64>(load<u32>(column, COLUMN_VALUES) + (index << 3), bits);
}

/** Appends a boolean, 0 or 1, as the value of `row`, which is behind those that have values. */
export function appendBool(column: usize, row: u32, value: u8): void {
  const index = appendRow(column, row);
  store<u8>(load<u32>(column, COLUMN_VALUES) + index, value);
}

/** Appends a tag of a series by its dictionary code. */
@inline
export function appendCode(column: usize, series: u32, code: u32): void {
  const index = appendRow(column, series);
  store<u32>(load<u32>(column, COLUMN_VALUES) + (index << 2), code);
}

/** Bytes of the values of a string column. */
@inline
export function heapUsed(column: usize): u32 {
  const count = load<u32>(column, COLUMN_COUNT);
  return count == 0 ? 0 : load<u32>(load<u32>(column, COLUMN_VALUES) + ((count - 1) << 2));
}

/** Appends a string; up to 15 bytes behind it are read. */
export function appendString(column: usize, row: u32, at: usize, bytes: u32): void {
  const used = heapUsed(column);
  const end = used + bytes;
  if (end < used || end > u32.MAX_VALUE - HEAP_MARGIN_BYTES) unreachable();
  reserveHeap(column, used, end + HEAP_MARGIN_BYTES);
  copyWide(load<u32>(column, COLUMN_HEAP) + used, at, bytes);
  const index = appendRow(column, row);
  store<u32>(load<u32>(column, COLUMN_VALUES) + (index << 2), end);
}

/** Takes back the last value when it is that of `row`, the last row. */
@inline
export function removeValue(column: usize, row: u32): void {
  const count = load<u32>(column, COLUMN_COUNT);
  if (count != 0 && rowOfValue(column, count - 1) == row) cutValues(column, count - 1);
}

/** Keeps the first `count` values. */
export function cutValues(column: usize, count: u32): void {
  if (count < load<u32>(column, COLUMN_DENSE)) freeNumbers(column);
  store<u32>(column, count, COLUMN_COUNT);
}

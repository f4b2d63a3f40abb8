// Where a row group ends: after GROUP_ROWS_MAX rows, or before the row that would take its values past GROUP_BYTES_MAX.
import { COLUMN_ENTRIES, COLUMN_KIND, KIND_BOOL, KIND_STRING, KIND_TAG, TABLE_COLUMNS } from '../abi';
import { GROUP_BYTES_MAX, GROUP_ROWS_MAX } from './abi';
import { codeOf, columnAt, entryAt, entryBytes, stringAt, stringBytes, valueFrom } from './columns';
import { indices, located } from './group';
import { entryOf, MERGED } from './order';
import { locateValues } from './presence';
import { rowEnd, rowFirst, rows } from './spans';

/** Bytes of a row's own three columns. */
const OWN_BYTES: u32 = 20;

/** Rows of the group last cut, and the entry of the order after its last. */
export let groupRows: u32 = 0;
export let groupEnd: u32 = 0;

export function startCuts(): void {
  groupRows = 0;
  groupEnd = 0;
}

/** Cuts the group that starts at entry `from`. */
export function cutGroup(table: usize, from: u32): void {
  takeRows(from, GROUP_ROWS_MAX);
  if (bytesAtMost(table) <= <u64>GROUP_BYTES_MAX) return;
  takeRows(from, rowsThatFit(table, from));
}

/** Takes entries from `from` on until they make `rowsMax` rows. */
function takeRows(from: u32, rowsMax: u32): void {
  groupRows = 0;
  groupEnd = from;
  while (groupEnd < rows && groupRows < rowsMax) {
    if (!(entryOf(groupEnd) & MERGED)) groupRows++;
    groupEnd++;
  }
}

/** A bound of the group's bytes that needs no look at rows. */
function bytesAtMost(table: usize): u64 {
  let bytes = <u64>groupRows * OWN_BYTES;
  const columns = load<u32>(table, TABLE_COLUMNS);
  for (let i: u32 = 0; i < columns; i++) {
    const column = columnAt(table, i);
    const from = valueFrom(column, rowFirst);
    const end = valueFrom(column, rowEnd);
    if (from == end) continue;
    bytes += <u64>min(groupRows, end - from) * fixedBytes(load<u32>(column, COLUMN_KIND)) + heapBytes(column, from, end);
  }
  return bytes;
}

/** Bytes a value takes, those in a heap apart. */
@inline
function fixedBytes(kind: u32): u32 {
  return kind == KIND_BOOL ? 1 : kind == KIND_TAG || kind == KIND_STRING ? 4 : 8;
}

/** Bytes in the heap that the values from `from` to `end` use at most. */
function heapBytes(column: usize, from: u32, end: u32): u64 {
  const kind = load<u32>(column, COLUMN_KIND);
  if (kind == KIND_STRING) return stringAt(column, end - 1) + stringBytes(column, end - 1) - stringAt(column, from);
  if (kind != KIND_TAG) return 0;
  const last = load<u32>(column, COLUMN_ENTRIES) - 1;
  return entryAt(column, last) + entryBytes(column, last) - entryAt(column, 0);
}

/** Adds up the bytes row by row; at least one row fits. */
function rowsThatFit(table: usize, from: u32): u32 {
  // The areas of the row group are free until its first chunk: `indices` holds the bytes of each row.
  for (let row: u32 = 0; row < groupRows; row++) store<u32>(indices + (<usize>row << 2), OWN_BYTES);
  const columns = load<u32>(table, TABLE_COLUMNS);
  for (let i: u32 = 0; i < columns; i++) {
    if (locateValues(table, i, from, groupEnd, located) > 0) addBytes(columnAt(table, i));
  }
  let bytes: u64 = 0;
  for (let row: u32 = 0; row < groupRows; row++) {
    bytes += load<u32>(indices + (<usize>row << 2));
    if (bytes > <u64>GROUP_BYTES_MAX) return max(row, 1);
  }
  return groupRows;
}

function addBytes(column: usize): void {
  const kind = load<u32>(column, COLUMN_KIND);
  let lastCode: u32 = u32.MAX_VALUE;
  for (let row: u32 = 0; row < groupRows; row++) {
    const value = load<u32>(located + (<usize>row << 2));
    if (value == 0) continue;
    let bytes = fixedBytes(kind);
    if (kind == KIND_STRING) {
      bytes += <u32>stringBytes(column, value - 1);
    } else if (kind == KIND_TAG && codeOf(column, value - 1) != lastCode) {
      // An entry counts once a run: the chunk's dictionary holds it once.
      lastCode = codeOf(column, value - 1);
      bytes += <u32>entryBytes(column, lastCode);
    }
    const slot = indices + (<usize>row << 2);
    store<u32>(slot, load<u32>(slot) + bytes);
  }
}

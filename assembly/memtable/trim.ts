// Room that rows left behind when their body was rolled back: no flush would free it, since there are no rows to flush. Where
// it is far more than is needed, what stays moves into arrays of its own size. Rows, series and codes keep their numbers.
import {
  COLUMN_CAPACITY, COLUMN_COUNT, COLUMN_ENTRIES, COLUMN_ENTRY_CAPACITY, COLUMN_ENTRY_ENDS, COLUMN_HEAP_CAPACITY,
  COLUMN_KIND,
} from '../layout/column';
import { TABLE_COLUMNS, TABLE_ROWS, TABLE_ROWS_CAPACITY } from '../layout/table';
import { KIND_STRING, KIND_TAG } from '../layout/codes';
import { heapUsed } from './column';
import { columnAt, textStart } from './read';
import { endMove, moveValues, startMove } from './move-values';
import { clearRows, narrowRows } from './table';
import { repackTag } from './compact-series';

/** So much room stays whatever is used of it, and so many times what is used. */
const ROOM_KEPT: u32 = 256;
const ROOM_TIMES: u32 = 4;
const HEAP_KEPT: u32 = 4096;
/** A column struct for the arrays that a column's values move into. */
const repacked: usize = memory.data(128, 8);

/** Gives back room of a table whose rows were rolled back. */
export function trimTable(table: usize): void {
  const rows = load<u32>(table, TABLE_ROWS);
  const columns = load<u32>(table, TABLE_COLUMNS);
  let isWide = isFar(load<u32>(table, TABLE_ROWS_CAPACITY), rows, ROOM_KEPT);
  for (let i: u32 = 0; i < columns; i++) {
    const column = columnAt(table, i);
    const kind = load<u32>(column, COLUMN_KIND);
    const isSpacious = isFar(load<u32>(column, COLUMN_CAPACITY), load<u32>(column, COLUMN_COUNT), ROOM_KEPT);
    if (kind == KIND_TAG) {
      if (isSpacious || hasSpareEntries(column)) repackTag(column);
    } else {
      isWide = isWide || isSpacious || (kind == KIND_STRING && isFar(load<u32>(column, COLUMN_HEAP_CAPACITY), heapUsed(column), HEAP_KEPT));
    }
  }
  if (isWide) repackRows(table, rows, columns);
}

/** Moves all rows into arrays of their own size; nothing is numbered anew. */
function repackRows(table: usize, rows: u32, columns: u32): void {
  if (rows == 0) return clearRows(table);
  for (let i: u32 = 0; i < columns; i++) {
    const column = columnAt(table, i);
    if (load<u32>(column, COLUMN_KIND) == KIND_TAG) continue;
    const count = load<u32>(column, COLUMN_COUNT);
    startMove(repacked, column, count, load<u32>(column, COLUMN_KIND) == KIND_STRING ? heapUsed(column) : 0);
    moveValues(repacked, column, 0, count, 0);
    endMove(repacked, column);
  }
  narrowRows(table, rows);
}

function hasSpareEntries(column: usize): bool {
  const entries = load<u32>(column, COLUMN_ENTRIES);
  const bytes = textStart(load<u32>(column, COLUMN_ENTRY_ENDS), entries);
  return isFar(load<u32>(column, COLUMN_ENTRY_CAPACITY), entries, ROOM_KEPT) || isFar(load<u32>(column, COLUMN_HEAP_CAPACITY), bytes, HEAP_KEPT);
}

@inline
function isFar(room: u32, used: u32, kept: u32): bool {
  return room > kept && room / ROOM_TIMES > used;
}

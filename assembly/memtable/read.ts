// Reads what a memtable holds: its columns, and where their values stand. Nothing here changes anything.
import {
  COLUMN_COUNT, COLUMN_DENSE, COLUMN_ENTRY_ENDS, COLUMN_HEAP, COLUMN_ID, COLUMN_KIND, COLUMN_ROWS, COLUMN_VALUES,
} from '../layout/column';
import { TABLE_COLUMNS, TABLE_COLUMNS_AT } from '../layout/table';
import { KIND_TAG } from '../layout/codes';

/** The column struct at an index of the table's list. */
@inline
export function columnAt(table: usize, index: u32): usize {
  return <usize>load<u32>(<usize>load<u32>(table, TABLE_COLUMNS_AT) + (<usize>index << 2));
}

/** Index of a column in the table's list, which is in id order; -1 when the memtable has none of that id. */
export function indexOfColumn(table: usize, id: u32): i32 {
  let low: u32 = 0;
  let high = load<u32>(table, TABLE_COLUMNS);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u32>(columnAt(table, middle), COLUMN_ID) < id) low = middle + 1;
    else high = middle;
  }
  return low < load<u32>(table, TABLE_COLUMNS) && load<u32>(columnAt(table, low), COLUMN_ID) == id ? <i32>low : -1;
}

/** Index of the column's first value at or after a row (of a tag: series). */
export function valueFrom(column: usize, row: u32): u32 {
  const rowsAt = <usize>load<u32>(column, COLUMN_ROWS);
  if (rowsAt == 0) return min(row, load<u32>(column, COLUMN_COUNT));
  let low = load<u32>(column, COLUMN_DENSE);
  if (row <= low) return row;
  let high = load<u32>(column, COLUMN_COUNT);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u32>(rowsAt + (<usize>middle << 2)) < row) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Row (of a tag: series) of a value. */
@inline
export function rowOfValue(column: usize, value: u32): u32 {
  const rowsAt = <usize>load<u32>(column, COLUMN_ROWS);
  return rowsAt == 0 || value < load<u32>(column, COLUMN_DENSE) ? value : load<u32>(rowsAt + (<usize>value << 2));
}

/** Code of a tag value. */
@inline
export function codeOf(column: usize, value: u32): u32 {
  return load<u32>(<usize>load<u32>(column, COLUMN_VALUES) + (<usize>value << 2));
}

/** Address of the ends of a column's texts: of a tag the entries of its dictionary, of a string its values. */
@inline
export function textEnds(column: usize): usize {
  return load<u32>(column, COLUMN_KIND) == KIND_TAG ? load<u32>(column, COLUMN_ENTRY_ENDS) : load<u32>(column, COLUMN_VALUES);
}

/** Where a text starts in the heap, given the ends of all. */
@inline
export function textStart(ends: usize, index: u32): u32 {
  return index == 0 ? 0 : load<u32>(ends + (<usize>(index - 1) << 2));
}

/** Address of a text: of a tag by its code, of a string by its value. */
@inline
export function textAt(column: usize, index: u32): usize {
  return <usize>load<u32>(column, COLUMN_HEAP) + textStart(textEnds(column), index);
}

/** Bytes of a text: of a tag by its code, of a string by its value. */
@inline
export function textBytes(column: usize, index: u32): usize {
  const ends = textEnds(column);
  return load<u32>(ends + (<usize>index << 2)) - textStart(ends, index);
}

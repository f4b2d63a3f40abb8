// Reads what the table builder holds: where a column's values of the sealed rows stand.
import {
  COLUMN_COUNT, COLUMN_ENTRY_ENDS, COLUMN_HEAP, COLUMN_ID, COLUMN_ROWS, COLUMN_VALUES, TABLE_COLUMNS, TABLE_COLUMNS_AT,
} from '../abi';

/** The column struct at a place in the table's list. */
@inline
export function columnAt(table: usize, index: u32): usize {
  return <usize>load<u32>(<usize>load<u32>(table, TABLE_COLUMNS_AT) + (<usize>index << 2));
}

/** Place of a column in the table's list, which is in id order; -1 when the builder has none of that id. */
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

/** Index of the column's first value at or after a row. */
export function valueFrom(column: usize, row: u32): u32 {
  const rowsAt = <usize>load<u32>(column, COLUMN_ROWS);
  let low: u32 = 0;
  let high = load<u32>(column, COLUMN_COUNT);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u32>(rowsAt + (<usize>middle << 2)) < row) low = middle + 1;
    else high = middle;
  }
  return low;
}

@inline
export function rowOfValue(column: usize, value: u32): u32 {
  return load<u32>(<usize>load<u32>(column, COLUMN_ROWS) + (<usize>value << 2));
}

/** Code of a tag value. */
@inline
export function codeOf(column: usize, value: u32): u32 {
  return load<u32>(<usize>load<u32>(column, COLUMN_VALUES) + (<usize>value << 2));
}

/** End in the heap of the piece before `index` in a list of ends: where that piece starts. */
@inline
function startIn(ends: usize, index: u32): u32 {
  return index == 0 ? 0 : load<u32>(ends + (<usize>(index - 1) << 2));
}

/** Address of a tag's dictionary entry. */
@inline
export function entryAt(column: usize, code: u32): usize {
  return <usize>load<u32>(column, COLUMN_HEAP) + startIn(<usize>load<u32>(column, COLUMN_ENTRY_ENDS), code);
}

@inline
export function entryBytes(column: usize, code: u32): usize {
  const ends = <usize>load<u32>(column, COLUMN_ENTRY_ENDS);
  return load<u32>(ends + (<usize>code << 2)) - startIn(ends, code);
}

/** Address of a string value. */
@inline
export function stringAt(column: usize, value: u32): usize {
  return <usize>load<u32>(column, COLUMN_HEAP) + startIn(<usize>load<u32>(column, COLUMN_VALUES), value);
}

@inline
export function stringBytes(column: usize, value: u32): usize {
  const ends = <usize>load<u32>(column, COLUMN_VALUES);
  return load<u32>(ends + (<usize>value << 2)) - startIn(ends, value);
}

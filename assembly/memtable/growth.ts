// What one more row costs a table whose arrays are full: they all grow at once, so it is told before.
import { COLUMN_CAPACITY, COLUMN_COUNT, COLUMN_KIND, COLUMN_ROWS } from '../layout/column';
import { TABLE_COLUMNS, TABLE_ROWS, TABLE_ROWS_CAPACITY } from '../layout/table';
import { KIND_TAG } from '../layout/codes';
import { valueShift } from './column';
import { roomFor } from './memory';
import { columnAt } from './read';

/** A time and a series. */
const ROW_BYTES: u64 = 12;
const NUMBER_BYTES: u64 = 4;

/** Bytes that memtables will hold besides when the table gets one more row, with a value in each column that is full. */
export function growthOf(table: usize): u64 {
  const rows = load<u32>(table, TABLE_ROWS);
  const before = load<u32>(table, TABLE_ROWS_CAPACITY);
  if (rows < before) return 0;
  let bytes = <u64>(roomFor(rows + 1) - before) * ROW_BYTES;
  const columns = load<u32>(table, TABLE_COLUMNS);
  for (let i: u32 = 0; i < columns; i++) {
    const column = columnAt(table, i);
    const kind = load<u32>(column, COLUMN_KIND);
    const capacity = load<u32>(column, COLUMN_CAPACITY);
    if (kind == KIND_TAG || capacity == 0 || load<u32>(column, COLUMN_COUNT) < capacity) continue;
    const valueBytes = ((<u64>1) << valueShift(kind)) + (load<u32>(column, COLUMN_ROWS) != 0 ? NUMBER_BYTES : 0);
    bytes += <u64>(roomFor(capacity + 1) - capacity) * valueBytes;
  }
  return bytes;
}

// Guesses of what the next line of a table holds, by its last line: the column of each cell, for the judge, and of each
// field, for the fast path. `index` counts from 0 the cells, or the fields, of that line.
import { COLUMN_SPELLED_BYTES } from '../../layout/column';
import {
  TABLE_CELLS, TABLE_CELLS_AT, TABLE_CELLS_CAPACITY, TABLE_COLUMNS, TABLE_FIELDS, TABLE_FIELDS_AT,
  TABLE_FIELDS_CAPACITY,
} from '../../layout/table';
import { regrow } from '../memory';

const GUESSES_MIN: u32 = 8;

/** Forgets the guesses of a table, some of whose columns are to be freed. */
export function forgetGuesses(table: usize): void {
  store<u32>(table, 0, TABLE_CELLS);
  store<u32>(table, 0, TABLE_FIELDS);
}

/** The column of the cell `index` of the table's last line, or 0. */
@inline
export function guessCell(table: usize, index: u32): usize {
  return index < load<u32>(table, TABLE_CELLS) ? <usize>load<u32>(load<u32>(table, TABLE_CELLS_AT) + (index << 2)) : 0;
}

/** Notes a column as the guess for the cell `index`, which is at most the number of guesses. */
export function noteCell(table: usize, index: u32, column: usize): void {
  const before = load<u32>(table, TABLE_CELLS_CAPACITY);
  if (index >= before) {
    const capacity = max(max(before << 1, index + 1), GUESSES_MIN);
    store<u32>(table, <u32>regrow(load<u32>(table, TABLE_CELLS_AT), before << 2, before << 2, capacity << 2), TABLE_CELLS_AT);
    store<u32>(table, capacity, TABLE_CELLS_CAPACITY);
  }
  store<u32>(load<u32>(table, TABLE_CELLS_AT) + (index << 2), <u32>column);
  if (index >= load<u32>(table, TABLE_CELLS)) store<u32>(table, index + 1, TABLE_CELLS);
}

/** Keeps the first `count` guesses of fields. */
@inline
export function cutFields(table: usize, count: u32): void {
  store<u32>(table, count, TABLE_FIELDS);
}

/**
 * Notes a column as the guess for the field `index`, which is at most their number.
 * @returns false when its key has no spelling to be compared with; nothing is noted then
 */
export function noteField(table: usize, index: u32, column: usize): bool {
  if (load<u16>(column, COLUMN_SPELLED_BYTES) == 0) return false;
  const before = load<u32>(table, TABLE_FIELDS_CAPACITY);
  if (index >= before) {
    const capacity = max(max(before << 1, min(load<u32>(table, TABLE_COLUMNS), before << 2)), GUESSES_MIN);
    store<u32>(table, <u32>regrow(load<u32>(table, TABLE_FIELDS_AT), before << 2, before << 2, capacity << 2), TABLE_FIELDS_AT);
    store<u32>(table, capacity, TABLE_FIELDS_CAPACITY);
  }
  store<u32>(load<u32>(table, TABLE_FIELDS_AT) + (index << 2), <u32>column);
  if (index >= load<u32>(table, TABLE_FIELDS)) store<u32>(table, index + 1, TABLE_FIELDS);
  return true;
}

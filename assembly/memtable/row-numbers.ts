// The row (of a tag: series) numbers of a column's values. The first COLUMN_DENSE values are those of the first rows and need
// none; so there are none at all until a row is passed over.
import { COLUMN_CAPACITY, COLUMN_COUNT, COLUMN_DENSE, COLUMN_ROWS } from '../layout/column';
import { give, take } from './memory';

/** From now on values behind the first `dense` have numbers. There are none yet. */
export function startNumbers(column: usize, dense: u32): void {
  store<u32>(column, dense, COLUMN_DENSE);
  placeNumbers(column, takeNumbers(load<u32>(column, COLUMN_CAPACITY) - dense, dense));
}

/** Moves the numbers, if there are any, into room that goes with `capacity` values; COLUMN_CAPACITY is still the old one. */
export function regrowNumbers(column: usize, capacity: u32): void {
  if (load<u32>(column, COLUMN_ROWS) == 0) return;
  const dense = load<u32>(column, COLUMN_DENSE);
  const to = takeNumbers(capacity - dense, dense);
  memory.copy(to, numbersAt(column), (load<u32>(column, COLUMN_COUNT) - dense) << 2);
  freeNumbers(column);
  placeNumbers(column, to);
}

/** Frees the numbers, if there are any: no row before the last value lacks one. */
export function freeNumbers(column: usize): void {
  if (load<u32>(column, COLUMN_ROWS) == 0) return;
  give(numbersAt(column), (load<u32>(column, COLUMN_CAPACITY) - load<u32>(column, COLUMN_DENSE)) << 2);
  store<u32>(column, 0, COLUMN_ROWS);
}

/** Where the numbers stand, if there are any: that of the value COLUMN_DENSE is the first. */
@inline
export function numbersAt(column: usize): usize {
  return load<u32>(column, COLUMN_ROWS) + (load<u32>(column, COLUMN_DENSE) << 2);
}

/** The numbers are those of a block of takeNumbers, and of the same COLUMN_DENSE. */
export function placeNumbers(column: usize, at: usize): void {
  store<u32>(column, <u32>(at - (<usize>load<u32>(column, COLUMN_DENSE) << 2)), COLUMN_ROWS);
}

/** A block for so many numbers that does not make COLUMN_ROWS 0, which says that there are no numbers. */
export function takeNumbers(count: u32, dense: u32): usize {
  const bytes = <usize>count << 2;
  const at = take(bytes);
  if (at != <usize>dense << 2) return at;
  const other = take(bytes);
  give(at, bytes);
  return other;
}

// Values of a column moved into other arrays, which stand in a column struct of their own until they take the place of the
// old ones.
import {
  COLUMN_COUNT, COLUMN_DENSE, COLUMN_HEAP, COLUMN_KEY_AT, COLUMN_KIND, COLUMN_ROWS, COLUMN_STRUCT_BYTES, COLUMN_VALUES,
} from '../layout/column';
import { KIND_STRING } from '../layout/codes';
import { reserveHeap } from './column-heap';
import { clearColumn, heapUsed, reserveValues, valueShift } from './column';
import { rowOfValue, textStart } from './read';
import { freeNumbers, startNumbers } from './row-numbers';

/** Begins arrays with room for `count` values and `heapBytes` bytes of text of a column; more may come. */
export function startMove(to: usize, column: usize, count: u32, heapBytes: u32): void {
  memory.fill(to, 0, COLUMN_STRUCT_BYTES);
  store<u32>(to, load<u32>(column, COLUMN_KIND), COLUMN_KIND);
  reserveValues(to, count);
  reserveHeap(to, 0, heapBytes);
}

/** Appends values [from, end) of a column, their rows `removed` lower. */
export function moveValues(to: usize, column: usize, from: u32, end: u32, removed: u32): void {
  if (from == end) return;
  const count = load<u32>(to, COLUMN_COUNT);
  reserveValues(to, count + end - from);
  moveNumbers(to, count, column, from, end, removed);
  if (load<u32>(column, COLUMN_KIND) == KIND_STRING) {
    moveStrings(to, count, column, from, end);
  } else {
    const shift = valueShift(load<u32>(column, COLUMN_KIND));
    memory.copy(load<u32>(to, COLUMN_VALUES) + (count << shift), load<u32>(column, COLUMN_VALUES) + (from << shift), (end - from) << shift);
  }
  store<u32>(to, count + end - from, COLUMN_COUNT);
}

/** The arrays take the place of those of the column, which are freed. */
export function endMove(to: usize, column: usize): void {
  const count = load<u32>(to, COLUMN_COUNT);
  clearColumn(column);
  if (count == 0) return clearColumn(to);
  memory.copy(column + COLUMN_COUNT, to + COLUMN_COUNT, COLUMN_KEY_AT - COLUMN_COUNT);
  store<u32>(column, load<u32>(to, COLUMN_DENSE), COLUMN_DENSE);
  if (rowOfValue(column, count - 1) == count - 1) freeNumbers(column);
}

/** Numbers of the values that go behind `count` others; they begin with the first row that is not the next. */
function moveNumbers(to: usize, count: u32, column: usize, from: u32, end: u32, removed: u32): void {
  const isDense = load<u32>(column, COLUMN_ROWS) == 0 || end <= load<u32>(column, COLUMN_DENSE);
  if (load<u32>(to, COLUMN_ROWS) == 0 && isDense && from - removed == count) return;
  for (let i = from; i < end; i++) {
    const row = rowOfValue(column, i) - removed;
    const at = count + i - from;
    if (load<u32>(to, COLUMN_ROWS) == 0) {
      if (row == at) continue;
      startNumbers(to, at);
    }
    store<u32>(load<u32>(to, COLUMN_ROWS) + (at << 2), row);
  }
}

function moveStrings(to: usize, count: u32, column: usize, from: u32, end: u32): void {
  const ends = load<u32>(column, COLUMN_VALUES);
  const start = textStart(ends, from);
  const bytes = load<u32>(ends + ((end - 1) << 2)) - start;
  const used = heapUsed(to);
  reserveHeap(to, used, used + bytes);
  memory.copy(load<u32>(to, COLUMN_HEAP) + used, load<u32>(column, COLUMN_HEAP) + start, bytes);
  const endsTo = load<u32>(to, COLUMN_VALUES) + (count << 2);
  for (let i = from; i < end; i++) store<u32>(endsTo + ((i - from) << 2), load<u32>(ends + (i << 2)) - start + used);
}

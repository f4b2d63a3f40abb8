// Sort of the rows by their tags: columns from the last to the first are joined into one dense key a row as long as
// its values are few, and each such key costs one stable counting pass over the order.
import { COLUMN_VALUES } from '../abi';
import { entryOf, place, startsOf, swapOrder } from './order';
import { codeOf, rowOfValue, valueFrom } from './columns';
import { ranked, rankEntries, ranks } from './rank';
import { rowEnd, rowFirst, rows } from './spans';
import { give, take } from './scratch';

/** Values of a joined key at most, unless one column alone has more: a few times the rows, but never a huge table. */
const KEYS_PER_ROW: u64 = 4;
const KEYS_MAX_MIN: u64 = 1 << 16;
const KEYS_MAX_MAX: u64 = 1 << 22;

/** u32 a row of the range: its joined key, which `numbers` (when not 0) turns into a number below `keyCount`. */
let keys: usize = 0;
let numbers: usize = 0;
let keyCount: u32 = 1;

export function startTags(): void {
  numbers = 0;
  keys = take(keysBytes());
  clearKeys();
}

/** Frees the keys. */
export function endTags(): void {
  give(keys);
  keys = 0;
}

@inline
function keysBytes(): usize {
  return <usize>(rowEnd - rowFirst) << 2;
}

function clearKeys(): void {
  memory.fill(keys, 0, keysBytes());
  keyCount = 1;
}

@inline
function keySlot(row: u32): usize {
  return keys + (<usize>(row - rowFirst) << 2);
}

/** Joins a tag column, which stands before those joined so far, into the key. */
export function joinTag(column: usize): void {
  const from = valueFrom(column, rowFirst);
  const end = valueFrom(column, rowEnd);
  if (from == end) return;
  rankEntries(column, from, end);
  const isDense = end - from == rowEnd - rowFirst;
  if (ranked > 1 || !isDense) {
    const keysMax = min(max(<u64>rows * KEYS_PER_ROW, KEYS_MAX_MIN), KEYS_MAX_MAX);
    if (<u64>keyCount * (ranked + 1) > keysMax) sortByKeys();
    const bound = keyCount * (ranked + 1);
    const marks = take(<usize>bound << 2);
    memory.fill(marks, 0, <usize>bound << 2);
    if (isDense) joinDense(column, from, marks);
    else joinSparse(column, from, end, marks);
    if (numbers != 0) give(numbers);
    numbers = marks;
    // The keys in use are numbered without gaps, in the same order.
    keyCount = startsOf(numbers, bound);
  }
  give(ranks);
}

/** A column with a value in every row: one pass over the keys. */
function joinDense(column: usize, from: u32, marks: usize): void {
  const codes = <usize>load<u32>(column, COLUMN_VALUES) + (<usize>from << 2);
  const bytes = keysBytes();
  for (let at: usize = 0; at < bytes; at += 4) {
    let key = load<u32>(keys + at);
    if (numbers != 0) key = load<u32>(numbers + (<usize>key << 2));
    key += load<u32>(ranks + (<usize>load<u32>(codes + at) << 2)) * keyCount;
    store<u32>(keys + at, key);
    store<u32>(marks + (<usize>key << 2), 1);
  }
}

function joinSparse(column: usize, from: u32, end: u32, marks: usize): void {
  numberKeys();
  for (let value = from; value < end; value++) {
    const slot = keySlot(rowOfValue(column, value));
    store<u32>(slot, load<u32>(slot) + load<u32>(ranks + (<usize>codeOf(column, value) << 2)) * keyCount);
  }
  const keysEnd = keys + keysBytes();
  for (let at = keys; at < keysEnd; at += 4) store<u32>(marks + (<usize>load<u32>(at) << 2), 1);
}

/** Puts the numbers in place of the keys. */
function numberKeys(): void {
  if (numbers == 0) return;
  const end = keys + keysBytes();
  for (let at = keys; at < end; at += 4) store<u32>(at, load<u32>(numbers + (<usize>load<u32>(at) << 2)));
  give(numbers);
  numbers = 0;
}

/** Sorts by the key joined so far and starts a new one. */
export function sortByKeys(): void {
  numberKeys();
  if (keyCount > 1) {
    const counts = take(<usize>keyCount << 2);
    memory.fill(counts, 0, <usize>keyCount << 2);
    for (let i: u32 = 0; i < rows; i++) {
      const slot = counts + (<usize>load<u32>(keySlot(entryOf(i))) << 2);
      store<u32>(slot, load<u32>(slot) + 1);
    }
    startsOf(counts, keyCount);
    for (let i: u32 = 0; i < rows; i++) {
      const row = entryOf(i);
      place(counts, load<u32>(keySlot(row)), row);
    }
    swapOrder();
    give(counts);
  }
  clearKeys();
}

/** Fills the keys with one column's codes from 1, 0 for null, so that rows can be compared in it. */
export function loadCodes(column: usize): void {
  memory.fill(keys, 0, keysBytes());
  const end = valueFrom(column, rowEnd);
  for (let value = valueFrom(column, rowFirst); value < end; value++) {
    store<u32>(keySlot(rowOfValue(column, value)), codeOf(column, value) + 1);
  }
}

/** Whether two rows have the same code after `loadCodes`. */
@inline
export function sameCode(a: u32, b: u32): bool {
  return load<u32>(keySlot(a)) == load<u32>(keySlot(b));
}

// Sort of the rows by their tags: columns from the last to the first are joined into one dense key a row as long as
// its values are few, and each such key costs one stable counting pass over the order.
import { entryOf, place, startsOf, swapOrder } from './order';
import { codeOf, rowOfValue, valueFrom } from './columns';
import { ranked, rankEntries, ranks } from './rank';
import { rowEnd, rowFirst, rows } from './spans';
import { give, take } from './scratch';

/** Values of a joined key at most, unless one column alone has more. */
const KEYS_MAX: u64 = 1 << 22;

/** u32 a row of the range: its joined key, below `keyCount`. */
let keys: usize = 0;
let keyCount: u32 = 1;

export function startTags(): void {
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
  if (ranked > 1 || end - from < rowEnd - rowFirst) {
    if (<u64>keyCount * (ranked + 1) > KEYS_MAX) sortByKeys();
    for (let value = from; value < end; value++) {
      const slot = keySlot(rowOfValue(column, value));
      store<u32>(slot, load<u32>(slot) + load<u32>(ranks + (<usize>codeOf(column, value) << 2)) * keyCount);
    }
    densify(keyCount * (ranked + 1));
  }
  give(ranks);
}

/** Renumbers the keys below `bound` without gaps, in the same order. */
function densify(bound: u32): void {
  const numbers = take(<usize>bound << 2);
  memory.fill(numbers, 0, <usize>bound << 2);
  const end = keys + keysBytes();
  for (let at = keys; at < end; at += 4) store<u32>(numbers + (<usize>load<u32>(at) << 2), 1);
  startsOf(numbers, bound);
  let most: u32 = 0;
  for (let at = keys; at < end; at += 4) {
    const number = load<u32>(numbers + (<usize>load<u32>(at) << 2));
    store<u32>(at, number);
    most = max(most, number);
  }
  keyCount = most + 1;
  give(numbers);
}

/** Sorts by the key joined so far and starts a new one. */
export function sortByKeys(): void {
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

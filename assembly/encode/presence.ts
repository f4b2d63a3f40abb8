// Which value of a sparse column each row of the file has. A column with a value in every row of the range is found by
// arithmetic; any other by a bit a row and a count every 64 rows.
import { columnAt, rowOfValue, valueFrom } from './columns';
import { merged } from './merge';
import { entryOf, MERGED } from './order';
import { give, take } from './scratch';
import { rowEnd, rowFirst } from './spans';

/** Per 64 rows: their bits (u64), and the index from 1 of the first value among them (u32). */
const WORD_BYTES: usize = 16;
const WORD_FIRST: usize = 8;
/** Indices kept from one row group to the next, in bytes; past it they are built anew. */
const KEPT_BYTES_MAX: usize = 64 << 20;

/** u32 a column of the table: its kept index, or 0. */
let kept: usize = 0;
let keptColumns: u32 = 0;
let keptBytes: usize = 0;

export function startPresence(columns: u32): void {
  kept = take(<usize>columns << 2);
  memory.fill(kept, 0, <usize>columns << 2);
  keptColumns = columns;
  keptBytes = 0;
}

/**
 * For each row of the file made of the entries `from` … `to`, writes the index of its value from 1, or 0, to `located`
 * (u32 each). Returns how many have one. `index` is the column's place in the table, -1 when it has none.
 */
export function locateValues(table: usize, index: i32, from: u32, to: u32, located: usize): u32 {
  if (index < 0) return locateNone(from, to, located);
  const column = columnAt(table, index);
  const firstValue = valueFrom(column, rowFirst);
  const endValue = valueFrom(column, rowEnd);
  if (firstValue == endValue) return locateNone(from, to, located);
  if (endValue - firstValue == rowEnd - rowFirst) {
    return locateDense(firstValue + 1 - rowFirst, from, to, located);
  }
  const words = indexOf(column, index, firstValue, endValue);
  const present = locateSparse(words, from, to, located);
  if (<u32>index >= keptColumns || load<u32>(kept + (<usize>index << 2)) == 0) give(words);
  return present;
}

function locateNone(from: u32, to: u32, located: usize): u32 {
  memory.fill(located, 0, <usize>(to - from) << 2);
  return 0;
}

function locateDense(offset: u32, from: u32, to: u32, located: usize): u32 {
  const start = located;
  for (let i = from; i < to; i++) {
    const entry = entryOf(i);
    // An earlier line of the same point: the later one has a value too and wins.
    if (entry & MERGED) continue;
    store<u32>(located, entry + offset);
    located += 4;
  }
  return <u32>((located - start) >> 2);
}

function locateSparse(words: usize, from: u32, to: u32, located: usize): u32 {
  let present: u32 = 0;
  let earlier: u32 = 0;
  for (let i = from; i < to; i++) {
    const entry = entryOf(i);
    const place = (entry & ~MERGED) - rowFirst;
    const word = words + <usize>(place >> 6) * WORD_BYTES;
    const bits = load<u64>(word);
    const below = <u64>1 << (place & 63);
    let value: u32 = 0;
    if (bits & below) value = load<u32>(word, WORD_FIRST) + <u32>popcnt<u64>(bits & (below - 1));
    if (merged > 0) {
      if (value == 0) value = earlier;
      earlier = entry & MERGED ? value : 0;
      if (entry & MERGED) continue;
    }
    store<u32>(located, value);
    located += 4;
    present += <u32>(value != 0);
  }
  return present;
}

/** The kept index of a column, or a new one. */
function indexOf(column: usize, index: u32, firstValue: u32, endValue: u32): usize {
  const slot = kept + (<usize>index << 2);
  if (index < keptColumns && load<u32>(slot) != 0) return load<u32>(slot);
  const bytes = (<usize>(rowEnd - rowFirst + 63) >> 6) * WORD_BYTES;
  const words = take(bytes);
  memory.fill(words, 0, bytes);
  for (let value = firstValue; value < endValue; value++) {
    const place = rowOfValue(column, value) - rowFirst;
    const word = words + <usize>(place >> 6) * WORD_BYTES;
    store<u64>(word, load<u64>(word) | (<u64>1 << (place & 63)));
  }
  let next = firstValue + 1;
  for (let word = words; word < words + bytes; word += WORD_BYTES) {
    store<u32>(word, next, WORD_FIRST);
    next += <u32>popcnt<u64>(load<u64>(word));
  }
  if (index < keptColumns && keptBytes + bytes <= KEPT_BYTES_MAX) {
    store<u32>(slot, <u32>words);
    keptBytes += bytes;
  }
  return words;
}

// Dictionary of 8-byte values, compared by their bits, in the order of their first appearance.
import { widen } from '../scratch';

/** Entries at most: beyond, indices are hardly narrower than what they stand for. */
const ENTRIES_MAX: u32 = 16384;
/** Up to this many entries nothing is judged; beyond, at least every second value must be a repetition. */
const ENTRIES_FREE: u32 = 1024;
/** Values looked at before the rest, and how many of them must be repetitions when there are many more. */
export const SAMPLE_VALUES: u32 = 1024;
export const SAMPLE_REPEATED_MIN: u32 = 16;
/** Integers that lie in so small a range are numbered by a table of it. */
const RANGE_MAX: u64 = 4096;

/** 8 bytes an entry. */
export let entries: usize = 0;
export let entryCount: u32 = 0;
/** u32 a slot: entry from 1, 0 when free. */
let slots: usize = 0;
let slotBits: u32 = 0;

/** Begins a flush: the blocks of the one before are gone. */
export function resetNumberDictionary(): void {
  entries = 0;
  slots = 0;
}

/** Writes the dictionary index of each of `count` values (8 bytes each) to `indices`; false when they repeat too little. */
export function buildDictionary(values: usize, count: u32, indices: usize): bool {
  entries = widen(entries, 0, <usize>min(count, ENTRIES_MAX) << 3);
  if (count > SAMPLE_VALUES << 2 && !isSampleRepeating(values, count)) return false;
  clear(count);
  let last: u64 = 0;
  let lastEntry: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const value = load<u64>(values + (<usize>i << 3));
    if (value != last || lastEntry == 0) {
      last = value;
      lastEntry = entryOfValue(value);
      if (entryCount > ENTRIES_FREE && (entryCount > ENTRIES_MAX - 1 || entryCount > i >> 1)) return false;
    }
    store<u32>(indices + (<usize>i << 2), lastEntry - 1);
  }
  return true;
}

/** The same for integers of which the least and the greatest are known. */
export function buildIntegerDictionary(values: usize, count: u32, indices: usize, least: i64, most: i64): bool {
  if (<u64>(most - least) >= RANGE_MAX) return buildDictionary(values, count, indices);
  entries = widen(entries, 0, <usize>RANGE_MAX << 3);
  slots = widen(slots, 0, <usize>RANGE_MAX << 2);
  memory.fill(slots, 0, (<usize>(most - least) + 1) << 2);
  entryCount = 0;
  for (let i: u32 = 0; i < count; i++) {
    const value = load<i64>(values + (<usize>i << 3));
    const slot = slots + (<usize>(value - least) << 2);
    let entry = load<u32>(slot);
    if (entry == 0) {
      store<i64>(entries + (<usize>entryCount << 3), value);
      entry = ++entryCount;
      store<u32>(slot, entry);
    }
    store<u32>(indices + (<usize>i << 2), entry - 1);
  }
  return true;
}

/** Twice as many slots as there can be entries, so that a search is short. */
function clear(count: u32): void {
  slotBits = 4;
  while ((<u32>1 << slotBits) < min(count, ENTRIES_MAX) << 1) slotBits++;
  const bytes = <usize>4 << slotBits;
  slots = widen(slots, 0, bytes);
  memory.fill(slots, 0, bytes);
  entryCount = 0;
}

/** Whether values from here and there repeat as often as they would with no more than a few times ENTRIES_MAX entries. */
function isSampleRepeating(values: usize, count: u32): bool {
  clear(SAMPLE_VALUES);
  for (let i: u32 = 0; i < SAMPLE_VALUES; i++) entryOfValue(load<u64>(values + (<usize>sampleAt(i, count) << 3)));
  return SAMPLE_VALUES - entryCount >= SAMPLE_REPEATED_MIN;
}

/** Index of the i-th value of a sample: eight neighbours here, eight there, since values may repeat in either way. */
export function sampleAt(i: u32, count: u32): u32 {
  return (i >> 3) * (count / (SAMPLE_VALUES >> 3)) + (i & 7);
}

/** The entry, from 1, of a value; made when it is new. */
@inline
function entryOfValue(value: u64): u32 {
  const mask = (<u32>1 << slotBits) - 1;
  let slotIndex = <u32>((value * 0x9e3779b97f4a7c15) >> (64 - slotBits));
  while (true) {
    const slot = slots + (<usize>slotIndex << 2);
    const entry = load<u32>(slot);
    if (entry == 0) {
      store<u64>(entries + (<usize>entryCount << 3), value);
      entryCount++;
      store<u32>(slot, entryCount);
      return entryCount;
    }
    if (load<u64>(entries + (<usize>(entry - 1) << 3)) == value) return entry;
    slotIndex = (slotIndex + 1) & mask;
  }
  return 0;
}

// Dictionary of 8-byte values, compared by their bits, in the order of their first appearance.
import { widen } from './scratch';

/** Entries at most: beyond, indices are hardly narrower than what they stand for. */
const ENTRIES_MAX: u32 = 16384;
/** Up to this many entries nothing is judged; beyond, at least every second value must be a repetition. */
const ENTRIES_FREE: u32 = 1024;

/** 8 bytes an entry. */
export let entries: usize = 0;
export let entryCount: u32 = 0;
/** u32 a slot: entry from 1, 0 when free. */
let slots: usize = 0;

export function startDictionary(): void {
  entries = 0;
  slots = 0;
}

/** Writes the dictionary index of each of `count` values (8 bytes each) to `indices`; false when they repeat too little. */
export function buildDictionary(values: usize, count: u32, indices: usize): bool {
  const bits = slotBits(count);
  const slotBytes = <usize>4 << bits;
  slots = widen(slots, 0, slotBytes);
  const entriesBytes = <usize>min(count, ENTRIES_MAX) << 3;
  entries = widen(entries, 0, entriesBytes);
  memory.fill(slots, 0, slotBytes);
  entryCount = 0;
  let last: u64 = 0;
  let lastEntry: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const value = load<u64>(values + (<usize>i << 3));
    if (value != last || lastEntry == 0) {
      last = value;
      lastEntry = entryOfValue(value, bits);
      if (entryCount > ENTRIES_FREE && (entryCount > ENTRIES_MAX - 1 || entryCount > i >> 1)) return false;
    }
    store<u32>(indices + (<usize>i << 2), lastEntry - 1);
  }
  return true;
}

/** Twice as many slots as there can be entries, so that a search is short. */
function slotBits(count: u32): u32 {
  let bits: u32 = 4;
  while ((<u32>1 << bits) < min(count, ENTRIES_MAX) << 1) bits++;
  return bits;
}

/** The entry, from 1, of a value; made when it is new. */
@inline
function entryOfValue(value: u64, bits: u32): u32 {
  const mask = (<u32>1 << bits) - 1;
  let place = <u32>((value * 0x9e3779b97f4a7c15) >> (64 - bits));
  while (true) {
    const slot = slots + (<usize>place << 2);
    const entry = load<u32>(slot);
    if (entry == 0) {
      store<u64>(entries + (<usize>entryCount << 3), value);
      entryCount++;
      store<u32>(slot, entryCount);
      return entryCount;
    }
    if (load<u64>(entries + (<usize>(entry - 1) << 3)) == value) return entry;
    place = (place + 1) & mask;
  }
  return 0;
}

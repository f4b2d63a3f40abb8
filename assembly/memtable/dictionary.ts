// The dictionary of a tag column: a code per distinct value, found by open addressing. A slot is a u64: the code + 1 in
// the lower half (0 is free), the value's hash (secret-hash.ts) in the upper. Slots are always as if the entries had
// been put in by code, so that taking the last one out frees one slot and leaves the others as they were.
import { textStart } from './read';
import {
  COLUMN_BODY, COLUMN_ENTRIES, COLUMN_ENTRIES_BEFORE, COLUMN_ENTRY_CAPACITY, COLUMN_ENTRY_ENDS, COLUMN_ENTRY_HASHES,
  COLUMN_HEAP, COLUMN_SLOTS, COLUMN_SLOTS_MASK,
} from '../layout/column';
import { equalBytes } from '../base/hash';
import { secretHash } from '../base/secret-hash';
import { reserveHeap } from './column-heap';
import { give, regrow, take } from './memory';

const ENTRIES_MIN: u32 = 16;

/** Code of a value; a new one is added in the name of the body `body`. */
export function internText(column: usize, at: usize, bytes: u32, body: u64): u32 {
  const hash = secretHash(at, bytes);
  const slots = <usize>load<u32>(column, COLUMN_SLOTS);
  if (slots != 0) {
    const mask = load<u32>(column, COLUMN_SLOTS_MASK);
    const ends = <usize>load<u32>(column, COLUMN_ENTRY_ENDS);
    const heap = <usize>load<u32>(column, COLUMN_HEAP);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const held = load<u64>(slots + (slot << 3));
      if (held == 0) break;
      if (<u32>(held >> 32) != hash) continue;
      const code = <u32>held - 1;
      const start = textStart(ends, code);
      if (load<u32>(ends + (code << 2)) - start == bytes && equalBytes(heap + start, at, bytes)) return code;
    }
  }
  return addEntry(column, at, bytes, hash, body);
}

/** Adds a value of that hash that is not in the dictionary. */
export function addEntry(column: usize, at: usize, bytes: u32, hash: u32, body: u64): u32 {
  const code = load<u32>(column, COLUMN_ENTRIES);
  if (load<u64>(column, COLUMN_BODY) != body) {
    store<u64>(column, body, COLUMN_BODY);
    store<u32>(column, code, COLUMN_ENTRIES_BEFORE);
  }
  reserveEntries(column, code + 1);
  const ends = <usize>load<u32>(column, COLUMN_ENTRY_ENDS);
  const start = textStart(ends, code);
  if (start + bytes < start) unreachable();
  reserveHeap(column, start, start + bytes);
  memory.copy(load<u32>(column, COLUMN_HEAP) + start, at, bytes);
  store<u32>(ends + (code << 2), start + bytes);
  store<u32>(load<u32>(column, COLUMN_ENTRY_HASHES) + (code << 2), hash);
  store<u32>(column, code + 1, COLUMN_ENTRIES);
  putSlot(column, code);
  return code;
}

/** Room for `count` entries, and slots at most half full. */
export function reserveEntries(column: usize, count: u32): void {
  const before = load<u32>(column, COLUMN_ENTRY_CAPACITY);
  if (count <= before) return;
  let capacity = max(before << 1, ENTRIES_MIN);
  while (capacity < count) capacity <<= 1;
  const used = load<u32>(column, COLUMN_ENTRIES);
  store<u32>(column, <u32>regrow(load<u32>(column, COLUMN_ENTRY_ENDS), before << 2, used << 2, capacity << 2), COLUMN_ENTRY_ENDS);
  store<u32>(column, <u32>regrow(load<u32>(column, COLUMN_ENTRY_HASHES), before << 2, used << 2, capacity << 2), COLUMN_ENTRY_HASHES);
  store<u32>(column, capacity, COLUMN_ENTRY_CAPACITY);
  freeSlots(column);
  const slots = take(capacity << 4);
  memory.fill(slots, 0, capacity << 4);
  store<u32>(column, <u32>slots, COLUMN_SLOTS);
  store<u32>(column, (capacity << 1) - 1, COLUMN_SLOTS_MASK);
  for (let code: u32 = 0; code < used; code++) putSlot(column, code);
}

/** Makes entries findable that were written past internText. */
export function indexEntries(column: usize): void {
  const entries = load<u32>(column, COLUMN_ENTRIES);
  const ends = <usize>load<u32>(column, COLUMN_ENTRY_ENDS);
  const heap = <usize>load<u32>(column, COLUMN_HEAP);
  for (let code: u32 = 0; code < entries; code++) {
    const start = textStart(ends, code);
    store<u32>(load<u32>(column, COLUMN_ENTRY_HASHES) + (code << 2), secretHash(heap + start, load<u32>(ends + (code << 2)) - start));
    putSlot(column, code);
  }
}

function putSlot(column: usize, code: u32): void {
  const hash = load<u32>(load<u32>(column, COLUMN_ENTRY_HASHES) + (code << 2));
  putInto(load<u32>(column, COLUMN_SLOTS), load<u32>(column, COLUMN_SLOTS_MASK), hash, code);
}

/** Puts a code into slots that have not got it. */
@inline
export function putInto(slots: usize, mask: u32, hash: u32, code: u32): void {
  let slot = hash & mask;
  while (load<u64>(slots + (slot << 3)) != 0) slot = (slot + 1) & mask;
  store<u64>(slots + (slot << 3), (<u64>hash << 32) | <u64>(code + 1));
}

/** Takes the entries that the body `body` added out again, the last first. */
export function removeEntries(column: usize, body: u64): void {
  if (load<u64>(column, COLUMN_BODY) != body) return;
  const kept = load<u32>(column, COLUMN_ENTRIES_BEFORE);
  const slots = <usize>load<u32>(column, COLUMN_SLOTS);
  const mask = load<u32>(column, COLUMN_SLOTS_MASK);
  for (let code = load<u32>(column, COLUMN_ENTRIES); code-- > kept; ) {
    let slot = load<u32>(load<u32>(column, COLUMN_ENTRY_HASHES) + (code << 2)) & mask;
    while (load<u32>(slots + (slot << 3)) != code + 1) slot = (slot + 1) & mask;
    store<u64>(slots + (slot << 3), 0);
  }
  store<u32>(column, kept, COLUMN_ENTRIES);
}

/** Frees the slots; the entries must go too, or the slots be put in again. */
export function freeSlots(column: usize): void {
  const slots = load<u32>(column, COLUMN_SLOTS);
  if (slots != 0) give(slots, (load<u32>(column, COLUMN_SLOTS_MASK) + 1) << 3);
  store<u32>(column, 0, COLUMN_SLOTS);
}

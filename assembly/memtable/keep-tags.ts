// A tag column of which the values of some series stay, rebuilt in steps: new arrays beside the old ones, with a dictionary of
// the entries that are still used, in their old order.
import {
  COLUMN_BODY, COLUMN_COUNT, COLUMN_DENSE, COLUMN_ENTRIES, COLUMN_ENTRY_CAPACITY, COLUMN_ENTRY_ENDS, COLUMN_ENTRY_HASHES,
  COLUMN_HEAP, COLUMN_KEY_AT, COLUMN_KIND, COLUMN_SLOTS, COLUMN_SLOTS_MASK, COLUMN_STRUCT_BYTES,
} from '../layout/column';
import { KIND_TAG } from '../layout/codes';
import { appendCode, clearColumn, reserveValues } from './column';
import { reserveHeap } from './column-heap';
import { addEntry, ENTRIES_MIN } from './dictionary';
import { give, regrow, take } from './memory';
import { codeOf, rowOfValue, textStart } from './read';
import { FAR, GONE, numberOf, stepTo } from './series-numbers';

/** A tag column under way: the column struct of its new arrays; what is done with it, and up to which entry; values that stay. */
const COPY_STATE: usize = COLUMN_STRUCT_BYTES;
const COPY_AT: usize = COLUMN_STRUCT_BYTES + 4;
const COPY_KEPT: usize = COLUMN_STRUCT_BYTES + 8;
/** u32 by old code: 0; 1 where it stays; once it is moved the new one + 1. And how many there are. */
const COPY_CODES: usize = COLUMN_STRUCT_BYTES + 12;
const COPY_CODES_ROOM: usize = COLUMN_STRUCT_BYTES + 16;
/** Entries that stay, and their bytes. */
const COPY_ENTRIES: usize = COLUMN_STRUCT_BYTES + 20;
const COPY_HEAP: usize = COLUMN_STRUCT_BYTES + 24;
/** Bytes of a copy, which begins as zeros. */
export const COPY_BYTES: u32 = COLUMN_STRUCT_BYTES + 32;

/** What is done with a tag column. */
const BEGIN: u32 = 0;
const CLEAR_CODES: u32 = 1;
const MARK_CODES: u32 = 2;
const COUNT_CODES: u32 = 3;
const CLEAR_SLOTS: u32 = 4;
const MOVE_ENTRIES: u32 = 5;
const MOVE_VALUES: u32 = 6;

/** Gives back what a copy holds. */
export function freeCopy(copy: usize): void {
  clearColumn(copy);
  give(load<u32>(copy, COPY_CODES), <usize>load<u32>(copy, COPY_CODES_ROOM) << 2);
}

/** What was copied takes the place of the old arrays. */
export function placeCopy(copy: usize, column: usize): void {
  clearColumn(column);
  memory.copy(column + COLUMN_COUNT, copy + COLUMN_COUNT, COLUMN_KEY_AT - COLUMN_COUNT);
  store<u32>(column, load<u32>(copy, COLUMN_DENSE), COLUMN_DENSE);
  store<u64>(column, 0, COLUMN_BODY);
  memory.fill(copy, 0, COLUMN_STRUCT_BYTES);
}

/** Does a part of a tag column; whether all its values have been moved. */
export function isTagDone(copy: usize, column: usize): bool {
  const state = load<u32>(copy, COPY_STATE);
  if (state == BEGIN) {
    const entries = load<u32>(column, COLUMN_ENTRIES);
    store<u32>(copy, KIND_TAG, COLUMN_KIND);
    store<u32>(copy, <u32>take(<usize>entries << 2), COPY_CODES);
    store<u32>(copy, entries, COPY_CODES_ROOM);
    store<u32>(copy, CLEAR_CODES, COPY_STATE);
    return false;
  }
  if (state == MOVE_VALUES) return isMoved(copy, column);
  const from = load<u32>(copy, COPY_AT);
  const end = endOf(copy, column, state);
  const stop = stepTo(from, end, state == CLEAR_CODES || state == CLEAR_SLOTS ? 1 : FAR);
  const codes = <usize>load<u32>(copy, COPY_CODES);
  if (state == CLEAR_CODES) memory.fill(codes + (<usize>from << 2), 0, <usize>(stop - from) << 2);
  else if (state == CLEAR_SLOTS) memory.fill(<usize>load<u32>(copy, COLUMN_SLOTS) + (<usize>from << 3), 0, <usize>(stop - from) << 3);
  else if (state == MARK_CODES) markCodes(copy, column, from, stop);
  else if (state == COUNT_CODES) countCodes(copy, column, from, stop);
  else for (let code = from; code < stop; code++) if (load<u32>(codes + (<usize>code << 2)) != 0) moveEntry(copy, column, code);
  store<u32>(copy, stop, COPY_AT);
  if (stop < end) return false;
  store<u32>(copy, 0, COPY_AT);
  store<u32>(copy, state + 1, COPY_STATE);
  if (state == COUNT_CODES) makeRoom(copy);
  return false;
}

/** How many entries a part has: values are marked as far as they are of the series that are numbered. */
function endOf(copy: usize, column: usize, state: u32): u32 {
  if (state == MARK_CODES) return load<u32>(column, COLUMN_COUNT);
  return state == CLEAR_SLOTS ? load<u32>(copy, COLUMN_SLOTS_MASK) + 1 : load<u32>(copy, COPY_CODES_ROOM);
}

/** Marks the codes of values that stay. Those that came meanwhile are moved with their values. */
function markCodes(copy: usize, column: usize, from: u32, stop: u32): void {
  const codes = <usize>load<u32>(copy, COPY_CODES);
  const room = load<u32>(copy, COPY_CODES_ROOM);
  let staying = load<u32>(copy, COPY_KEPT);
  for (let value = from; value < stop; value++) {
    if (numberOf(rowOfValue(column, value)) == GONE) continue;
    staying++;
    const code = codeOf(column, value);
    if (code < room) store<u32>(codes + (<usize>code << 2), 1);
  }
  store<u32>(copy, staying, COPY_KEPT);
}

function countCodes(copy: usize, column: usize, from: u32, stop: u32): void {
  const codes = <usize>load<u32>(copy, COPY_CODES);
  const ends = load<u32>(column, COLUMN_ENTRY_ENDS);
  let entries = load<u32>(copy, COPY_ENTRIES);
  let bytes = load<u32>(copy, COPY_HEAP);
  for (let code = from; code < stop; code++) {
    if (load<u32>(codes + (<usize>code << 2)) == 0) continue;
    entries++;
    bytes += load<u32>(ends + (code << 2)) - textStart(ends, code);
  }
  store<u32>(copy, entries, COPY_ENTRIES);
  store<u32>(copy, bytes, COPY_HEAP);
}

/** Room for what stays; slots are cleared in steps. */
function makeRoom(copy: usize): void {
  const entries = load<u32>(copy, COPY_ENTRIES);
  let room = ENTRIES_MIN;
  while (room < entries) room <<= 1;
  reserveValues(copy, load<u32>(copy, COPY_KEPT));
  reserveHeap(copy, 0, load<u32>(copy, COPY_HEAP));
  store<u32>(copy, <u32>take(<usize>room << 2), COLUMN_ENTRY_ENDS);
  store<u32>(copy, <u32>take(<usize>room << 2), COLUMN_ENTRY_HASHES);
  store<u32>(copy, room, COLUMN_ENTRY_CAPACITY);
  store<u32>(copy, <u32>take(<usize>room << 4), COLUMN_SLOTS);
  store<u32>(copy, (room << 1) - 1, COLUMN_SLOTS_MASK);
}

/** Adds an old entry to the new dictionary, and notes its new code. */
function moveEntry(copy: usize, column: usize, code: u32): void {
  const ends = load<u32>(column, COLUMN_ENTRY_ENDS);
  const start = textStart(ends, code);
  const bytes = load<u32>(ends + (code << 2)) - start;
  const hash = load<u32>(load<u32>(column, COLUMN_ENTRY_HASHES) + (code << 2));
  const moved = addEntry(copy, load<u32>(column, COLUMN_HEAP) + start, bytes, hash, 0);
  store<u32>(load<u32>(copy, COPY_CODES) + (code << 2), moved + 1);
}

/** Moves values; whether all are. */
function isMoved(copy: usize, column: usize): bool {
  const count = load<u32>(column, COLUMN_COUNT);
  const from = load<u32>(copy, COPY_AT);
  const stop = stepTo(from, count, FAR);
  for (let value = from; value < stop; value++) {
    const number = numberOf(rowOfValue(column, value));
    if (number == GONE) continue;
    const code = codeOf(column, value);
    const room = load<u32>(copy, COPY_CODES_ROOM);
    if (code >= room) {
      const entries = load<u32>(column, COLUMN_ENTRIES);
      store<u32>(copy, <u32>regrow(load<u32>(copy, COPY_CODES), <usize>room << 2, <usize>room << 2, <usize>entries << 2), COPY_CODES);
      memory.fill(<usize>load<u32>(copy, COPY_CODES) + (<usize>room << 2), 0, <usize>(entries - room) << 2);
      store<u32>(copy, entries, COPY_CODES_ROOM);
    }
    if (load<u32>(load<u32>(copy, COPY_CODES) + (code << 2)) == 0) moveEntry(copy, column, code);
    appendCode(copy, number, load<u32>(load<u32>(copy, COPY_CODES) + (code << 2)) - 1);
  }
  store<u32>(copy, stop, COPY_AT);
  return stop == count;
}

// Ranks of a tag column's dictionary entries by their bytes.
import { COLUMN_ENTRIES } from '../abi';
import { compareBytes, prefixOf } from './bytes';
import { codeOf, entryAt, entryBytes } from './columns';
import { give, take } from './scratch';

/** A record to sort: the entry's bytes after the common prefix as a number, then its code. */
const RECORD_BYTES: usize = 16;
const RECORD_CODE: usize = 8;

/** u32 a dictionary entry: its rank from 1 among those ranked; 0 for the others. A block of scratch. */
export let ranks: usize = 0;
/** Entries ranked. */
export let ranked: u32 = 0;
let column: usize = 0;
let common: usize = 0;

/** Ranks at least the entries that the column's values from `from` to `end` use. The caller gives `ranks` back. */
export function rankEntries(columnStruct: usize, from: u32, end: u32): void {
  column = columnStruct;
  const entries = load<u32>(column, COLUMN_ENTRIES);
  ranks = take(<usize>entries << 2);
  // Of a dictionary that is small beside the values all is ranked, which saves a pass over them.
  ranked = entries <= (end - from) >> 4 ? markAll(entries) : markUsed(entries, from, end);
  if (ranked > 1) rankMarked(entries);
}

function markAll(entries: u32): u32 {
  for (let code: u32 = 0; code < entries; code++) store<u32>(ranks + (<usize>code << 2), 1);
  return entries;
}

function markUsed(entries: u32, from: u32, end: u32): u32 {
  memory.fill(ranks, 0, <usize>entries << 2);
  let used: u32 = 0;
  for (let value = from; value < end; value++) {
    const slot = ranks + (<usize>codeOf(column, value) << 2);
    if (load<u32>(slot) != 0) continue;
    store<u32>(slot, 1);
    used++;
  }
  return used;
}

function rankMarked(entries: u32): void {
  const bytes = <usize>ranked * RECORD_BYTES;
  const records = take(bytes);
  const spare = take(bytes);
  fillRecords(entries, records);
  const sorted = sortRecords(records, spare);
  for (let i: u32 = 0; i < ranked; i++) {
    store<u32>(ranks + (<usize>load<u32>(sorted + <usize>i * RECORD_BYTES, RECORD_CODE) << 2), i + 1);
  }
  give(records);
  give(spare);
}

function fillRecords(entries: u32, records: usize): void {
  let at = records;
  let model: u32 = u32.MAX_VALUE;
  for (let code: u32 = 0; code < entries; code++) {
    if (load<u32>(ranks + (<usize>code << 2)) == 0) continue;
    store<u32>(at, code, RECORD_CODE);
    at += RECORD_BYTES;
    if (model == u32.MAX_VALUE) {
      model = code;
      common = entryBytes(column, code);
    } else {
      common = commonBytes(entryAt(column, model), entryAt(column, code), min(common, entryBytes(column, code)));
    }
  }
  for (let record = records; record < at; record += RECORD_BYTES) {
    const code = load<u32>(record, RECORD_CODE);
    store<u64>(record, prefixOf(entryAt(column, code) + common, entryBytes(column, code) - common));
  }
}

function commonBytes(a: usize, b: usize, bytesMax: usize): usize {
  let bytes: usize = 0;
  while (bytes < bytesMax && load<u8>(a + bytes) == load<u8>(b + bytes)) bytes++;
  return bytes;
}

@inline
function isAfter(a: usize, b: usize): bool {
  const left = load<u64>(a);
  const right = load<u64>(b);
  return left != right ? left > right : isAfterWhole(load<u32>(a, RECORD_CODE), load<u32>(b, RECORD_CODE));
}

function isAfterWhole(a: u32, b: u32): bool {
  return compareBytes(entryAt(column, a), entryBytes(column, a), entryAt(column, b), entryBytes(column, b)) > 0;
}

/** Merge sort from the bottom; returns whichever of the two areas holds the result. */
function sortRecords(from: usize, to: usize): usize {
  const end = <usize>ranked * RECORD_BYTES;
  for (let width = RECORD_BYTES; width < end; width <<= 1) {
    for (let left: usize = 0; left < end; left += width << 1) {
      mergeRecords(from, left, min(left + width, end), min(left + (width << 1), end), to);
    }
    const swap = from;
    from = to;
    to = swap;
  }
  return from;
}

function mergeRecords(from: usize, left: usize, middle: usize, end: usize, to: usize): void {
  let right = middle;
  for (let out = to + left; out < to + end; out += RECORD_BYTES) {
    const takeRight = left == middle || (right < end && isAfter(from + left, from + right));
    const source = from + (takeRight ? right : left);
    store<u64>(out, load<u64>(source));
    store<u32>(out, load<u32>(source, RECORD_CODE), RECORD_CODE);
    if (takeRight) right += RECORD_BYTES;
    else left += RECORD_BYTES;
  }
}

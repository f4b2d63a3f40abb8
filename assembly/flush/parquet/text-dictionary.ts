// Dictionary of the texts of a chunk in the order of their first appearance: of sorted rows, the first tag's is sorted.
// Tags are told apart by their codes, strings by their bytes.
import { COLUMN_ENTRIES, COLUMN_KIND } from '../../layout/column';
import { KIND_TAG } from '../../layout/codes';
import { equalBytes } from '../../base/hash';
import { secretHash } from '../../base/secret-hash';
import { GROUP_BYTES_MAX } from '../../layout/flush';
import { textAt, textBytes, textEnds } from '../../memtable/read';
import { SAMPLE_REPEATED_MIN, SAMPLE_VALUES, sampleAt } from './number-dictionary';
import { indices, picked, values } from '../rows/row-group';
import { widen } from '../scratch';
import { FAR, hasBudget, spend } from '../slice-budget';
import { fillWords, isRun8 } from './simd-words';

/** Bytes of all entries at most, as the dictionary is one page: unless the tags of a row group would be far more in full. */
const ENTRY_BYTES_MAX: usize = 1 << 20;
const TAG_BYTES_MAX: u64 = <u64>GROUP_BYTES_MAX * 2;
/** Strings: entries at most. */
const ENTRIES_MAX: u32 = 16384;
/** Bytes of the texts looked at before the rest. */
const SAMPLE_BYTES: usize = 1 << 18;
/** Bytes, and values of a run, that cost as much as an entry of a pass. */
const BYTES_PER_ENTRY: usize = 16;
const VALUES_PER_ENTRY: u32 = 16;
/** An entry in the area of values: its text, and (strings) its hash. u32 each. */
const ENTRY_BYTES: usize = 8;
const ENTRY_HASH: usize = 4;

/** Entries, and their bytes. */
export let textEntries: u32 = 0;
export let textEntryBytes: usize = 0;
/** Bytes of all values looked at. */
export let textPlainBytes: u64 = 0;
/** Whether a dictionary stands, at the end. */
export let isRepeating: bool = false;
/** u32 a code (tags) or a slot (strings): entry from 1, 0 when free. */
let slots: usize = 0;
let slotMask: u32 = 0;
let entryBytesMax: usize = 0;
/** Tags: entries of the column's own dictionary. */
let entries: u32 = 0;
/** Next value. */
let at: u32 = 0;

/** Begins a flush: the block of the one before is gone. */
export function resetTextDictionary(): void {
  slots = 0;
}

/** Starts with the `present` texts picked of a column. */
export function startTextDictionary(column: usize, present: u32): void {
  at = 0;
  const isTag = hasCodes(column);
  isRepeating = true;
  textPlainBytes = 0;
  entryBytesMax = ENTRY_BYTES_MAX;
  entries = isTag ? load<u32>(column, COLUMN_ENTRIES) : 0;
  const slotCount = isTag ? entries : slotsFor(present);
  clear(slotCount);
  if (present <= SAMPLE_VALUES << 2) return;
  sample(column, isTag, present);
  if (!isRepeating) giveUp(column, isTag, present);
  if (isRepeating) clear(slotCount);
}

/** Whether texts are told apart by their codes. */
@inline
function hasCodes(column: usize): bool {
  return load<u32>(column, COLUMN_KIND) == KIND_TAG;
}

function slotsFor(values: u32): u32 {
  let slotCount: u32 = 16;
  while (slotCount < min(values, ENTRIES_MAX) << 1) slotCount <<= 1;
  return slotCount;
}

function clear(slotCount: u32): void {
  const bytes = <usize>slotCount << 2;
  slots = widen(slots, 0, bytes);
  memory.fill(slots, 0, bytes);
  slotMask = slotCount - 1;
  textEntries = 0;
  textEntryBytes = 0;
}

/** Looks at texts from here and there. */
function sample(column: usize, isTag: bool, present: u32): void {
  let looked: u32 = 0;
  let bytes: usize = 0;
  for (; looked < SAMPLE_VALUES && bytes < SAMPLE_BYTES; looked++) {
    const text = pickedAt(sampleAt(looked, present));
    bytes += textBytes(column, text);
    if (isTag) entryOfCode(column, text);
    else entryOfString(column, text);
  }
  isRepeating = looked - textEntries >= max(SAMPLE_REPEATED_MIN * looked / SAMPLE_VALUES, 1);
  spend(<u32>(bytes / BYTES_PER_ENTRY));
}

@inline
function pickedAt(index: u32): u32 {
  return load<u32>(picked + (<usize>index << 2));
}

/** One step; false when the dictionary and the `indices` stand, or texts repeat too little. */
export function textDictionaryStep(column: usize, present: u32): bool {
  const isTag = hasCodes(column);
  while (isRepeating && at < present && hasBudget()) {
    const text = pickedAt(at);
    const bytes = textBytes(column, text);
    const entry = isTag ? entryOfCode(column, text) : entryOfString(column, text);
    const run = runOf(text, present);
    fillWords(indices + (<usize>at << 2), entry - 1, run);
    at += run;
    textPlainBytes += <u64>bytes * run;
    if (textEntryBytes > entryBytesMax) giveUp(column, isTag, present);
    if (!isTag && textEntries >= ENTRIES_MAX) isRepeating = false;
    spend(FAR + run / VALUES_PER_ENTRY + (isTag ? 0 : <u32>(bytes / BYTES_PER_ENTRY)));
  }
  return isRepeating && at < present;
}

/** Entries have become too long for a page: no dictionary then, unless tags are so long that their rows would be endless. */
function giveUp(column: usize, isTag: bool, present: u32): void {
  isRepeating = isTag && <u64>longestEntry(column) * present > TAG_BYTES_MAX;
  entryBytesMax = usize.MAX_VALUE;
}

function longestEntry(column: usize): u32 {
  const ends = textEnds(column);
  let longest: u32 = 0;
  let start: u32 = 0;
  for (let i: u32 = 0; i < entries; i++) {
    const end = load<u32>(ends + (<usize>i << 2));
    longest = max(longest, end - start);
    start = end;
  }
  return longest;
}

/** Values from `at` on that have the same text as the one there. */
@inline
function runOf(text: u32, present: u32): u32 {
  let end = at + 1;
  while (end + 8 <= present && isRun8(picked + (<usize>end << 2), text)) end += 8;
  while (end < present && pickedAt(end) == text) end++;
  return end - at;
}

/** Text of an entry. */
@inline
export function entryText(index: u32): u32 {
  return load<u32>(values + <usize>index * ENTRY_BYTES);
}

@inline
function addEntry(column: usize, text: u32): u32 {
  store<u32>(values + <usize>textEntries * ENTRY_BYTES, text);
  textEntryBytes += textBytes(column, text);
  return ++textEntries;
}

@inline
function entryOfCode(column: usize, code: u32): u32 {
  const slot = slots + (<usize>code << 2);
  let entry = load<u32>(slot);
  if (entry == 0) {
    entry = addEntry(column, code);
    store<u32>(slot, entry);
  }
  return entry;
}

function entryOfString(column: usize, text: u32): u32 {
  const bytes = textBytes(column, text);
  const from = textAt(column, text);
  const hash = secretHash(from, bytes);
  let slotIndex = hash & slotMask;
  while (true) {
    const slot = slots + (<usize>slotIndex << 2);
    const entry = load<u32>(slot);
    if (entry == 0) {
      store<u32>(values + <usize>textEntries * ENTRY_BYTES, hash, ENTRY_HASH);
      store<u32>(slot, addEntry(column, text));
      return textEntries;
    }
    if (load<u32>(values + <usize>(entry - 1) * ENTRY_BYTES, ENTRY_HASH) == hash) {
      const other = entryText(entry - 1);
      if (textBytes(column, other) == bytes && equalBytes(textAt(column, other), from, bytes)) return entry;
    }
    slotIndex = (slotIndex + 1) & slotMask;
  }
  return 0;
}

// Ranks of a tag column's dictionary entries by their bytes: a radix sort by 8 bytes at a time, from the first byte in
// which entries differ. Ranges of entries that are still equal then are sorted again by what follows.
import { COLUMN_ENTRIES } from '../../layout/column';
import { compareBytes, prefixOf } from '../parquet/bytes';
import { textAt, textBytes } from '../../memtable/read';
import { codeAt, endPrefixes, prefixAt, radixStep, setCode, setPrefix, startRadix, startPrefixes } from './text-prefixes';
import { giveScratch, takeScratch } from '../scratch';
import { FAR, stepEnd } from '../slice-budget';

/** Ranges up to this are sorted by insertion. */
const SHORT: u32 = 24;
/** A range on the stack: first entry, one past the last, and how many bytes are known to be equal. u32 each. */
const RANGE_BYTES: usize = 12;

/** u32 a dictionary entry: its rank from 1 among those marked; 0 for the others. A block of scratch. */
export let textRanks: usize = 0;
/** Entries marked. */
export let marked: u32 = 0;
/** Entries the dictionary had at the start. */
let entries: u32 = 0;
let stack: usize = 0;
let stackUsed: usize = 0;

const STAGE_LIST: u32 = 0;
const STAGE_NEXT: u32 = 1;
const STAGE_COMMON: u32 = 2;
const STAGE_PREFIX: u32 = 3;
const STAGE_RADIX: u32 = 4;
const STAGE_TIES: u32 = 5;
const STAGE_NUMBER: u32 = 6;
/** What the next step does: STAGE_*. */
let stage: u32 = 0;
/** Next entry (or code) of the stage. */
let at: u32 = 0;
let listed: u32 = 0;
/** The range being sorted, bytes known to be equal in it, all that are equal, and bits of its prefixes that differ. */
let from: u32 = 0;
let end: u32 = 0;
let known: usize = 0;
let common: usize = 0;
let differing: u64 = 0;

/** Starts with no entry marked. */
export function startTextRanks(column: usize): void {
  entries = load<u32>(column, COLUMN_ENTRIES);
  textRanks = takeScratch(<usize>entries << 2);
  memory.fill(textRanks, 0, <usize>entries << 2);
  marked = 0;
}

/** Marks an entry, by its code, as one that the flushed rows use. */
@inline
export function markText(code: u32): void {
  const slot = textRanks + (<usize>code << 2);
  marked += 1 - load<u32>(slot);
  store<u32>(slot, 1);
}

/** All entries are marked: ranks are from 1 on. */
export function rankMarked(): void {
  startPrefixes(marked);
  stack = takeScratch((<usize>marked / SHORT + 1) * RANGE_BYTES);
  stackUsed = 0;
  stage = STAGE_LIST;
  at = listed = 0;
}

/** Frees the ranks. */
export function endTextRanks(): void {
  giveScratch(textRanks);
}

/** One step; false when all marked entries have their ranks. */
export function textRankStep(column: usize): bool {
  switch (stage) {
    case STAGE_LIST:
      listMarked();
      break;
    case STAGE_NEXT:
      if (stackUsed == 0) next(STAGE_NUMBER, 0);
      else popRange(column);
      break;
    case STAGE_COMMON:
      findCommon(column);
      break;
    case STAGE_PREFIX:
      fillPrefixes(column);
      break;
    case STAGE_RADIX:
      if (!radixStep()) next(STAGE_TIES, from);
      break;
    case STAGE_TIES:
      findTies(column);
      break;
    default:
      return numberMarked();
  }
  return true;
}

function next(to: u32, first: u32): void {
  stage = to;
  at = first;
}

function listMarked(): void {
  const stop = stepEnd(at, entries);
  for (; at < stop; at++) {
    if (load<u32>(textRanks + (<usize>at << 2)) == 0) continue;
    setCode(listed++, at);
  }
  if (at < entries) return;
  pushRange(0, marked, 0);
  next(STAGE_NEXT, 0);
}

function pushRange(first: u32, after: u32, bytes: usize): void {
  const range = stack + stackUsed;
  store<u32>(range, first);
  store<u32>(range, after, 4);
  store<u32>(range, <u32>bytes, 8);
  stackUsed += RANGE_BYTES;
}

function popRange(column: usize): void {
  stackUsed -= RANGE_BYTES;
  const range = stack + stackUsed;
  from = load<u32>(range);
  end = load<u32>(range, 4);
  if (end - from <= SHORT) return sortShort(column, from, end);
  // What the first entry has beyond the known bytes is common until another differs.
  known = load<u32>(range, 8);
  common = max(textBytes(column, codeAt(from)), known) - known;
  next(STAGE_COMMON, from);
}

/** Bytes from `known` on that all entries of the range share. */
function findCommon(column: usize): void {
  const first = textAt(column, codeAt(from)) + known;
  const stop = stepEnd(at, end, FAR);
  for (; at < stop && common > 0; at++) {
    const code = codeAt(at);
    const bytes = textBytes(column, code);
    common = bytes <= known ? 0 : commonBytes(first, textAt(column, code) + known, min(common, bytes - known));
  }
  if (at < end && common > 0) return;
  common += known;
  differing = 0;
  next(STAGE_PREFIX, from);
}

function commonBytes(a: usize, b: usize, bytesMax: usize): usize {
  let bytes: usize = 0;
  while (bytes < bytesMax && load<u8>(a + bytes) == load<u8>(b + bytes)) bytes++;
  return bytes;
}

function fillPrefixes(column: usize): void {
  const stop = stepEnd(at, end, FAR);
  for (; at < stop; at++) {
    const code = codeAt(at);
    const bytes = textBytes(column, code);
    const prefix = bytes <= common ? 0 : prefixOf(textAt(column, code) + common, bytes - common);
    setPrefix(at, prefix);
    differing |= prefix ^ prefixAt(from);
  }
  if (at < end) return;
  if (differing == 0) return next(STAGE_TIES, from);
  startRadix(from, end, differing);
  next(STAGE_RADIX, from);
}

/** Sorts short runs of equal prefixes, and puts long ones on the stack. */
function findTies(column: usize): void {
  const stop = stepEnd(at, end, FAR);
  while (at < stop) {
    const first = at++;
    const prefix = prefixAt(first);
    while (at < end && prefixAt(at) == prefix) at++;
    if (at - first > SHORT) pushRange(first, at, common + 8);
    else if (at - first > 1) sortShort(column, first, at);
  }
  if (at == end) next(STAGE_NEXT, 0);
}

/** Insertion sort by the whole entries. */
function sortShort(column: usize, first: u32, after: u32): void {
  for (let i = first + 1; i < after; i++) {
    const code = codeAt(i);
    const text = textAt(column, code);
    const bytes = textBytes(column, code);
    let to = i;
    while (to > first) {
      const before = codeAt(to - 1);
      if (compareBytes(textAt(column, before), textBytes(column, before), text, bytes) <= 0) break;
      setCode(to, before);
      to--;
    }
    setCode(to, code);
  }
}

function numberMarked(): bool {
  const stop = stepEnd(at, marked, FAR);
  for (; at < stop; at++) store<u32>(textRanks + (<usize>codeAt(at) << 2), at + 1);
  if (at < marked) return true;
  endPrefixes();
  giveScratch(stack);
  return false;
}

// Points that the next body with the same tags and time wrote again, in every field they have: no reader needs them. Such
// a point goes on in the next, as lines of one body do, which leaves it nothing of its own: each of its fields has a later
// value there. A point with a field that the next lacks stays, for that value is the latest unless another file has one.
// Of rows that were read back and are combined both go on in the next already, and those of the second kind are counted.
import { COLUMN_KIND } from '../../layout/column';
import { TABLE_COLUMNS } from '../../layout/table';
import { KIND_TAG } from '../../layout/codes';
import { columnAt, rowOfValue, valueFrom } from '../../memtable/read';
import { entryOf, MERGED, setEntry } from './row-order';
import { giveScratch, takeScratch, widen } from '../scratch';
import { rowEnd, rowFirst, rows } from '../spans';
import { FAR, NEAR, spend, stepEnd } from '../slice-budget';

const STAGE_COLUMN: u32 = 0;
const STAGE_BITS: u32 = 1;
const STAGE_COMPARE: u32 = 2;
const STAGE_MARK: u32 = 3;
/** What the next step does: STAGE_*. */
let stage: u32 = STAGE_COLUMN;
/** u32 each: last entries of points whose next point is equal, and how many; with KEPT once one has a field of its own. */
let repeats: usize = 0;
let repeatCount: u32 = 0;
const KEPT: u32 = 1 << 31;
const REPEATS_MIN: u32 = 1024;
/** A bit a row of the range: whether the column at hand has a value in it. */
let bits: usize = 0;
let columnIndex: u32 = 0;
let at: u32 = 0;
let endValue: u32 = 0;
/** Points that were found to go on in the next. */
export let overwritten: u32 = 0;
/** Of rows that were read back: those that have a field of their own in a row of several seqs. */
export let combined: u32 = 0;

/** Begins a flush. */
export function resetOverwritten(): void {
  repeats = 0;
  clearRepeats();
}

/** Forgets all repeats. */
export function clearRepeats(): void {
  repeatCount = 0;
  overwritten = 0;
  combined = 0;
}

/** Notes that the point which ends with the entry `index` has the tags and time of the next one, of another body. */
export function noteRepeat(index: u32): void {
  if ((repeatCount & (repeatCount - 1)) == 0) {
    repeats = widen(repeats, <usize>repeatCount << 2, <usize>max(repeatCount << 1, REPEATS_MIN) << 2);
  }
  store<u32>(repeats + (<usize>repeatCount << 2), index);
  repeatCount++;
}

/** Begins to compare the points noted. */
export function startOverwritten(): void {
  stage = repeatCount == 0 ? STAGE_MARK : STAGE_COLUMN;
  columnIndex = 0;
  at = 0;
  bits = 0;
}

/** One step; false when all that is overwritten has MERGED. */
export function overwrittenStep(table: usize): bool {
  switch (stage) {
    case STAGE_COLUMN: return nextColumn(table);
    case STAGE_BITS: return setBits(columnAt(table, columnIndex));
    case STAGE_COMPARE: return compare(table);
    default: return mark();
  }
}

/** Goes to the next field that has values in some rows of the range and in others not. */
function nextColumn(table: usize): bool {
  for (; columnIndex < load<u32>(table, TABLE_COLUMNS); columnIndex++) {
    spend(FAR);
    const column = columnAt(table, columnIndex);
    if (load<u32>(column, COLUMN_KIND) == KIND_TAG) continue;
    at = valueFrom(column, rowFirst);
    endValue = valueFrom(column, rowEnd);
    if (at == endValue || endValue - at == rowEnd - rowFirst) continue;
    bits = takeScratch(bitsBytes());
    memory.fill(bits, 0, bitsBytes());
    stage = STAGE_BITS;
    return true;
  }
  stage = STAGE_MARK;
  at = 0;
  return true;
}

@inline
function bitsBytes(): usize {
  return (<usize>(rowEnd - rowFirst) >> 3) + 1;
}

function setBits(column: usize): bool {
  const stop = stepEnd(at, endValue, NEAR);
  for (; at < stop; at++) {
    const row = rowOfValue(column, at) - rowFirst;
    const byte = bits + (<usize>row >> 3);
    store<u8>(byte, load<u8>(byte) | <u8>(1 << <u8>(row & 7)));
  }
  if (at < endValue) return true;
  stage = STAGE_COMPARE;
  at = 0;
  return true;
}

@inline
function hasValue(entry: u32): bool {
  const row = (entry & ~MERGED) - rowFirst;
  return ((load<u8>(bits + (<usize>row >> 3)) >> <u8>(row & 7)) & 1) != 0;
}

/** Keeps the points that have a value in the column while their next point has none. */
function compare(table: usize): bool {
  const stop = stepEnd(at, repeatCount, FAR);
  for (; at < stop; at++) {
    const slot = repeats + (<usize>at << 2);
    const index = load<u32>(slot);
    if ((index & KEPT) == 0 && pointHas(index) && !nextHas(index + 1)) store<u32>(slot, index | KEPT);
  }
  if (at < repeatCount) return true;
  giveScratch(bits);
  bits = 0;
  columnIndex++;
  stage = STAGE_COLUMN;
  return true;
}

/** Whether a line of the point that ends with this entry has a value. */
function pointHas(index: u32): bool {
  let i = index;
  while (!hasValue(entryOf(i))) {
    if (i == 0 || (entryOf(i - 1) & MERGED) == 0) return false;
    i--;
  }
  spend(index - i);
  return true;
}

/** Whether a line of the point that begins with this entry has a value. */
function nextHas(index: u32): bool {
  let i = index;
  while (!hasValue(entryOf(i))) {
    if ((entryOf(i) & MERGED) == 0) return false;
    i++;
  }
  spend(i - index);
  return true;
}

function mark(): bool {
  const stop = stepEnd(at, repeatCount, FAR);
  for (; at < stop; at++) {
    const index = load<u32>(repeats + (<usize>at << 2));
    const isKept = (index & KEPT) != 0;
    if (entryOf(index & ~KEPT) & MERGED) {
      combined += <u32>isKept;
      continue;
    }
    if (isKept) continue;
    setEntry(index, entryOf(index) | MERGED);
    overwritten++;
  }
  if (at < repeatCount) return true;
  if (repeats != 0) giveScratch(repeats);
  repeats = 0;
  return false;
}

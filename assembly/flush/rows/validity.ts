// Which value each row of the row group has: fills `picked`, and `valueRows` when some have none. A column with a value in
// every row is found by arithmetic. One with many has a bit a row and a count every 64 rows. One with few has its values
// listed in the order of the file, so that rows without cost nothing.
import { columnAt, rowOfValue, valueFrom } from '../../memtable/read';
import { groupEnd, groupFirst, groupFrom, groupRows } from './row-groups';
import { picked, valueRows } from './row-group';
import { keep, keptOf } from './column-cache';
import { listBytes, listed, sparseStep, startSparse } from './sparse-values';
import { merged } from '../sort/merge-points';
import { entryOf, MERGED, order } from '../sort/row-order';
import { positionOf, positionStep } from './file-positions';
import { rowEnd, rowFirst, rows } from '../spans';
import { spend, stepEnd } from '../slice-budget';
import { takeScratch } from '../scratch';
import { addToWords } from '../parquet/simd-words';

/** Columns with fewer values than one in so many rows are listed. */
const ROWS_PER_LISTED: u32 = 16;
/** Per 64 rows: their bits (u64), and the index from 1 of the first value among them (u32). */
const WORD_BYTES: usize = 16;
const WORD_FIRST: usize = 8;

const STAGE_POSITIONS: u32 = 0;
const STAGE_LIST: u32 = 1;
const STAGE_BITS: u32 = 2;
const STAGE_PICK: u32 = 3;
/** What the next step does: STAGE_*. */
let stage: u32 = 0;

/** The column's first value in the range and the one after its last, and what is kept for it. */
let firstValue: u32 = 0;
let endValue: u32 = 0;
let block: usize = 0;
/** Next value to look at. */
let at: u32 = 0;
/** Rows of the group that have a value. */
export let present: u32 = 0;

/** Starts a field column of the group, by its index in the table. */
export function startValidity(table: usize, columnIndex: u32): void {
  const column = columnAt(table, columnIndex);
  firstValue = at = valueFrom(column, rowFirst);
  endValue = valueFrom(column, rowEnd);
  block = keptOf(columnIndex);
  present = 0;
  if (isNone() || isDense() || block != 0) stage = STAGE_PICK;
  else if (isFew()) stage = STAGE_POSITIONS;
  else startBits();
}

@inline
function isNone(): bool {
  return firstValue == endValue;
}

@inline
function isDense(): bool {
  return endValue - firstValue == rowEnd - rowFirst;
}

@inline
function isFew(): bool {
  return <u64>(endValue - firstValue) * ROWS_PER_LISTED < <u64>rows;
}

/** One step; false when all is picked. */
export function validityStep(table: usize, columnIndex: u32): bool {
  const column = columnAt(table, columnIndex);
  switch (stage) {
    case STAGE_POSITIONS:
      if (positionStep()) break;
      startSparse(firstValue, endValue);
      stage = STAGE_LIST;
      break;
    case STAGE_LIST:
      if (sparseStep(column)) break;
      block = listed;
      keep(columnIndex, block, listBytes(block));
      stage = STAGE_PICK;
      break;
    case STAGE_BITS:
      setBits(column, columnIndex);
      break;
    default:
      spend(isDense() || isFew() ? groupRows >> 3 : groupRows);
      pick(column);
      return false;
  }
  return true;
}

function pick(column: usize): void {
  if (isNone()) return;
  if (isDense()) pickDense(firstValue - rowFirst);
  else if (isFew()) pickListed(column);
  else pickByBits();
}

/** An earlier line of the same point is passed over: the later one has a value too and wins. */
function pickDense(offset: u32): void {
  present = groupRows;
  if (merged == 0) return addToWords(picked, order + (<usize>groupFrom << 2), offset, groupRows);
  let out = picked;
  for (let i = groupFrom; i < groupEnd; i++) {
    const entry = entryOf(i);
    if (entry & MERGED) continue;
    store<u32>(out, entry + offset);
    out += 4;
  }
}

function pickListed(column: usize): void {
  const count = load<u32>(block);
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (positionIn(column, middle) < groupFirst) low = middle + 1;
    else high = middle;
  }
  let last: u32 = u32.MAX_VALUE;
  for (; low < count; low++) {
    const row = positionIn(column, low) - groupFirst;
    if (row >= groupRows) break;
    // Of equal points the later line wins.
    if (row != last) present++;
    last = row;
    put(present - 1, row, listedAt(low));
  }
}

/** Row in the file of the i-th value listed. */
@inline
function positionIn(column: usize, index: u32): u32 {
  return positionOf(rowOfValue(column, listedAt(index)));
}

@inline
function listedAt(index: u32): u32 {
  return load<u32>(block + (<usize>index << 2), 4);
}

@inline
function put(to: u32, row: u32, value: u32): void {
  store<u32>(valueRows + (<usize>to << 2), row);
  store<u32>(picked + (<usize>to << 2), value);
}

function startBits(): void {
  block = takeScratch(bitsBytes());
  memory.fill(block, 0, bitsBytes());
  stage = STAGE_BITS;
}

@inline
function bitsBytes(): usize {
  return (<usize>(rowEnd - rowFirst + 63) >> 6) * WORD_BYTES;
}

function setBits(column: usize, columnIndex: u32): void {
  const stop = stepEnd(at, endValue);
  for (; at < stop; at++) {
    const inRange = rowOfValue(column, at) - rowFirst;
    const word = block + <usize>(inRange >> 6) * WORD_BYTES;
    store<u64>(word, load<u64>(word) | (<u64>1 << (inRange & 63)));
  }
  if (at < endValue) return;
  let first = firstValue + 1;
  for (let word = block; word < block + bitsBytes(); word += WORD_BYTES) {
    store<u32>(word, first, WORD_FIRST);
    first += <u32>popcnt<u64>(load<u64>(word));
  }
  keep(columnIndex, block, bitsBytes());
  stage = STAGE_PICK;
}

function pickByBits(): void {
  let row: u32 = 0;
  let earlier: u32 = 0;
  for (let i = groupFrom; i < groupEnd; i++) {
    const entry = entryOf(i);
    const inRange = (entry & ~MERGED) - rowFirst;
    const word = block + <usize>(inRange >> 6) * WORD_BYTES;
    const bits = load<u64>(word);
    const below = <u64>1 << (inRange & 63);
    let value: u32 = 0;
    if (bits & below) value = load<u32>(word, WORD_FIRST) + <u32>popcnt<u64>(bits & (below - 1));
    if (merged > 0) {
      if (value == 0) value = earlier;
      earlier = entry & MERGED ? value : 0;
      if (entry & MERGED) continue;
    }
    put(present, row, value - 1);
    present += <u32>(value != 0);
    row++;
  }
}

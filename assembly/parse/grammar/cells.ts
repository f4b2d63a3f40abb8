// The line being parsed, as cells: its tags, then its fields, in the line's order. Nothing of it is in a memtable yet.
import { KIND_TAG } from '../../layout/codes';
import { allocate, release } from '../../base/arena';

/** u32: KIND_*. */
export const CELL_KIND: usize = 0;
/** u32 each: the key as written, and unescaped. */
export const CELL_RAW_KEY_AT: usize = 4;
export const CELL_RAW_KEY_BYTES: usize = 8;
export const CELL_KEY_AT: usize = 12;
export const CELL_KEY_BYTES: usize = 16;
/** u32 each: the value as written. */
export const CELL_RAW_AT: usize = 20;
export const CELL_RAW_BYTES: usize = 24;
/** u32: the column, once it is judged. */
export const CELL_COLUMN: usize = 28;
/** u64: f64 bits, i64, u64, 0 or 1; or u32 each: address and length of an unescaped tag value or string. */
export const CELL_BITS: usize = 32;
export const CELL_TEXT_AT: usize = 32;
export const CELL_TEXT_BYTES: usize = 36;
/** u32: of a value whose column has another kind, the column it goes into, 0 for none; once it is judged. */
export const CELL_TARGET: usize = 40;
export const CELL_BYTES: u32 = 48;

const CELLS_MIN: u32 = 256;

/** The measurement as written and unescaped. */
export let rawNameAt: usize = 0;
export let rawNameBytes: u32 = 0;
export let nameAt: usize = 0;
export let nameBytes: u32 = 0;
/** Address of the first cell, the number of cells, and of those that are tags. */
export let cellsAt: usize = 0;
export let cellCount: u32 = 0;
/** More cells stood in the line than were asked for; those over it are not kept. */
export let hasMoreCells: bool = false;
/** Nanoseconds since 1970, when hasTime; as written, in the body's precision, until it is scaled. */
export let time: i64 = 0;
export let hasTime: bool = false;

/** Address of the first cell that is no tag. */
export function tagsEnd(): usize {
  const end = cellsAt + cellCount * CELL_BYTES;
  let cell = cellsAt;
  while (cell < end && load<u32>(cell, CELL_KIND) == KIND_TAG) cell += CELL_BYTES;
  return cell;
}

/** Cells that there is room for at cellsAt, and how many the line may keep. */
let cellCapacity: u32 = 0;
let cellCountMax: u32 = 0;

/** Begins a line that keeps at most `cells` cells. */
@inline
export function beginCells(cells: u32): void {
  cellCount = 0;
  cellCountMax = cells;
  hasMoreCells = false;
  hasTime = false;
  rawNameAt = 0;
  rawNameBytes = 0;
}

/** States the measurement: where it stands and its bytes, as written and unescaped. */
@inline
export function setName(rawAt: usize, rawBytes: u32, at: usize, bytes: u32): void {
  rawNameAt = rawAt;
  rawNameBytes = rawBytes;
  nameAt = at;
  nameBytes = bytes;
}

/** States the timestamp, in nanoseconds since 1970. */
@inline
export function setTime(value: i64): void {
  time = value;
  hasTime = true;
}

/** Address of a cell that may be written; it counts once keepCell is called. */
@inline
export function nextCell(): usize {
  if (cellCount == cellCapacity) growCells();
  return cellsAt + cellCount * CELL_BYTES;
}

/** Counts the cell that nextCell gave, or notes that it was one too many. */
@inline
export function keepCell(): void {
  if (cellCount < cellCountMax) cellCount++;
  else hasMoreCells = true;
}

/** The cell that keepCell was called for last, also when it was one too many and is not kept. */
export function lastCell(): usize {
  return hasMoreCells ? nextCell() : nextCell() - CELL_BYTES;
}

function growCells(): void {
  const before = cellsAt;
  const capacity = max(cellCapacity << 1, CELLS_MIN);
  cellsAt = allocate(capacity * CELL_BYTES);
  if (before != 0) {
    memory.copy(cellsAt, before, cellCapacity * CELL_BYTES);
    release(before, cellCapacity * CELL_BYTES);
  }
  cellCapacity = capacity;
}

// Arrays of a memtable that are nearly full, grown between bodies: those of all columns are full at the same row, and the
// body that comes to it has to copy them all in one go. One array, with those that have as much room, is copied at a time,
// in steps, into one twice as large, while the old one stands and gains entries, and takes its place when it has caught up.
// Whoever comes to the end of the old one before grows it as ever (reserveRows and its like); the copy is then given up.
import {
  COLUMN_CAPACITY, COLUMN_COUNT, COLUMN_DENSE, COLUMN_ENTRIES, COLUMN_ENTRY_CAPACITY, COLUMN_ENTRY_ENDS,
  COLUMN_ENTRY_HASHES, COLUMN_HEAP, COLUMN_HEAP_CAPACITY, COLUMN_KIND, COLUMN_ROWS, COLUMN_SLOTS, COLUMN_SLOTS_MASK, COLUMN_VALUES,
} from '../layout/column';
import {
  TABLE_COLUMNS, TABLE_MOVES, TABLE_ROWS, TABLE_ROWS_CAPACITY, TABLE_SERIES, TABLE_SERIES_AT, TABLE_SERIES_EPOCH, TABLE_TIMES,
} from '../layout/table';
import { KIND_STRING, KIND_TAG } from '../layout/codes';
import { heapUsed, valueShift } from './column';
import { putInto } from './dictionary';
import { give, take } from './memory';
import { columnAt, textStart } from './read';
import { freeNumbers, numbersAt, placeNumbers, takeNumbers } from './row-numbers';
import { tableAt } from './tables';

/**
 * Nearly full: less than a thirty-second of the room is free. A sixteenth would have a table of a million rows, at which it is
 * flushed by default, grow just before.
 */
const FREE_SHIFT: u32 = 5;
/** What is larger when grown is left to the body: there may never be room for both. */
const BYTES_MAX: u64 = 1 << 30;
/** What an entry of a dictionary costs, in bytes that are copied: a slot is found for it, anywhere. */
const SLOT_COST: u32 = 64;

/** What is grown. */
const VALUES: u32 = 0;
const HEAP: u32 = 1;
const ENTRIES: u32 = 2;
/** Behind those of all columns: times and series of the rows. If they were before, nobody would count what a row costs (growth.ts). */
const ROWS: u32 = 3;

/** The table that is looked at, if it has so many values, and the column and part that come next. */
let tableId: u32 = 0;
let valuesMin: u32 = 0;
let nextColumn: u32 = 0;
let nextPart: u32 = 0;
/** What growNext found: the structs, what of them, and how much room it has. */
let table: usize = 0;
let column: usize = 0;
let part: u32 = 0;
let room: u32 = 0;
/** What stays as it is while the array stays; of numbered values their COLUMN_DENSE. */
let moves: u32 = 0;
let epoch: u32 = 0;
let dense: u32 = 0;
/** In place of it: the values have no numbers. */
const NO_NUMBERS: u32 = 0xFFFFFFFF;
/** The new arrays and their bytes, while a copy is under way: values, numbers; texts; ends, hashes, slots; times, series. */
let isCopying: bool = false;
let first: usize = 0;
let second: usize = 0;
let third: usize = 0;
let firstBytes: u32 = 0;
let secondBytes: u32 = 0;
let thirdBytes: u32 = 0;
/** Bytes of the slots that are cleared, and how many entries are copied. */
let cleared: u32 = 0;
let copied: u32 = 0;

/** Begins to look at a table. Nothing of it is grown when it has fewer values, those that its rows lack counted too. */
export function growStart(id: u32, values: u32): void {
  growEnd();
  tableId = id;
  valuesMin = values;
  nextColumn = nextPart = 0;
}

/** Finds the next array of the table that is nearly full; returns what the one in its place takes of memory, 0 when there is none. */
export function growNext(): f64 {
  growEnd();
  table = tableAt(tableId);
  if (table == 0) return 0;
  const columns = load<u32>(table, TABLE_COLUMNS);
  if (<u64>max(load<u32>(table, TABLE_ROWS), load<u32>(table, TABLE_SERIES)) * (columns + 1) < valuesMin) return 0;
  for (; nextColumn < columns; nextColumn++, nextPart = VALUES) {
    column = columnAt(table, nextColumn);
    for (; nextPart < ROWS; nextPart++) if (isFound(nextPart)) return <f64>bytesFound();
  }
  return nextColumn++ == columns && isFound(ROWS) ? <f64>bytesFound() : 0;
}

/** Begins to copy what growNext found, when nothing came between. */
export function growBegin(): void {
  moves = load<u32>(table, TABLE_MOVES);
  epoch = load<u32>(table, TABLE_SERIES_EPOCH);
  dense = denseNow();
  secondBytes = thirdBytes = 0;
  if (part == ROWS) {
    firstBytes = room << 4;
    secondBytes = room << 3;
  } else if (part == ENTRIES) {
    firstBytes = secondBytes = room << 3;
    thirdBytes = room << 5;
  } else {
    firstBytes = part == HEAP ? room << 1 : room << (1 + valueShift(load<u32>(column, COLUMN_KIND)));
    if (dense != NO_NUMBERS) secondBytes = ((room << 1) - dense) << 2;
  }
  first = take(firstBytes);
  second = secondBytes == 0 ? 0 : dense != NO_NUMBERS ? takeNumbers(secondBytes >> 2, dense) : take(secondBytes);
  third = thirdBytes == 0 ? 0 : take(thirdBytes);
  cleared = copied = 0;
  isCopying = true;
}

/** Copies on, about `bytes` bytes; 1 while there are more. The last step puts the arrays in place. */
export function growStep(bytes: u32): u32 {
  if (!isCopying) return 0;
  if (!isAsBefore()) {
    growEnd();
    return 0;
  }
  const clearing = min(thirdBytes - cleared, bytes);
  memory.fill(third + cleared, 0, clearing);
  cleared += clearing;
  const used = usedNow();
  const end = <u32>min<u64>(used, copied + (<u64>(bytes - clearing) + entryCost() - 1) / entryCost());
  copyUpTo(end);
  copied = end;
  if (copied < used) return 1;
  settle();
  isCopying = false;
  return 0;
}

/** Ends, done or not: what is not done is given back. */
export function growEnd(): void {
  if (!isCopying) return;
  isCopying = false;
  give(first, firstBytes);
  give(second, secondBytes);
  give(third, thirdBytes);
}

/** Whether that part of the table, or of the column, is to be grown. */
function isFound(which: u32): bool {
  part = which;
  room = roomNow();
  const used = usedNow();
  return used != 0 && used >= room - (room >> FREE_SHIFT) && bytesFound() <= BYTES_MAX;
}

/** Bytes of the arrays that would be twice as large. */
function bytesFound(): u64 {
  const wide = <u64>room << 1;
  if (part == ROWS) return wide * 12;
  if (part == ENTRIES) return wide * 24;
  if (part == HEAP) return wide;
  return (wide << valueShift(load<u32>(column, COLUMN_KIND))) + (load<u32>(column, COLUMN_ROWS) != 0 ? wide << 2 : 0);
}

function roomNow(): u32 {
  if (part == ROWS) return load<u32>(table, TABLE_ROWS_CAPACITY);
  return load<u32>(column + (part == ENTRIES ? COLUMN_ENTRY_CAPACITY : part == HEAP ? COLUMN_HEAP_CAPACITY : COLUMN_CAPACITY));
}

function usedNow(): u32 {
  if (part == ROWS) return load<u32>(table, TABLE_ROWS);
  if (part == ENTRIES) return load<u32>(column, COLUMN_ENTRIES);
  if (part == VALUES) return load<u32>(column, COLUMN_COUNT);
  const kind = load<u32>(column, COLUMN_KIND);
  if (kind == KIND_STRING) return heapUsed(column);
  return kind == KIND_TAG ? textStart(load<u32>(column, COLUMN_ENTRY_ENDS), load<u32>(column, COLUMN_ENTRIES)) : 0;
}

function denseNow(): u32 {
  return part == VALUES && load<u32>(column, COLUMN_ROWS) != 0 ? load<u32>(column, COLUMN_DENSE) : NO_NUMBERS;
}

/** Whether what was copied still is what stands there, and more may have come behind it. */
function isAsBefore(): bool {
  if (tableAt(tableId) != table || load<u32>(table, TABLE_MOVES) != moves || load<u32>(table, TABLE_SERIES_EPOCH) != epoch) return false;
  return roomNow() == room && denseNow() == dense && usedNow() >= copied;
}

function entryCost(): u32 {
  if (part == ROWS) return 12;
  if (part == ENTRIES) return SLOT_COST;
  return part == HEAP ? 1 : (<u32>1 << valueShift(load<u32>(column, COLUMN_KIND))) + (dense == NO_NUMBERS ? 0 : 4);
}

/** Copies the entries behind those that are copied. */
function copyUpTo(end: u32): void {
  if (part == ROWS) {
    copyItems(first, load<u32>(table, TABLE_TIMES), copied, end, 3);
    copyItems(second, load<u32>(table, TABLE_SERIES_AT), copied, end, 2);
  } else if (part == ENTRIES) {
    copyItems(first, load<u32>(column, COLUMN_ENTRY_ENDS), copied, end, 2);
    copyItems(second, load<u32>(column, COLUMN_ENTRY_HASHES), copied, end, 2);
    for (let code = copied; code < end; code++) putInto(third, (room << 2) - 1, load<u32>(second + (code << 2)), code);
  } else if (part == HEAP) {
    copyItems(first, load<u32>(column, COLUMN_HEAP), copied, end, 0);
  } else {
    copyItems(first, load<u32>(column, COLUMN_VALUES), copied, end, valueShift(load<u32>(column, COLUMN_KIND)));
    if (dense < end) copyItems(second, numbersAt(column), max(copied, dense) - dense, end - dense, 2);
  }
}

@inline
function copyItems(to: usize, from: usize, start: u32, end: u32, shift: u32): void {
  memory.copy(to + (<usize>start << shift), from + (<usize>start << shift), <usize>(end - start) << shift);
}

/** The new arrays take the place of the old ones, which are given back. */
function settle(): void {
  if (part == ROWS) {
    place(table, TABLE_TIMES, first, room << 3);
    place(table, TABLE_SERIES_AT, second, room << 2);
    store<u32>(table, room << 1, TABLE_ROWS_CAPACITY);
  } else if (part == ENTRIES) {
    place(column, COLUMN_ENTRY_ENDS, first, room << 2);
    place(column, COLUMN_ENTRY_HASHES, second, room << 2);
    place(column, COLUMN_SLOTS, third, room << 4);
    store<u32>(column, (room << 2) - 1, COLUMN_SLOTS_MASK);
    store<u32>(column, room << 1, COLUMN_ENTRY_CAPACITY);
  } else if (part == HEAP) {
    place(column, COLUMN_HEAP, first, room);
    store<u32>(column, room << 1, COLUMN_HEAP_CAPACITY);
  } else {
    place(column, COLUMN_VALUES, first, room << valueShift(load<u32>(column, COLUMN_KIND)));
    freeNumbers(column);
    if (second != 0) placeNumbers(column, second);
    store<u32>(column, room << 1, COLUMN_CAPACITY);
  }
}

function place(struct: usize, field: usize, at: usize, bytesBefore: u32): void {
  give(load<u32>(struct + field), bytesBefore);
  store<u32>(struct + field, <u32>at);
}

// Series that have no rows any more leave a table, in steps that bodies may come between: those that stay are numbered anew
// in their old order, and dictionaries keep the entries that are still used. The new arrays are made beside the old ones,
// which gain rows and series meanwhile, and take their place at once when they have caught up. From the beginning on no
// cached series of the table is good, so that rows that come are of series behind those that are being numbered.
import {
  TABLE_COLUMNS, TABLE_ROWS, TABLE_ROWS_CAPACITY, TABLE_SERIES, TABLE_SERIES_AT, TABLE_SERIES_EPOCH,
} from '../layout/table';
import { COLUMN_KIND } from '../layout/column';
import { KIND_TAG } from '../layout/codes';
import { COPY_BYTES, freeCopy, isTagDone, placeCopy } from './keep-tags';
import { give, regrow, take } from './memory';
import { columnAt } from './read';
import { endNumbering, FAR, GONE, hasLeft, hasNumbered, numberOf, startKeepStep, startNumbering, stepTo } from './series-numbers';

/** After so many passes the rest goes in one step: bodies may come faster than steps. */
const PASSES_MAX: u32 = 8;

/** The table; 0 when nothing is under way. */
let table: usize = 0;
/** Whether tag columns are being worked at, else rows; and which column is next. */
let isAtTags: bool = false;
let nextColumn: u32 = 0;
/** The new TABLE_SERIES_AT, and its room; how many of its rows are there. */
let rowsAt: usize = 0;
let rowsRoom: u32 = 0;
let rowsDone: u32 = 0;
/** A copy for each column, with room for so many. */
let copies: usize = 0;
let copyRoom: u32 = 0;
/** Passes over rows and tags; what there was when this one began. */
let passes: u32 = 0;
let passRows: u32 = 0;
let passSeries: u32 = 0;

/** Keeps the series of a table that have rows, at once. */
export function keepSeries(crowded: usize): void {
  keepStart(crowded);
  while (keepStep(u32.MAX_VALUE) != 0) continue;
}

/** Begins. */
export function keepStart(crowded: usize): void {
  keepEnd();
  table = crowded;
  store<u32>(table, load<u32>(table, TABLE_SERIES_EPOCH) + 1, TABLE_SERIES_EPOCH);
  startNumbering(table);
  beginPass();
  rowsDone = passes = 0;
  rowsRoom = load<u32>(table, TABLE_ROWS_CAPACITY);
  rowsAt = take(<usize>rowsRoom << 2);
}

/** Works on, about `entries` entries; 1 while there are more. */
export function keepStep(entries: u32): u32 {
  if (table == 0) return 0;
  startKeepStep(passes > PASSES_MAX ? u32.MAX_VALUE : entries);
  if (!hasNumbered(table)) return 1;
  while (hasLeft()) {
    if (!isAtTags) ofRows();
    else if (ofTags()) {
      settle();
      keepEnd();
      return 0;
    }
  }
  return 1;
}

/** Ends, done or not; what is not done leaves the table as it was. */
export function keepEnd(): void {
  if (table == 0) return;
  for (let i: u32 = 0; i < copyRoom; i++) freeCopy(copyAt(i));
  give(copies, copyRoom * COPY_BYTES);
  endNumbering();
  give(rowsAt, <usize>rowsRoom << 2);
  table = copies = rowsAt = 0;
  copyRoom = 0;
}

@inline
function copyAt(index: u32): usize {
  return copies + <usize>index * COPY_BYTES;
}

/** The new numbers of the series of rows. */
function ofRows(): void {
  fitRows();
  const stop = stepTo(rowsDone, passRows, FAR);
  const series = <usize>load<u32>(table, TABLE_SERIES_AT);
  for (let row = rowsDone; row < stop; row++) {
    const number = numberOf(load<u32>(series + (<usize>row << 2)));
    if (number == GONE) unreachable();
    store<u32>(rowsAt + (<usize>row << 2), number);
  }
  rowsDone = stop;
  isAtTags = stop == passRows;
}

/** Room for the rows as the table has it. */
function fitRows(): void {
  const room = load<u32>(table, TABLE_ROWS_CAPACITY);
  if (room == rowsRoom) return;
  rowsAt = regrow(rowsAt, <usize>rowsRoom << 2, <usize>rowsDone << 2, <usize>room << 2);
  rowsRoom = room;
}

/** Works at the tag columns one after another; true when all of them and all rows have caught up. */
function ofTags(): bool {
  const columns = load<u32>(table, TABLE_COLUMNS);
  if (columns > copyRoom) {
    copies = regrow(copies, copyRoom * COPY_BYTES, copyRoom * COPY_BYTES, columns * COPY_BYTES);
    memory.fill(copyAt(copyRoom), 0, <usize>(columns - copyRoom) * COPY_BYTES);
    copyRoom = columns;
  }
  for (; nextColumn < columns; nextColumn++) {
    const column = columnAt(table, nextColumn);
    if (load<u32>(column, COLUMN_KIND) != KIND_TAG) continue;
    while (!isTagDone(copyAt(nextColumn), column)) if (!hasLeft()) return false;
  }
  if (passRows == load<u32>(table, TABLE_ROWS) && passSeries == load<u32>(table, TABLE_SERIES)) return true;
  passes++;
  beginPass();
  return false;
}

/** Begins with the rows and series that there are now. */
function beginPass(): void {
  isAtTags = false;
  nextColumn = 0;
  passRows = load<u32>(table, TABLE_ROWS);
  passSeries = load<u32>(table, TABLE_SERIES);
}

/** The new arrays take the place of the old ones. */
function settle(): void {
  fitRows();
  give(load<u32>(table, TABLE_SERIES_AT), <usize>load<u32>(table, TABLE_ROWS_CAPACITY) << 2);
  store<u32>(table, <u32>rowsAt, TABLE_SERIES_AT);
  rowsAt = 0;
  const columns = load<u32>(table, TABLE_COLUMNS);
  for (let i: u32 = 0; i < columns; i++) {
    const column = columnAt(table, i);
    if (load<u32>(column, COLUMN_KIND) == KIND_TAG) placeCopy(copyAt(i), column);
  }
  store<u32>(table, numberOf(load<u32>(table, TABLE_SERIES)), TABLE_SERIES);
  store<u32>(table, load<u32>(table, TABLE_SERIES_EPOCH) + 1, TABLE_SERIES_EPOCH);
}

// A seal as the worker drives it, one call a slice. There is one seal at a time. Between calls rows may be appended to
// the table behind the sealed ones; the table struct is read anew each time, everything else is in scratch.
import { TABLE_COLUMNS } from '../abi';
import { encodeChunk } from './chunk';
import { cutGroup, groupEnd, groupRows, startCuts } from './cut';
import { startDictionary } from './dictionary';
import { startGroups } from './group';
import { merged } from './merge';
import { startPages } from './page';
import { startPresence } from './presence';
import { giveAll } from './scratch';
import { sortStep, startSort } from './sort';
import { readSpans, rows, takeSpans } from './spans';

/** First entry of the order in the current row group. */
let groupStart: u32 = 0;

/** Makes room for `count` spans (SEAL_SPAN_*, ordered by number), which the caller writes before `sealStart`. */
export function sealSpans(count: u32): usize {
  return takeSpans(count);
}

/** Takes up the spans as rows of a table; returns how many rows they have. With none, `sealEnd` is all that may follow. */
export function sealStart(table: usize): u32 {
  if (readSpans() == 0) return 0;
  startSort(table);
  startPresence(load<u32>(table, TABLE_COLUMNS));
  startGroups(rows);
  startDictionary();
  startPages();
  startCuts();
  return rows;
}

/** Does one step of the sort; 1 while there are more. */
export function sealSort(table: usize): u32 {
  return sortStep(table) ? 1 : 0;
}

/** Rows of the file, once sorted: equal points of one body are one row. */
export function sealRows(): u32 {
  return rows - merged;
}

/** Begins the next row group; returns its rows, 0 when there is none. */
export function sealGroup(table: usize): u32 {
  groupStart = groupEnd;
  if (groupStart == rows) return 0;
  cutGroup(table, groupStart);
  return groupRows;
}

/** Encodes a column (an id, or COLUMN_TIME …) of the row group; returns the chunk struct, CHUNK_*. */
export function sealChunk(table: usize, columnId: u32): usize {
  return encodeChunk(table, columnId, groupStart, groupEnd, groupRows);
}

/** Ends the seal, finished or not, and frees what it took. */
export function sealEnd(): void {
  giveAll();
}

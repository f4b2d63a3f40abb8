// A flush as the worker drives it, one call a slice. There is one flush at a time. Between calls the table may gain rows,
// series and columns behind the flushed ones, and its arrays may move; the table struct is read anew each time,
// everything else is in scratch.
import { FLUSH_SPAN_BYTES } from '../layout/flush';
import { TABLE_COLUMNS } from '../layout/table';
import { chunkStep, sealChunkPage, startChunks } from './parquet/column-chunk';
import { nextGroupStep, groupRows, groupStep, findGroups } from './rows/row-groups';
import { resetNumberDictionary } from './parquet/number-dictionary';
import { startGroups } from './rows/row-group';
import { startKept } from './rows/column-cache';
import { merged } from './sort/merge-points';
import { combined } from './sort/overwritten';
import { startPages } from './parquet/page';
import { startPositions } from './rows/file-positions';
import { startRuns } from './rows/rank-runs';
import { giveAllScratch, takeScratch } from './scratch';
import { isSorted, sortStep, startSort } from './sort/sort';
import { rows, startSpans } from './spans';
import { hasBudget, setStep, startStep } from './slice-budget';
import { resetTextDictionary } from './parquet/text-dictionary';

export { flushBytes } from './scratch';

/** Room for `count` spans (FLUSH_SPAN_*), for the caller to write before `flushStart`. */
export function flushSpans(count: u32): usize {
  return takeScratch(<usize>count * FLUSH_SPAN_BYTES);
}

/**
 * Takes up `count` spans at `spans`, ordered by number, none of them empty, as rows of a table: `all` in [first, end) of its
 * memtable. `stepEntries` is how many entries (rows, series …) a call that follows looks at before it returns; `combines`, 0 or
 * 1, whether of rows that were read back equal points become one.
 */
export function flushStart(table: usize, stepEntries: u32, spans: usize, count: u32, all: u32, first: u32, end: u32, combines: u32): void {
  startSpans(table, spans, count, all, first, end, combines != 0);
  setStep(stepEntries);
  startSort(table);
  startPositions();
  startKept(load<u32>(table, TABLE_COLUMNS));
  startGroups();
  startRuns();
  resetNumberDictionary();
  resetTextDictionary();
  startPages();
  findGroups(table);
  startChunks();
}

/** Sorts on for one step; 1 while there are more. */
export function flushSort(table: usize): u32 {
  startStep();
  while (hasBudget()) {
    if (!isSorted()) sortStep(table);
    else if (!nextGroupStep(table)) return 0;
  }
  return 1;
}

/** Rows of the file, once sorted: equal points of one body are one row, and those a later body wrote again have none. */
export function flushRows(): u32 {
  return rows - merged;
}

/** Rows that were read back and are combined, once sorted: what the file says of their points came of several seqs. */
export function flushCombined(): u32 {
  return combined;
}

/** Works on for one step at the next row group; 1 while there are more. */
export function flushNextGroup(table: usize): u32 {
  startStep();
  while (hasBudget()) if (!groupStep(table)) return 0;
  return 1;
}

/** Rows of the row group that was found; 0 when there is none. */
export function flushGroup(): u32 {
  return groupRows;
}

/** Does a step of a column (an id, or COLUMN_TIME …) of the row group; returns the chunk struct, CHUNK_*. */
export function flushChunk(table: usize, columnId: u32): usize {
  return chunkStep(table, columnId);
}

/** Puts the header before the page that `flushChunk` just told of; the struct tells of both then. @param crc CRC-32 of the page */
export function flushPage(crc: u32): void {
  sealChunkPage(crc);
}

/** Ends the flush, finished or not, and frees what it took. */
export function flushEnd(): void {
  giveAllScratch();
}

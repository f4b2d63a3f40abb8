// Files of ours read back into a memtable, as the caller drives it: the files of a table one after another, row group by row
// group, column by column (our own three first, tags and fields in any order), page by page. What a call returns is READ_*; after
// anything but READ_OK the table is of no use and is to be dropped. No flush is in progress meanwhile.
import { KIND_TAG } from '../layout/codes';
import { COLUMN_KIND } from '../layout/column';
import { COLUMN_TIME } from '../layout/flush';
import { READ_NO_ROOM, READ_OK, READ_ROWS, READ_SNAPPY } from '../layout/read';
import { TABLE_ROWS } from '../layout/table';
import { giveAllScratch } from '../flush/scratch';
import { isOverRoom, roomFor } from '../memtable/memory';
import { columnAt, indexOfColumn } from '../memtable/read';
import { reserveSeqRows } from '../memtable/table';
import { resetDictionary, startDictionary, takeDictionary } from './dictionary';
import { readField } from './field-page';
import { readOwn, startOwn } from './own-page';
import { rawPage, startPageAreas, unpackPage } from './page-areas';
import { addGroupSeries, clearTagCodes, startSeriesLookup } from './series';
import { readTag } from './tag-page';

export { reserveInput as readInput } from './page-areas';
export { readSeqMax } from './own-page';

/** A time, a series and a seq. */
const ROW_BYTES: u64 = 20;

/** The memtable, the rows it will have, and those of a row group at most; the first row of the row group at hand, and its rows. */
let table: usize = 0;
let rowsAll: u32 = 0;
let rowsMax: u32 = 0;
let groupFirst: u32 = 0;
let groupRows: u32 = 0;
/** The chunk at hand: its column's id and struct (0: one of our own), and the row of its next page in the group. */
let columnId: u32 = 0;
let column: usize = 0;
let chunkRow: u32 = 0;

/** Begins to read files into a table that has no rows. @param rows of all files that will be read @param groupRowsMax of a row group of them */
export function readStart(tableAt: usize, rows: u32, groupRowsMax: u32): u32 {
  table = tableAt;
  rowsAll = rows;
  rowsMax = groupRowsMax;
  groupFirst = 0;
  groupRows = 0;
  if (isOverRoom(<u64>roomFor(rows) * ROW_BYTES)) return READ_NO_ROOM;
  reserveSeqRows(table, rows);
  startPageAreas(groupRowsMax);
  resetDictionary();
  startOwn();
  startSeriesLookup(table, groupRowsMax);
  return READ_OK;
}

/** Begins a row group. */
export function readGroup(rows: u32): u32 {
  groupFirst = load<u32>(table, TABLE_ROWS);
  if (rows > rowsAll - groupFirst || rows > rowsMax) return READ_ROWS;
  groupRows = rows;
  clearTagCodes(rows);
  return READ_OK;
}

/** Begins a column chunk of the group: an id of the table, or COLUMN_TIME …. */
export function readChunk(id: u32): void {
  columnId = id;
  column = id >= COLUMN_TIME ? 0 : columnAt(table, indexOfColumn(table, id));
  chunkRow = 0;
  startDictionary();
}

/** Reads the dictionary page of `bytes` in the input, which unpacks to `rawBytes` and has `entries` plain values. */
export function readDictionary(entries: u32, bytes: u32, rawBytes: u32): u32 {
  if (!unpackPage(bytes, rawBytes)) return READ_SNAPPY;
  return takeDictionary(column, columnId, entries, rawBytes);
}

/** Reads the data page of `bytes` in the input, which unpacks to `rawBytes` and has values of `rows` rows, nulls included. */
export function readPage(encoding: u32, rows: u32, bytes: u32, rawBytes: u32): u32 {
  if (rows > groupRows - chunkRow) return READ_ROWS;
  if (!unpackPage(bytes, rawBytes)) return READ_SNAPPY;
  const first = groupFirst + chunkRow;
  const row = chunkRow;
  chunkRow += rows;
  const end = rawPage + <usize>rawBytes;
  if (column == 0) return readOwn(table, columnId, encoding, first, rows, rawPage, end);
  if (load<u32>(column, COLUMN_KIND) == KIND_TAG) return readTag(column, encoding, row, rows, rawPage, end);
  return readField(column, encoding, first, rows, rowsAll, rawPage, end);
}

/** Ends the chunk. */
export function readChunkEnd(): u32 {
  return chunkRow == groupRows ? READ_OK : READ_ROWS;
}

/** Ends the row group, all of whose columns were read: its rows are in the table. */
export function readGroupEnd(): u32 {
  const code = addGroupSeries(groupFirst, groupRows);
  if (code == READ_OK) store<u32>(table, groupFirst + groupRows, TABLE_ROWS);
  return code;
}

/** Ends the reading, all read or not, and frees what it took besides the rows. */
export function readEnd(): void {
  giveAllScratch();
}

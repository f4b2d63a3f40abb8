// Tables and columns that accepted lines of the body at hand need and the catalog does not have: made for the rest of
// the body, so that its later lines are judged against them, and removed before parse returns.
import { COLUMN_KEY_AT, COLUMN_KEY_BYTES, COLUMN_KIND } from '../../layout/column';
import { TABLE_ID, TABLE_LISTED_AT, TABLE_LISTING, TABLE_NAME_AT, TABLE_NAME_BYTES } from '../../layout/table';
import {
  NEED_BYTES, NEED_KEY_AT, NEED_KEY_BYTES, NEED_KIND, NEED_TABLE_AT, NEED_TABLE_BYTES, NEED_TABLE_ID,
} from '../../layout/codes';
import { addTable, removeTable } from '../../memtable/tables';
import { forgetGuesses } from '../../memtable/cache/line-guess';
import { addColumn, createTable, freeTable, removeLastColumn } from '../../memtable/table';
import { cutList, extendList, LIST_BYTES, listAt, listUsed } from '../../base/list';

/** In the order they were made: address of the table, address of the column (0: the table itself); u32 each. */
const made: usize = memory.data(LIST_BYTES, 8);
const MADE_BYTES: u32 = 8;
const needs: usize = memory.data(LIST_BYTES, 8);
/** The names of the needs. */
const names: usize = memory.data(LIST_BYTES, 8);

/** A mark to go back to with undoProvisional; 0 when nothing is provisional. */
@inline
export function provisionalMark(): u32 {
  return listUsed(made);
}

function note(table: usize, column: usize): void {
  const entry = extendList(made, MADE_BYTES);
  store<u32>(entry, <u32>table);
  store<u32>(entry, <u32>column, 4);
}

/** Makes a provisional table of that database and unescaped measurement, which is in no other; returns its address. */
export function makeTable(databaseId: u32, nameAt: usize, nameBytes: u32, nameHash: u64): usize {
  const table = createTable(0, databaseId, nameAt, nameBytes, nameHash);
  addTable(table);
  note(table, 0);
  return table;
}

/** Makes a provisional column of that kind (KIND_*) and unescaped key, which the table has not; returns its address. */
export function makeColumn(table: usize, kind: u32, keyAt: usize, keyBytes: u32, keyHash: u64): usize {
  const column = addColumn(table, 0, kind, keyAt, keyBytes, keyHash);
  note(table, column);
  return column;
}

/** Removes what was made since the mark, the last first. */
export function undoProvisional(mark: u32): void {
  let guessless: usize = 0;
  while (listUsed(made) > mark) {
    const entry = listAt(made) + listUsed(made) - MADE_BYTES;
    cutList(made, listUsed(made) - MADE_BYTES);
    const table = <usize>load<u32>(entry);
    if (load<u32>(entry, 4) == 0) {
      removeTable(table);
      freeTable(table);
    } else {
      if (table != guessless) forgetGuesses(table);
      guessless = table;
      removeLastColumn(table);
    }
  }
}

/** Counts the listings: a table with its number has its measurement in the names. */
let listing: u64 = 0;

/** Lists the provisional columns as needs (NEED_* of layout/codes.ts). The measurement of a table stands there once, for all of them. */
export function listNeeds(): void {
  listing++;
  cutList(needs, 0);
  cutList(names, 0);
  const count = listUsed(made) / MADE_BYTES;
  for (let i: u32 = 0; i < count; i++) {
    const table = <usize>load<u32>(listAt(made) + i * MADE_BYTES);
    const column = <usize>load<u32>(listAt(made) + i * MADE_BYTES, 4);
    if (column == 0) continue;
    const need = extendList(needs, NEED_BYTES);
    store<u32>(need, load<u32>(table, TABLE_ID), NEED_TABLE_ID);
    store<u32>(need, load<u32>(column, COLUMN_KIND), NEED_KIND);
    putName(need + NEED_TABLE_AT, listedAt(table), load<u32>(table, TABLE_NAME_BYTES));
    const keyBytes = load<u32>(column, COLUMN_KEY_BYTES);
    putName(need + NEED_KEY_AT, addName(load<u32>(column, COLUMN_KEY_AT), keyBytes), keyBytes);
  }
  // The names stand still now: their offsets become addresses.
  const base = <u32>listAt(names);
  for (let i: u32 = 0; i < needCount(); i++) {
    const need = needsAt() + i * NEED_BYTES;
    store<u32>(need, base + load<u32>(need, NEED_TABLE_AT), NEED_TABLE_AT);
    store<u32>(need, base + load<u32>(need, NEED_KEY_AT), NEED_KEY_AT);
  }
}

/** Offset of the table's measurement in the names. */
function listedAt(table: usize): u32 {
  if (load<u64>(table, TABLE_LISTING) != listing) {
    store<u64>(table, listing, TABLE_LISTING);
    store<u32>(table, addName(load<u32>(table, TABLE_NAME_AT), load<u32>(table, TABLE_NAME_BYTES)), TABLE_LISTED_AT);
  }
  return load<u32>(table, TABLE_LISTED_AT);
}

/** Copies a name to the others; returns its offset. */
function addName(at: usize, bytes: u32): u32 {
  const offset = listUsed(names);
  memory.copy(extendList(names, bytes), at, bytes);
  return offset;
}

function putName(to: usize, offset: u32, bytes: u32): void {
  store<u32>(to, offset);
  store<u32>(to, bytes, 4);
}

/** Address of the needs that listNeeds listed. */
export function needsAt(): usize {
  return listAt(needs);
}

/** Number of the needs that listNeeds listed. */
export function needCount(): u32 {
  return listUsed(needs) / NEED_BYTES;
}

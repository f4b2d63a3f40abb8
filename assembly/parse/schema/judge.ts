// What a well-formed line says, held against the schema: first the keys against one another (L5), then against the
// columns there are, then against the rules and limits of what is new. The first line of a body that names a new column
// gives it its kind.
import { COLUMN_ID, COLUMN_KIND } from '../../layout/column';
import { TABLE_COLUMNS, TABLE_ID, TABLE_KEY_BYTES, TABLE_SET_ASIDE } from '../../layout/table';
import {
  KIND_TAG, LINE_DUPLICATE_FIELD, LINE_DUPLICATE_TAG, LINE_NAMES_FULL, LINE_OK, LINE_RESERVED_NAME,
  LINE_TABLE_SET_ASIDE, LINE_TAG_AND_FIELD, LINE_TAGS_FIXED, LINE_TOO_MANY_COLUMNS, LINE_TOO_MANY_TABLES,
  LINE_TYPE_CONFLICT, RULE_SPLIT, RULE_TAGS_FIXED,
} from '../../layout/codes';
import { findTable, isNamed, tableCount } from '../../memtable/tables';
import { guessCell, noteCell } from '../../memtable/cache/line-guess';
import { findColumn, isKey, namesBytes } from '../../memtable/table';
import { hashBytes } from '../../base/hash';
import { database, isReplay, rules } from '../body-settings';
import { fault, faultKinds } from '../grammar/fault';
import { AS_FIELD, AS_TAG, namedAs, nameColumn, nextSerial } from './line-keys';
import { KIND_NONE, findTarget, targetOf, timeColumn } from './split-column';
import { makeColumn, makeTable, provisionalMark, undoProvisional } from './needed';
import {
  CELL_BYTES, CELL_COLUMN, CELL_KEY_AT, CELL_KEY_BYTES, CELL_KIND, CELL_TARGET, CELL_RAW_AT, CELL_RAW_BYTES,
  CELL_RAW_KEY_AT, CELL_RAW_KEY_BYTES, cellCount, cellsAt, hasMoreCells, nameAt, nameBytes, rawNameAt, rawNameBytes,
} from '../grammar/cells';

/** `time` as a little-endian integer. */
const TIME: u32 = 0x656D6974;

/** See setLimits. */
let tablesMax: u32 = 0;
export let columnsMax: u32 = 0;
let columnNameBytesMax: u32 = 0;
let namesBytesMax: u32 = 0;

/** Limits of all tables, of the columns of a table (ours apart), of the bytes of their keys, and of all names. */
export function setLimits(tables: u32, columns: u32, columnNameBytes: u32, namesBytes: u32): void {
  namesBytesMax = namesBytes;
  tablesMax = tables;
  columnsMax = columns;
  columnNameBytesMax = columnNameBytes;
}

/** The table of the line before, for most lines that of the next; 0 when it may be gone. */
let lastTable: usize = 0;
/** In the line judged last, fields have another kind than their columns (CELL_TARGET says where they go). */
export let lineHasMoved: bool = false;
/** Begins a body. */
export function beginJudging(): void {
  lastTable = 0;
}

/** The table of the line judged last. */
@inline
export function judgedTable(): usize {
  return lastTable;
}

/**
 * Judges the line in the cells and finds its table and columns, making provisional ones where there are none.
 * @returns LINE_OK, or what is wrong, with the fault set and nothing made
 */
export function judgeLine(): u32 {
  const mark = provisionalMark();
  if (lastTable == 0 || !isNamed(lastTable, database, nameAt, nameBytes)) {
    const hash = hashBytes(nameAt, nameBytes);
    lastTable = findTable(database, nameAt, nameBytes, hash);
    if (lastTable == 0) lastTable = makeTable(database, nameAt, nameBytes, hash);
  }
  if (!isReplay && load<u32>(lastTable, TABLE_SET_ASIDE) != 0) {
    return fault(LINE_TABLE_SET_ASIDE, rawNameAt, rawNameAt + rawNameBytes, 0, 0);
  }
  nextSerial();
  let code = judgeKeys(lastTable);
  if (code == LINE_OK) code = judgeKinds(lastTable);
  if (code == LINE_OK && !isReplay && (hasMoreCells || provisionalMark() != mark)) code = judgeNew(lastTable);
  if (code != LINE_OK && provisionalMark() != mark) {
    undoProvisional(mark);
    lastTable = 0;
  }
  return code;
}

/** Finds the columns of all cells; a key that stands twice ends it, and one that is tag and field, or `time`, unless both are split. */
function judgeKeys(table: usize): u32 {
  const isSplit = (rules & RULE_SPLIT) != 0;
  let cell = cellsAt;
  for (let i: u32 = 0; i < cellCount; i++, cell += CELL_BYTES) {
    const keyAt = <usize>load<u32>(cell, CELL_KEY_AT);
    const keyBytes = load<u32>(cell, CELL_KEY_BYTES);
    let column = guessCell(table, i);
    if (column == 0 || !isKey(column, keyAt, keyBytes)) {
      if (keyBytes == 4 && load<u32>(keyAt) == TIME) {
        if (!isSplit) return keyFault(LINE_RESERVED_NAME, cell);
        column = timeColumn;
        noteCell(table, i, 0);
      } else {
        const hash = hashBytes(keyAt, keyBytes);
        column = findColumn(table, keyAt, keyBytes, hash);
        if (column == 0) column = makeColumn(table, load<u32>(cell, CELL_KIND), keyAt, keyBytes, hash);
        noteCell(table, i, column);
      }
    }
    const how = load<u32>(cell, CELL_KIND) == KIND_TAG ? AS_TAG : AS_FIELD;
    const before = namedAs(column);
    if (before != 0 && ((before & how) != 0 || !isSplit)) return keyFault(repeatCode(how, before), cell);
    nameColumn(column, before | how);
    store<u32>(cell, <u32>column, CELL_COLUMN);
  }
  return LINE_OK;
}

function repeatCode(how: u64, before: u64): u32 {
  if ((before & how) == 0) return LINE_TAG_AND_FIELD;
  return how == AS_TAG ? LINE_DUPLICATE_TAG : LINE_DUPLICATE_FIELD;
}

function keyFault(code: u32, cell: usize): u32 {
  const at = <usize>load<u32>(cell, CELL_RAW_KEY_AT);
  const bytes = load<u32>(cell, CELL_RAW_KEY_BYTES);
  return fault(code, at, at + bytes, at, bytes);
}

/** Judges the kinds of all cells; those of another kind than their columns need another column, their target. */
function judgeKinds(table: usize): u32 {
  const end = cellsAt + cellCount * CELL_BYTES;
  lineHasMoved = false;
  for (let cell = cellsAt; cell < end; cell += CELL_BYTES) {
    if (load<u32>(load<u32>(cell, CELL_COLUMN), COLUMN_KIND) != load<u32>(cell, CELL_KIND)) return findTargets(table, cell, end);
  }
  return LINE_OK;
}

/** Finds a target for each value from `cell` on whose column has another kind; one that has none ends it, but for replay. */
function findTargets(table: usize, cell: usize, end: usize): u32 {
  for (; cell < end; cell += CELL_BYTES) {
    const came = load<u32>(cell, CELL_KIND);
    const has = load<u32>(load<u32>(cell, CELL_COLUMN), COLUMN_KIND);
    if (has == came) continue;
    if (came != KIND_TAG) lineHasMoved = true;
    const target = findTarget(table, cell, rules);
    if (target == 0 && !isReplay) return kindFault(cell, has, came);
    store<u32>(cell, <u32>target, CELL_TARGET);
  }
  return LINE_OK;
}

function kindFault(cell: usize, has: u32, came: u32): u32 {
  if (has == KIND_NONE) return keyFault(LINE_RESERVED_NAME, cell);
  const code = has == KIND_TAG || came == KIND_TAG ? LINE_TAG_AND_FIELD : LINE_TYPE_CONFLICT;
  const at = <usize>load<u32>(cell, CELL_RAW_AT);
  fault(code, at, at + load<u32>(cell, CELL_RAW_BYTES), load<u32>(cell, CELL_RAW_KEY_AT), load<u32>(cell, CELL_RAW_KEY_BYTES));
  faultKinds(has, came);
  return code;
}

/** For a line that made something, or that has more cells than any table may have columns. */
function judgeNew(table: usize): u32 {
  if ((rules & RULE_TAGS_FIXED) != 0 && load<u32>(table, TABLE_ID) != 0) {
    const cell = firstNewCell();
    if (load<u32>(cell, CELL_KIND) == KIND_TAG) return keyFault(LINE_TAGS_FIXED, cell);
  }
  return judgeLimits(table);
}

function judgeLimits(table: usize): u32 {
  if (load<u32>(table, TABLE_ID) == 0 && tableCount() > tablesMax) {
    return fault(LINE_TOO_MANY_TABLES, rawNameAt, rawNameAt + rawNameBytes, 0, 0);
  }
  const isOver = hasMoreCells || load<u32>(table, TABLE_COLUMNS) > columnsMax || load<u32>(table, TABLE_KEY_BYTES) > columnNameBytesMax;
  if (isOver) return keyFault(LINE_TOO_MANY_COLUMNS, firstNewCell());
  return namesBytes > <u64>namesBytesMax ? keyFault(LINE_NAMES_FULL, firstNewCell()) : LINE_OK;
}

/** The first cell that needs a new column, tags before fields; when none does the last, which is a field. */
function firstNewCell(): usize {
  let cell = cellsAt;
  for (let i: u32 = 1; i < cellCount && load<u32>(targetOf(cell), COLUMN_ID) != 0; i++) cell += CELL_BYTES;
  return cell;
}

/** Moves what a worker knows and holds into another instance of the module: tables and columns, rows, series, dictionaries. */
import * as abi from '../../../assembly/layout/codes.js';
import {
  COLUMN_COUNT, COLUMN_DENSE, COLUMN_ENTRIES, COLUMN_ENTRY_ENDS, COLUMN_HEAP, COLUMN_ID, COLUMN_KEY_AT,
  COLUMN_KEY_BYTES, COLUMN_KIND, COLUMN_ROWS, COLUMN_VALUES,
} from '../../../assembly/layout/column.js';
import {
  TABLE_COLUMNS, TABLE_COLUMNS_AT, TABLE_CREATED, TABLE_DATABASE, TABLE_FLUSHED_TO, TABLE_ID, TABLE_NAME_AT,
  TABLE_NAME_BYTES, TABLE_ROWS, TABLE_SERIES, TABLE_SERIES_AT, TABLE_SET_ASIDE, TABLE_TIMES,
} from '../../../assembly/layout/table.js';
import type { WasmParser } from './wasm.js';

/**
 * Fills a fresh instance with the tables of another and their rows. Rows, series and codes keep their numbers; the series of
 * tables without rows are left behind.
 */
export class Move {
  readonly #from: WasmParser;
  readonly #to: WasmParser;
  /** Tables below it are there. */
  #nextId = 0;
  /** Those of them that changed since. */
  readonly #changed = new Set<number>();

  /** @param to knows no table */
  constructor(from: WasmParser, to: WasmParser) {
    this.#from = from;
    this.#to = to;
  }

  /** A table is new, has new columns, was dropped, flushed, or set aside. */
  noteChanged(tableId: number): void {
    if (tableId < this.#nextId) this.#changed.add(tableId);
  }

  /**
   * Defines about `items` tables and columns more; bodies may come between.
   * @returns whether all are there
   * @throws a WASM trap when there is not enough memory: the fresh instance is lost then
   */
  step(items: number): boolean {
    for (let left = items; left > 0;) {
      const isNew = this.#nextId < this.#from.exports.tableIdsEnd();
      const [id] = isNew ? [this.#nextId] : this.#changed;
      if (id === undefined) return true;
      const { defined, isWhole } = this.#define(id, left);
      left -= defined;
      if (!isWhole) continue;
      if (isNew) this.#nextId += 1;
      else this.#changed.delete(id);
    }
    return false;
  }

  /** Takes the rows along, once all tables are there and before anything else happens. @throws as `step` */
  finish(): void {
    const words = new Uint32Array(this.#from.memory.buffer);
    for (let id = 0; id < this.#nextId; id += 1) {
      const table = this.#from.exports.tableAt(id) >>> 0;
      if (table !== 0 && words[(table + TABLE_ROWS) / 4] !== 0) moveRows(this.#from, table, this.#to, this.#to.exports.tableAt(id) >>> 0);
    }
  }

  /** Has a table be there as it is now, or be gone; at most so many of its columns. */
  #define(id: number, columnsMax: number): { readonly defined: number; readonly isWhole: boolean } {
    const [from, to] = [this.#from, this.#to];
    const table = from.exports.tableAt(id) >>> 0;
    const tableTo = to.exports.tableAt(id) >>> 0;
    if (table === 0) {
      if (tableTo !== 0) to.drop(id);
      return { defined: 0.1, isWhole: true };
    }
    const known = tableTo === 0 ? 0 : wordOf(to, tableTo + TABLE_COLUMNS);
    const columns = columnsOf(from, table).slice(known, known + columnsMax);
    define(from, table, to, columns);
    return { defined: columns.length + 1, isWhole: known + columns.length === wordOf(from, table + TABLE_COLUMNS) };
  }
}

/** Does it at once. @throws as `Move` */
export function moveMemtables(from: WasmParser, to: WasmParser): void {
  const move = new Move(from, to);
  while (!move.step(Infinity)) continue;
  move.finish();
}

/** @param columns those of the table that are not there yet */
function define(from: WasmParser, table: number, to: WasmParser, columns: readonly number[]): void {
  const view = new DataView(from.memory.buffer);
  const text = (struct: number, at: number, bytes: number): string => {
    return Buffer.from(from.memory.buffer, wordOf(from, struct + at), wordOf(from, struct + bytes)).toString();
  };
  const [id, flushedTo] = [wordOf(from, table + TABLE_ID), view.getFloat64(table + TABLE_FLUSHED_TO, true)];
  to.define({
    id, flushedTo,
    databaseId: wordOf(from, table + TABLE_DATABASE),
    measurement: text(table, TABLE_NAME_AT, TABLE_NAME_BYTES),
    created: view.getFloat64(table + TABLE_CREATED, true),
    columns: columns.map((column) => ({
      id: wordOf(from, column + COLUMN_ID),
      kind: wordOf(from, column + COLUMN_KIND),
      key: text(column, COLUMN_KEY_AT, COLUMN_KEY_BYTES),
    })),
  });
  to.setFlushedTo(id, flushedTo);
  to.setAside(id, wordOf(from, table + TABLE_SET_ASIDE) !== 0);
}

function moveRows(from: WasmParser, table: number, to: WasmParser, tableTo: number): void {
  const rows = wordOf(from, table + TABLE_ROWS);
  to.exports.restoreRows(tableTo, rows, wordOf(from, table + TABLE_SERIES));
  copy(from, table, to, tableTo, TABLE_TIMES, rows * 8);
  copy(from, table, to, tableTo, TABLE_SERIES_AT, rows * 4);
  const columnsTo = columnsOf(to, tableTo);
  columnsOf(from, table).forEach((column, place) => moveValues(from, column, to, columnsTo[place]!));
}

function moveValues(from: WasmParser, column: number, to: WasmParser, columnTo: number): void {
  const word = (offset: number): number => wordOf(from, column + offset);
  const kind = word(COLUMN_KIND);
  const count = word(COLUMN_COUNT);
  const entries = kind === abi.KIND_TAG ? word(COLUMN_ENTRIES) : 0;
  if (count === 0 && entries === 0) return;
  const heapBytes = kind === abi.KIND_TAG ? lastEnd(from, word(COLUMN_ENTRY_ENDS), entries)
    : kind === abi.KIND_STRING ? lastEnd(from, word(COLUMN_VALUES), count) : 0;
  const dense = word(COLUMN_ROWS) === 0 ? count : word(COLUMN_DENSE);
  to.exports.restoreValues(columnTo, count, dense, heapBytes, entries);
  if (dense < count) copy(from, column, to, columnTo, COLUMN_ROWS, count * 4, dense * 4);
  copy(from, column, to, columnTo, COLUMN_VALUES, count * valueBytes(kind));
  copy(from, column, to, columnTo, COLUMN_HEAP, heapBytes);
  if (kind !== abi.KIND_TAG) return;
  copy(from, column, to, columnTo, COLUMN_ENTRY_ENDS, entries * 4);
  to.exports.indexEntries(columnTo);
}

function valueBytes(kind: number): number {
  return kind === abi.KIND_BOOL ? 1 : kind === abi.KIND_TAG || kind === abi.KIND_STRING ? 4 : 8;
}

/** Where the last of `count` texts ends. */
function lastEnd(from: WasmParser, ends: number, count: number): number {
  return count === 0 ? 0 : wordOf(from, ends + (count - 1) * 4);
}

/** Addresses of the columns of a table. */
function columnsOf(parser: WasmParser, table: number): number[] {
  const list = wordOf(parser, table + TABLE_COLUMNS_AT);
  return Array.from({ length: wordOf(parser, table + TABLE_COLUMNS) }, (_, place) => wordOf(parser, list + place * 4));
}

/** Copies the array whose address stands at `field` of both structs, from one of its bytes to another. */
function copy(from: WasmParser, struct: number, to: WasmParser, structTo: number, field: number, end: number, first = 0): void {
  const at = (parser: WasmParser, address: number): number => (wordOf(parser, address + field) + first) >>> 0;
  const source = new Uint8Array(from.memory.buffer, at(from, struct), end - first);
  new Uint8Array(to.memory.buffer, at(to, structTo), end - first).set(source);
}

function wordOf({ memory }: WasmParser, at: number): number {
  return new DataView(memory.buffer).getUint32(at, true);
}

/** A parser with a catalog of its own, as tests drive it: bodies in, points out. */
import * as abi from '../../assembly/layout/codes.js';
import {
  COLUMN_COUNT, COLUMN_ENTRIES, COLUMN_ENTRY_ENDS, COLUMN_HEAP, COLUMN_ID,
} from '../../assembly/layout/column.js';
import { TABLE_COLUMNS, TABLE_COLUMNS_AT, TABLE_SERIES } from '../../assembly/layout/table.js';
import type { ParserLimits } from '../../src/model/limits.js';
import type { ColumnDefinition, Need, TableDefinition } from '../../src/model/schema.js';
import { moveMemtables } from '../../src/worker/wasm/move.js';
import { memtableRows, type Point } from '../../src/worker/wasm/dump.js';
import { WasmParser, type Parsed, type ParseOptions } from '../../src/worker/wasm/wasm.js';
import { type Build, moduleOf } from './builds.js';

export const DATABASE = 7;
export const DEFAULT_TIME = 1_700_000_000_123_456_789n;
const LIMITS = { tablesMax: 10_000, columnsMax: 4096, columnNameBytesMax: 1 << 20, namesBytesMax: 0xffffffff, seriesBytesMax: 64 << 20 };

/** A table whose columns are added to. */
type TestTable = Omit<TableDefinition, 'columns'> & { readonly columns: ColumnDefinition[] };

export type BodyOptions = Partial<Omit<ParseOptions, 'bytes'>>;

export class ParserSession {
  readonly parser: WasmParser;
  readonly #tables = new Map<string, TestTable>();
  #nextId = 1;

  constructor(limits: Partial<ParserLimits> = {}, from: Build | WasmParser = 'simd') {
    this.parser = typeof from === 'string' ? new WasmParser(moduleOf(from)) : from;
    this.parser.setLimits({ ...LIMITS, ...limits });
  }

  /** Parses once. Nanoseconds and a fixed default time unless told otherwise. */
  parse(body: string | Uint8Array, options: BodyOptions = {}): Parsed {
    const bytes = Buffer.from(body);
    this.parser.inputView(bytes.length).set(bytes);
    return this.parser.parse({
      databaseId: DATABASE, precision: abi.PRECISION_NS, defaultTime: DEFAULT_TIME, flags: 0, linesMax: 2_000_000,
      ...options, bytes: bytes.length,
    });
  }

  /** Parses, defines what is needed and parses again. */
  write(body: string | Uint8Array, options: BodyOptions = {}): Parsed {
    const parsed = this.parse(body, options);
    if (parsed.status !== abi.PARSE_NEEDS) return parsed;
    this.define(parsed.needs, options.databaseId);
    return this.parse(body, options);
  }

  /** Defines needed tables and columns, as main would. */
  define(needs: readonly Need[], databaseId = DATABASE): void {
    const changed = new Set<TestTable>();
    for (const { table: { measurement }, key, kind } of needs) {
      const name = `${databaseId} ${measurement}`;
      const table = this.#tables.get(name) ?? { id: this.#nextId++, databaseId, measurement, created: 1, flushedTo: 0, columns: [] };
      table.columns.push({ id: this.#nextId++, kind, key, name: key });
      this.#tables.set(name, table);
      changed.add(table);
    }
    for (const table of changed) this.parser.define(table);
  }

  /** A session in a fresh instance of the usual limits, with all that this one knows and holds. */
  moved(): ParserSession {
    const next = new ParserSession();
    moveMemtables(this.parser, next.parser);
    for (const [name, table] of this.#tables) next.#tables.set(name, { ...table, columns: [...table.columns] });
    next.#nextId = this.#nextId;
    return next;
  }

  tables(): readonly TableDefinition[] {
    return [...this.#tables.values()];
  }

  table(measurement: string, databaseId = DATABASE): TestTable {
    const table = this.#tables.get(`${databaseId} ${measurement}`);
    if (table === undefined) throw new Error(`no table ${measurement} was defined`);
    return table;
  }

  tableOf(id: number): TestTable {
    const table = [...this.#tables.values()].find((each) => each.id === id);
    if (table === undefined) throw new Error(`no table ${id} was defined`);
    return table;
  }

  rows(measurement: string): Point[] {
    return memtableRows(this.parser, this.table(measurement));
  }

  /** The logical content of all memtables: rows, values and dictionaries, by table id. */
  dump(): unknown {
    return [...this.#tables.values()].map((table) => this.dumpOf(table));
  }

  /** The same of one table, which may be defined by hand. */
  dumpOf(table: TableDefinition): unknown {
    return [table.id, memtableRows(this.parser, table), this.#dictionaries(table.id)];
  }

  /** Number of series in a memtable. */
  series(measurement: string): number {
    return new DataView(this.parser.memory.buffer).getUint32(this.parser.exports.tableAt(this.table(measurement).id) + TABLE_SERIES, true);
  }

  /** Number of dictionary entries of a tag. */
  entries(measurement: string, key: string): number {
    return this.columnWord(measurement, key, COLUMN_ENTRIES);
  }

  /** A word of a column's struct, COLUMN_*. */
  columnWord(measurement: string, key: string, offset: number): number {
    const table = this.table(measurement);
    const view = new DataView(this.parser.memory.buffer);
    const struct = this.parser.exports.tableAt(table.id) >>> 0;
    const place = table.columns.findIndex((column) => column.key === key);
    return view.getUint32(view.getUint32(view.getUint32(struct + TABLE_COLUMNS_AT, true) + place * 4, true) + offset, true);
  }

  #dictionaries(tableId: number): unknown {
    const view = new DataView(this.parser.memory.buffer);
    const word = (at: number): number => view.getUint32(at, true);
    const table = this.parser.exports.tableAt(tableId) >>> 0;
    return Array.from({ length: word(table + TABLE_COLUMNS) }, (_, index) => {
      const column = word(word(table + TABLE_COLUMNS_AT) + index * 4);
      const entries = word(column + COLUMN_ENTRIES);
      const ends = Array.from({ length: entries }, (_unused, entry) => word(word(column + COLUMN_ENTRY_ENDS) + entry * 4));
      const heap = Buffer.from(view.buffer as ArrayBuffer, word(column + COLUMN_HEAP), ends.at(-1) ?? 0).toString('hex');
      return [word(column + COLUMN_ID), word(column + COLUMN_COUNT), ends, heap];
    });
  }
}

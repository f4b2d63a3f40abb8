/** A memtable laid out by hand in the encoder's memory (TABLE_*, COLUMN_* of assembly/layout/). */
import * as abi from '../../assembly/layout/codes.js';
import {
  COLUMN_COUNT, COLUMN_DENSE, COLUMN_ENTRIES, COLUMN_ENTRY_ENDS, COLUMN_HEAP, COLUMN_ID, COLUMN_KIND, COLUMN_ROWS,
  COLUMN_VALUES,
} from '../../assembly/layout/column.js';
import {
  TABLE_COLUMNS, TABLE_COLUMNS_AT, TABLE_ID, TABLE_MOVES, TABLE_ROWS, TABLE_SERIES, TABLE_SERIES_AT, TABLE_TIMES,
} from '../../assembly/layout/table.js';
import type { ColumnDefinition } from '../../src/model/schema.js';
import type { FlushModule } from '../../src/worker/flush/parquet-file.js';
import { place, type EncoderModule } from './encoder-module.js';

/** f64: number; i64, u64: bigint; bool: boolean; tag, string: string. */
export type Value = number | bigint | boolean | string;

export interface Row {
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** By column name; no entry: null. */
  readonly values: ReadonlyMap<string, Value>;
}

const TABLE_STRUCT_BYTES = 192;
const COLUMN_STRUCT_BYTES = 128;
/** A series is begun anew for every so manieth row, though one of equal tags stands already. */
const ROWS_PER_REPEATED_SERIES = 7;

export class HandMadeTable {
  readonly module: EncoderModule;
  readonly tableId: number;
  columns: readonly ColumnDefinition[];
  readonly rows: Row[] = [];
  /** Called before each call of a flush that takes the table. */
  onCall: () => void = () => undefined;
  #address = 0;
  /** Tags of each series, by column name. Some have equal tags, and some no row. */
  #series: ReadonlyMap<string, Value>[] = [];

  constructor(module: EncoderModule, columns: readonly ColumnDefinition[], tableId = 1) {
    this.module = module;
    this.columns = columns;
    this.tableId = tableId;
  }

  /** What a flush needs, with this table as the only one; calls look at `stepEntries` entries, if given. */
  flushModule(stepEntries?: number): FlushModule {
    const { memory, exports } = this.module;
    return {
      memory,
      exports: {
        ...exports,
        flushStart: (table, entries, ...spans) => exports.flushStart(table, stepEntries ?? entries, ...spans),
        tableAt: (id) => {
          this.onCall();
          return id === this.tableId ? this.#address : 0;
        },
      },
    };
  }

  drop(): void {
    this.#address = 0;
  }

  /** As if rows had left. */
  noteMoved(): void {
    new DataView(this.module.memory.buffer).setUint32(this.#address + TABLE_MOVES, 1, true);
  }

  /** Lays all rows out anew, at other places than before; what stood there is overwritten. */
  layOut(): void {
    const before = this.#address;
    const table = new DataView(new ArrayBuffer(TABLE_STRUCT_BYTES));
    table.setUint32(TABLE_ID, this.tableId, true);
    table.setUint32(TABLE_ROWS, this.rows.length, true);
    table.setUint32(TABLE_TIMES, this.#put(BigInt64Array.from(this.rows, (row) => row.time)), true);
    table.setUint32(TABLE_SERIES_AT, this.#put(this.#findSeries()), true);
    table.setUint32(TABLE_SERIES, this.#series.length, true);
    table.setUint32(TABLE_COLUMNS, this.columns.length, true);
    table.setUint32(TABLE_COLUMNS_AT, this.#put(Uint32Array.from(this.columns, (column) => this.#layOutColumn(column))), true);
    this.#address = this.#put(new Uint8Array(table.buffer));
    if (before !== 0) this.#wreck(before);
  }

  /** The series of each row, in the order of the rows: a row's series never changes when others are appended. */
  #findSeries(): Uint32Array {
    const tags = this.columns.filter(({ kind }) => kind === abi.KIND_TAG).map(({ name }) => name);
    const numbers = new Map<string, number>();
    this.#series = [];
    return Uint32Array.from(this.rows, ({ values }, row) => {
      const series = new Map(tags.filter((name) => values.has(name)).map((name) => [name, values.get(name)!]));
      const key = JSON.stringify([...series]);
      const known = numbers.get(key);
      if (known !== undefined && row % ROWS_PER_REPEATED_SERIES !== 0) return known;
      if (row % ROWS_PER_REPEATED_SERIES === 1) this.#series.push(series);
      numbers.set(key, this.#series.push(series) - 1);
      return this.#series.length - 1;
    });
  }

  #layOutColumn({ id, kind, name }: ColumnDefinition): number {
    const at: number[] = [];
    const values: Value[] = [];
    const holders = kind === abi.KIND_TAG ? this.#series : this.rows.map((row) => row.values);
    holders.forEach((holder, number) => {
      const value = holder.get(name);
      if (value === undefined) return;
      at.push(number);
      values.push(value);
    });
    const column = new DataView(new ArrayBuffer(COLUMN_STRUCT_BYTES));
    column.setUint32(COLUMN_ID, id, true);
    column.setUint32(COLUMN_KIND, kind, true);
    column.setUint32(COLUMN_COUNT, values.length, true);
    const dense = at.findIndex((number, value) => number !== value);
    if (dense >= 0) {
      column.setUint32(COLUMN_ROWS, this.#put(Uint32Array.from(at.slice(dense))) - dense * 4, true);
      column.setUint32(COLUMN_DENSE, dense, true);
    }
    if (kind === abi.KIND_TAG) {
      const entries = [...new Set(values as string[])];
      const codes = new Map(entries.map((entry, code) => [entry, code]));
      column.setUint32(COLUMN_VALUES, this.#put(Uint32Array.from(values as string[], (value) => codes.get(value)!)), true);
      column.setUint32(COLUMN_ENTRIES, entries.length, true);
      column.setUint32(COLUMN_ENTRY_ENDS, this.#putTexts(column, entries), true);
    } else if (kind === abi.KIND_STRING) {
      column.setUint32(COLUMN_VALUES, this.#putTexts(column, values as string[]), true);
    } else {
      column.setUint32(COLUMN_VALUES, this.#put(numbersOf(kind, values)), true);
    }
    return this.#put(new Uint8Array(column.buffer));
  }

  /** Puts the texts into the column's heap and returns the address of their ends. */
  #putTexts(column: DataView, texts: readonly string[]): number {
    const bytes = texts.map((text) => Buffer.from(text));
    let end = 0;
    const ends = Uint32Array.from(bytes, (piece) => (end += piece.length));
    column.setUint32(COLUMN_HEAP, this.#put(Buffer.concat(bytes)), true);
    return this.#put(ends);
  }

  #put(data: Uint8Array | Uint32Array | BigInt64Array | BigUint64Array | Float64Array): number {
    return place(this.module, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  /** Overwrites an earlier layout's arrays of times and columns: whoever still reads them shows. */
  #wreck(table: number): void {
    const { buffer } = this.module.memory;
    const view = new DataView(buffer);
    const times = view.getUint32(table + TABLE_TIMES, true);
    new Uint8Array(buffer, times, 8 * view.getUint32(table + TABLE_ROWS, true)).fill(0xee);
    const columns = view.getUint32(table + TABLE_COLUMNS_AT, true);
    new Uint8Array(buffer, columns, 4 * view.getUint32(table + TABLE_COLUMNS, true)).fill(0xee);
    new Uint8Array(buffer, table, TABLE_STRUCT_BYTES).fill(0xee);
  }
}

function numbersOf(kind: number, values: readonly Value[]): Float64Array | BigInt64Array | BigUint64Array | Uint8Array {
  switch (kind) {
    case abi.KIND_F64:
      return Float64Array.from(values as number[]);
    case abi.KIND_I64:
      return BigInt64Array.from(values as bigint[]);
    case abi.KIND_U64:
      return BigUint64Array.from(values as bigint[]);
    default:
      return Uint8Array.from(values as boolean[], Number);
  }
}

/** Reads the values of a column of a memtable where they stand: COLUMN_* of the ABI. */
import * as abi from '../../../assembly/layout/codes.js';
import {
  COLUMN_COUNT, COLUMN_DENSE, COLUMN_ENTRY_ENDS, COLUMN_HEAP, COLUMN_ID, COLUMN_KIND, COLUMN_ROWS, COLUMN_VALUES,
} from '../../../assembly/layout/column.js';
import { TABLE_COLUMNS, TABLE_COLUMNS_AT } from '../../../assembly/layout/table.js';

/** Good until the memory grows or the column gains or loses values. */
export class ColumnReader {
  /** KIND_*. */
  readonly kind: number;
  readonly id: number;
  /** Number of values. */
  readonly count: number;
  readonly #view: DataView;
  readonly #values: number;
  /** Values below have no number of their own: they are those of the first rows (of a tag: series). */
  readonly #dense: number;
  readonly #numbers: number;
  readonly #heap: number;
  /** Where the ends of texts in the heap stand. */
  readonly #ends: number;

  /** @param view of all the memory @param column address of its struct */
  constructor(view: DataView, column: number) {
    const word = (field: number): number => view.getUint32(column + field, true);
    this.#view = view;
    this.kind = word(COLUMN_KIND);
    this.id = word(COLUMN_ID);
    this.count = word(COLUMN_COUNT);
    this.#values = word(COLUMN_VALUES);
    this.#numbers = word(COLUMN_ROWS);
    this.#dense = this.#numbers === 0 ? this.count : word(COLUMN_DENSE);
    this.#heap = word(COLUMN_HEAP);
    this.#ends = this.kind === abi.KIND_TAG ? word(COLUMN_ENTRY_ENDS) : this.#values;
  }

  /** The row (of a tag: series) of a value. */
  numberOf(value: number): number {
    return value < this.#dense ? value : this.#view.getUint32((this.#numbers + value * 4) >>> 0, true);
  }

  /** The first value at or after a row (of a tag: series); `count` for none. */
  firstFrom(number: number): number {
    if (number <= this.#dense) return number;
    let low = this.#dense;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.numberOf(middle) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  float(value: number): number {
    return this.#view.getFloat64(this.#values + value * 8, true);
  }

  /** The 64 bits of an f64, i64 or u64. */
  bits(value: number): bigint {
    return this.#view.getBigUint64(this.#values + value * 8, true);
  }

  isTrue(value: number): boolean {
    return this.#view.getUint8(this.#values + value) === 1;
  }

  /** Of a tag or a string. */
  text(value: number): string {
    const place = this.kind === abi.KIND_TAG ? this.#view.getUint32(this.#values + value * 4, true) : value;
    const start = place === 0 ? 0 : this.#view.getUint32(this.#ends + (place - 1) * 4, true);
    const end = this.#view.getUint32(this.#ends + place * 4, true);
    return Buffer.from(this.#view.buffer as ArrayBuffer, this.#heap + start, end - start).toString();
  }
}

/** The columns of a table, in the order they were defined. @param view of all the memory @param table address of its struct */
export function columnReaders(view: DataView, table: number): ColumnReader[] {
  const list = view.getUint32(table + TABLE_COLUMNS_AT, true);
  const count = view.getUint32(table + TABLE_COLUMNS, true);
  return Array.from({ length: count }, (_, place) => new ColumnReader(view, view.getUint32(list + place * 4, true)));
}

/** Values of a memtable as members of JSON objects, gathered column by column: what has no value costs nothing. */
import * as abi from '../../../assembly/layout/codes.js';
import { TABLE_SERIES_AT, TABLE_TIMES } from '../../../assembly/layout/table.js';
import { columnReaders, type ColumnReader } from '../wasm/column-reader.js';
import type { Slices } from './slices.js';
import type { StandingRows } from './standing-rows.js';

/** Work after which waiting tasks get their turn, a millisecond or two: a value is one, and so are 64 characters. */
export const SLICE_WORK = 4096;
const CHARS_SHIFT = 6;

/** What some characters count as. */
export function workOf(chars: number): number {
  return 1 + (chars >> CHARS_SHIFT);
}

/** A column, and how its members begin. */
export interface Member {
  readonly id: number;
  readonly head: string;
}

/** Members by row, or by series. */
export interface Members {
  /** Where in `texts` those of a row (series) belong; undefined: they are not wanted. */
  readonly placeOf: (number: number) => number | undefined;
  readonly texts: string[];
  /** In all of them. */
  chars: number;
}

/** Where the table stands in memory, until others had their turn. */
interface Layout {
  readonly view: DataView;
  readonly times: number;
  readonly seriesAt: number;
  readonly columns: ReadonlyMap<number, ColumnReader>;
}

export class Gatherer {
  readonly #rows: StandingRows;
  readonly #slices: Slices;
  #layout: Layout | undefined;

  constructor(rows: StandingRows, slices: Slices) {
    this.#rows = rows;
    this.#slices = slices;
  }

  /** Nanoseconds since 1970. @throws when the rows are not where they were; so do all others */
  timeOf(row: number): bigint {
    const { times, view } = this.#standing();
    return view.getBigInt64(times + row * 8, true);
  }

  seriesOf(row: number): number {
    const { seriesAt, view } = this.#standing();
    return view.getUint32(seriesAt + row * 4, true);
  }

  /** The first value of a column at or after a row (of a tag: series), and how many there are before another one. */
  valuesBetween({ id }: Member, first: number, end: number): { from: number; count: number } {
    const column = this.#standing().columns.get(id);
    const from = column?.firstFrom(first) ?? 0;
    return { from, count: (column?.firstFrom(end) ?? 0) - from };
  }

  /**
   * Adds values of a column, from one on to the last before a row (of a tag: series), until the slice is full.
   * @returns the value that comes next; undefined when all are added
   */
  addSlice({ head, id }: Member, from: number, end: number, members: Members): number | undefined {
    const column = this.#standing().columns.get(id)!;
    for (let value = from; value < column.count; value += 1) {
      const number = column.numberOf(value);
      if (number >= end) return undefined;
      const place = members.placeOf(number);
      const text = place === undefined ? '' : head + valueText(column, value);
      if (place !== undefined) members.texts[place] += text;
      members.chars += text.length;
      if (this.#slices.fills(workOf(text.length))) return value + 1;
    }
    return undefined;
  }

  /** Lets tasks that wait run when so much more work fills the slice. */
  async turnWhenFull(work: number): Promise<void> {
    if (!this.#slices.fills(work)) return;
    this.noteWait();
    await this.#slices.turn();
  }

  /** Others may have had their turn: all may stand elsewhere. */
  noteWait(): void {
    this.#layout = undefined;
  }

  #standing(): Layout {
    if (this.#layout !== undefined) return this.#layout;
    const table = this.#rows.table();
    const view = this.#rows.view();
    this.#layout = {
      view,
      times: view.getUint32(table + TABLE_TIMES, true),
      seriesAt: view.getUint32(table + TABLE_SERIES_AT, true),
      columns: new Map(columnReaders(view, table).map((column) => [column.id, column])),
    };
    return this.#layout;
  }
}

/** A value as JSON. */
function valueText(column: ColumnReader, value: number): string {
  switch (column.kind) {
    case abi.KIND_F64: return floatText(column.float(value));
    case abi.KIND_I64: return String(BigInt.asIntN(64, column.bits(value)));
    case abi.KIND_U64: return String(column.bits(value));
    case abi.KIND_BOOL: return String(column.isTrue(value));
    default: return JSON.stringify(column.text(value));
  }
}

/** Readers take `-0` for an integer, which has one zero; JSON has no infinities. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? '-0.0' : String(value);
}

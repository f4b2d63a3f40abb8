/** Points read back out of the WASM module as plain objects: for `sluice parse` and for tests. */
import { TABLE_ROWS, TABLE_SERIES_AT, TABLE_TIMES } from '../../../assembly/layout/table.js';
import { columnReaders, type ColumnReader } from './column-reader.js';
import type { TableDefinition } from '../../model/schema.js';
import type { WasmParser } from './wasm.js';

/** Types of field values by KIND_*, as points name them. */
const TYPES = ['tag', 'f64', 'i64', 'u64', 'bool', 'string'] as const;
export type FieldType = Exclude<(typeof TYPES)[number], 'tag'>;

/** Key, type and value: of an f64 the 16 hex digits of its bits, else decimal, `true` or `false`, or the string. */
export type Field = readonly [key: string, type: FieldType, value: string];

export interface Point {
  readonly measurement: string;
  readonly tags: readonly (readonly [key: string, value: string])[];
  readonly fields: readonly Field[];
  /** Nanoseconds since 1970 in decimal; null when a listed line has none. */
  readonly timestamp: string | null;
}

/** A point with the physical line it began in. */
interface ListedPoint extends Point {
  readonly line: number;
}

/** The accepted lines of the body parsed last with PARSE_DUMP, in order, each as the grammar read it. */
export function listedPoints(parser: WasmParser): ListedPoint[] {
  const { exports, memory } = parser;
  const reader = new Reader(memory.buffer, exports.dumpAt() >>> 0, exports.dumpBytes() >>> 0);
  const points: ListedPoint[] = [];
  while (!reader.atEnd) points.push(readPoint(reader));
  return points;
}

function readPoint(reader: Reader): ListedPoint {
  const line = reader.word();
  const hasTime = reader.word() === 1;
  const time = BigInt.asIntN(64, reader.bits());
  const cells = reader.word();
  const measurement = reader.text();
  const tags: [string, string][] = [];
  const fields: Field[] = [];
  for (let i = 0; i < cells; i++) {
    const kind = reader.word();
    const key = reader.text();
    const type = typeOf(kind);
    if (type === 'tag') tags.push([key, reader.text()]);
    else fields.push([key, type, type === 'string' ? reader.text() : bitsText(type, reader.bits())]);
  }
  return { line, measurement, tags, fields, timestamp: hasTime ? String(time) : null };
}

function typeOf(kind: number): (typeof TYPES)[number] {
  const type = TYPES[kind];
  if (type === undefined) throw new Error(`the WASM module gave kind ${kind}, which does not exist`);
  return type;
}

function bitsText(type: Exclude<FieldType, 'string'>, bits: bigint): string {
  switch (type) {
    case 'f64': return bits.toString(16).padStart(16, '0');
    case 'i64': return String(BigInt.asIntN(64, bits));
    case 'u64': return String(bits);
    case 'bool': return bits === 1n ? 'true' : 'false';
  }
}

/** Reads the listing of assembly/parse/dump.ts from front to back. */
class Reader {
  readonly #view: DataView;
  #at = 0;

  constructor(buffer: ArrayBuffer, at: number, bytes: number) {
    this.#view = new DataView(buffer, at, bytes);
  }

  get atEnd(): boolean {
    return this.#at === this.#view.byteLength;
  }

  word(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  bits(): bigint {
    this.#at += 8;
    return this.#view.getBigUint64(this.#at - 8, true);
  }

  text(): string {
    const bytes = this.word();
    this.#at += bytes;
    return Buffer.from(this.#view.buffer, this.#view.byteOffset + this.#at - bytes, bytes).toString();
  }
}

/** All rows of a memtable in order; tags and fields stand in the order of the columns. Empty for an unknown table. */
export function memtableRows(parser: WasmParser, { id, measurement, columns }: TableDefinition): Point[] {
  const table = parser.exports.tableAt(id) >>> 0;
  if (table === 0) return [];
  const view = new DataView(parser.memory.buffer);
  const word = (at: number): number => view.getUint32(at, true);
  const keys = new Map(columns.map((column) => [column.id, column.key]));
  const times = word(table + TABLE_TIMES);
  const points = Array.from({ length: word(table + TABLE_ROWS) }, (_, row) => ({
    measurement, tags: [] as [string, string][], fields: [] as Field[], timestamp: String(view.getBigInt64(times + row * 8, true)),
  }));
  for (const column of columnReaders(view, table)) {
    const type = typeOf(column.kind);
    const key = keys.get(column.id) ?? '';
    const values = Array.from({ length: column.count }, (_, value) => [column.numberOf(value), valueText(column, type, value)] as const);
    if (type !== 'tag') {
      for (const [row, text] of values) points[row]!.fields.push([key, type, text]);
      continue;
    }
    const bySeries = new Map(values);
    points.forEach(({ tags }, row) => {
      const text = bySeries.get(word(word(table + TABLE_SERIES_AT) + row * 4));
      if (text !== undefined) tags.push([key, text]);
    });
  }
  return points;
}

function valueText(column: ColumnReader, type: (typeof TYPES)[number], value: number): string {
  switch (type) {
    case 'tag': case 'string': return column.text(value);
    case 'bool': return bitsText(type, column.isTrue(value) ? 1n : 0n);
    default: return bitsText(type, column.bits(value));
  }
}

/** What tests of reading files back share: stores of given files, and the rows of a memtable as the texts of `flush-model.ts`. */
import * as abi from '../../assembly/layout/codes.js';
import { TABLE_ROWS, TABLE_SEQS, TABLE_SERIES_AT, TABLE_TIMES } from '../../assembly/layout/table.js';
import type { ColumnDefinition } from '../../src/model/schema.js';
import { fileColumns } from '../../src/tables/parquet/file-columns.js';
import type { RangeStore } from '../../src/tables/table-store.js';
import { Slices } from '../../src/worker/flush/slices.js';
import { openFiles, readFiles } from '../../src/worker/read/file-reader.js';
import type { ReadModule } from '../../src/worker/read/page-target.js';
import { columnReaders, type ColumnReader } from '../../src/worker/wasm/column-reader.js';
import { WasmParser } from '../../src/worker/wasm/wasm.js';
import { type Build, moduleOf } from './builds.js';
import { valueText } from './flush-model.js';
import type { Value } from './hand-made-table.js';

export const TABLE_ID = 5;

/** A store in which files can be read. */
export function storeOf(files: ReadonlyMap<string, Buffer>): RangeStore {
  const getRange = async (path: string, from: number, bytes: number): Promise<Buffer | null> => files.get(path)?.subarray(from, from + bytes) ?? null;
  return { getRange } as RangeStore;
}

/** An instance with one empty table of these columns. */
export function emptyParser(columns: readonly ColumnDefinition[], build: Build = 'simd'): WasmParser {
  const parser = new WasmParser(moduleOf(build));
  parser.define({ id: TABLE_ID, databaseId: 1, measurement: 'm', created: 1, flushedTo: 0, columns });
  return parser;
}

/** Reads files, in this order, into an instance of its own, through `module`. @param foreignSeqMax files of another writer, that is */
export async function readBack(
  files: readonly Buffer[], columns: readonly ColumnDefinition[], parser = emptyParser(columns), module: ReadModule = parser, foreignSeqMax?: number,
): Promise<WasmParser> {
  const named = new Map(files.map((file, place) => [`file ${place}`, file]));
  const list = [...named].map(([path, { length }]) => ({ path, bytes: length, ...(foreignSeqMax === undefined ? {} : { foreignSeqMax }) }));
  const slices = new Slices(65_536, () => undefined);
  const store = storeOf(named);
  await readFiles(module, store, TABLE_ID, await openFiles(store, fileColumns(columns), list, slices), slices);
  return parser;
}

const NANOS_PER_MICRO = 1000n;

/** Rows of the memtable, in its order, as texts. */
export function memtableTexts(parser: WasmParser, columns: readonly ColumnDefinition[]): string[] {
  const view = new DataView(parser.memory.buffer);
  const table = parser.exports.tableAt(TABLE_ID) >>> 0;
  const word = (field: number): number => view.getUint32(table + field, true);
  const readers = new Map(columnReaders(view, table).map((column) => [column.id, column]));
  return Array.from({ length: word(TABLE_ROWS) }, (_, row) => {
    const time = view.getBigInt64(word(TABLE_TIMES) + row * 8, true);
    const nanos = ((time % NANOS_PER_MICRO) + NANOS_PER_MICRO) % NANOS_PER_MICRO;
    const series = view.getUint32(word(TABLE_SERIES_AT) + row * 4, true);
    const seq = view.getBigInt64(word(TABLE_SEQS) + row * 8, true);
    const cells = columns.map(({ id, kind }) => valueText(valueOf(readers.get(id)!, kind, kind === abi.KIND_TAG ? series : row)));
    return [(time - nanos) / NANOS_PER_MICRO, nanos, seq, ...cells].join(' | ');
  });
}

function valueOf(column: ColumnReader, kind: number, number: number): Value | null {
  const value = column.firstFrom(number);
  if (value >= column.count || column.numberOf(value) !== number) return null;
  switch (kind) {
    case abi.KIND_F64: return column.float(value);
    case abi.KIND_I64: return BigInt.asIntN(64, column.bits(value));
    case abi.KIND_U64: return column.bits(value);
    case abi.KIND_BOOL: return column.isTrue(value);
    default: return column.text(value);
  }
}

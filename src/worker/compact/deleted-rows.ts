/** Which rows that were read back are deleted: those of a point that a delete takes, with a lower seq. */
import { KIND_TAG } from '../../../assembly/layout/codes.js';
import { TABLE_ROWS, TABLE_SEQS, TABLE_SERIES, TABLE_SERIES_AT, TABLE_TIMES } from '../../../assembly/layout/table.js';
import type { ColumnDefinition } from '../../model/schema.js';
import { mayTakeAny, type Tombstone } from '../../model/tombstone.js';
import type { Slices } from '../flush/slices.js';
import type { WasmMemory } from '../wasm/chunk.js';
import { columnReaders } from '../wasm/column-reader.js';

/** A row for each byte: 1 for those that are deleted. */
export interface DeletedRows {
  readonly isDeleted: Uint8Array;
  readonly count: number;
}

interface RowsModule {
  readonly memory: WasmMemory;
  readonly exports: { tableAt(tableId: number): number };
}

type Delete = Pick<Tombstone, 'firstNs' | 'lastNs' | 'seq' | 'tags'>;

const SLICE_ROWS = 16_384;

/** @returns null where no row is deleted */
export async function deletedRows(
  module: RowsModule, tableId: number, columns: readonly ColumnDefinition[], deletes: readonly Delete[], slices: Slices,
): Promise<DeletedRows | null> {
  const tags = columns.filter(({ kind }) => kind === KIND_TAG);
  const keys = new Set(tags.map(({ key }) => key));
  const idOf = new Map(tags.map(({ id, key }) => [key, id]));
  let isDeleted: Uint8Array | null = null;
  let count = 0;
  for (const { firstNs, lastNs, seq, tags: wanted } of deletes.filter((each) => mayTakeAny(each, keys))) {
    const isOfSeries = seriesWith(module, tableId, wanted.flatMap(([key, value]) => (keys.has(key) ? [[idOf.get(key)!, value] as const] : [])));
    const [first, last, below] = [BigInt(firstNs), BigInt(lastNs), BigInt(seq)];
    for (let from = 0; ; from += SLICE_ROWS) {
      // Anew after each turn: memory may have grown.
      const table = module.exports.tableAt(tableId) >>> 0;
      const view = new DataView(module.memory.buffer);
      const rows = view.getUint32(table + TABLE_ROWS, true);
      if (from >= rows) break;
      const end = Math.min(rows, from + SLICE_ROWS);
      const [times, seqs, seriesAt] = [TABLE_TIMES, TABLE_SEQS, TABLE_SERIES_AT].map((field) => view.getUint32(table + field, true)) as [number, number, number];
      isDeleted ??= new Uint8Array(rows);
      for (let row = from; row < end; row += 1) {
        if (isDeleted[row] === 1 || isOfSeries?.[view.getUint32(seriesAt + row * 4, true)] === 0) continue;
        const time = view.getBigInt64(times + row * 8, true);
        if (time < first || time > last || view.getBigInt64(seqs + row * 8, true) >= below) continue;
        isDeleted[row] = 1;
        count += 1;
      }
      if (slices.fills(4 * (end - from))) await slices.turn();
    }
  }
  return isDeleted === null || count === 0 ? null : { isDeleted, count };
}

/** 1 for each series that has all these tags, by its number; null: all have. @param tags column ids with values, '' for series without the tag */
function seriesWith(module: RowsModule, tableId: number, tags: readonly (readonly [columnId: number, value: string])[]): Uint8Array | null {
  if (tags.length === 0) return null;
  const table = module.exports.tableAt(tableId) >>> 0;
  const view = new DataView(module.memory.buffer);
  const isWanted = new Uint8Array(view.getUint32(table + TABLE_SERIES, true)).fill(1);
  const columns = new Map(columnReaders(view, table).map((column) => [column.id, column]));
  for (const [id, wanted] of tags) {
    const column = columns.get(id)!;
    const hasValue = new Uint8Array(isWanted.length);
    for (let value = 0; value < column.count; value += 1) {
      if (wanted === '' || column.text(value) === wanted) hasValue[column.numberOf(value)] = 1;
    }
    for (let series = 0; series < isWanted.length; series += 1) if ((hasValue[series] === 1) === (wanted === '')) isWanted[series] = 0;
  }
  return isWanted;
}

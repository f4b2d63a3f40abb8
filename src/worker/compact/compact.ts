/** Files of one table merged into one or a few: read back into a memtable, and flushed out of it (DESIGN.md, section 16). */
import type { FlushedFile } from '../../model/flushed-file.js';
import { INSTANCE_ROW_BYTES_MAX } from '../../model/limits.js';
import type { ColumnDefinition } from '../../model/schema.js';
import type { Tombstone } from '../../model/tombstone.js';
import { mergedFileName } from '../../names.js';
import { fileColumns } from '../../tables/parquet/file-columns.js';
import type { RangeStore } from '../../tables/table-store.js';
import { writeParquetFiles, type FileLimits } from '../flush/parquet-file.js';
import { Slices } from '../flush/slices.js';
import type { DataFile } from '../read/data-file.js';
import { openFiles, readFiles } from '../read/file-reader.js';
import { NoRoom } from '../read/page-target.js';
import type { WasmParser } from '../wasm/wasm.js';
import { deletedRows } from './deleted-rows.js';
import { spansWithin, timesOfRows, type RowTimes } from './row-times.js';

export interface CompactOrder {
  readonly tableId: number;
  /** Folder of the table below the root of its store. */
  readonly folder: string;
  /** All columns of the table, our own three apart. */
  readonly columns: readonly ColumnDefinition[];
  /** Best in the order of their seqs: they need no sort by these then. */
  readonly files: readonly DataFile[];
  /** In the names of the files that are made; the numbers from the first on are those of no other file of the table. */
  readonly node: string;
  readonly numberFirst: number;
  readonly limits: FileLimits;
  /** What rows, codes and the flush may take of the instance's memory; rows no more than any worker's. */
  readonly memoryBytesMax: number;
  /** Their rows are left out, before any others are combined. */
  readonly deletes?: readonly Tombstone[];
  /** Nothing is written where no row is deleted. */
  readonly deletesOnly?: boolean;
  /** Into which files the rows go, in the order of their times; told when they are. Null: all into one, and combined. */
  readonly divide: ((times: RowTimes) => readonly Piece[]) | null;
}

/** Rows of some time, which become a file, or several when they are too many. */
export interface Piece {
  /** Milliseconds since 1970; the end is not part of it. Infinite: whatever is earlier or later. */
  readonly fromMs: number;
  readonly endMs: number;
  /** Whether all versions of their points are in the files that are read: then they become one row. */
  readonly combines: boolean;
}

/** A file that was made, and whether each of its points stands in it once. */
export interface CompactedFile extends FlushedFile {
  readonly hasPointsOnce: boolean;
  /** All its rows are before this millisecond since 1970; Infinity: not known. */
  readonly endMs: number;
}

export interface Compacted {
  /** Published, and in no commit yet. */
  readonly files: readonly CompactedFile[];
  readonly rowsRead: number;
  /** Fewer than were read where rows of one point became one, or were written again as a whole later. */
  readonly rows: number;
  /** Rows that gave fields to another of a higher seq: when there are any, the data is another for who reads rows and not points. */
  readonly combined: number;
  /** Rows that were left out since a delete takes them. */
  readonly deleted: number;
}

/** What files of one kind hold: 4 M rows or 256 MiB. */
export const COMPACTED_LIMITS: FileLimits = { rowsMax: 4_194_304, bytesMax: 256 << 20 };

/** Row visits after which others get their turn, as in a flush. */
const SLICE_ROWS = 65_536;
/**
 * What a flush takes: two lists of rows and, for columns with few values, their places; of columns with gaps two bits a row,
 * kept up to a bound; and its areas of one row group with its pages.
 */
const FLUSH_ROW_BYTES = 16;
const FLUSH_COLUMN_BYTES = 0.25;
const FLUSH_KEPT_BYTES_MAX = 64 << 20;
const FLUSH_BYTES = 16 << 20;

/**
 * Merges files of ours by C4: per field of a point the value with the highest seq. The files that are read stay as they are.
 * @param parser an instance in which nothing else goes on, and in which the table is not defined; it is not defined afterwards
 * @param onSlice is called whenever others get their turn; what it throws ends the compaction
 * @throws DamagedFile for a file that is not ours or damaged; NoRoom past the memory given; what the store throws. No new file
 * stays then
 */
export async function compactFiles(parser: WasmParser, store: RangeStore, order: CompactOrder, onSlice: () => void = () => undefined): Promise<Compacted> {
  const { columns, deletes = [], deletesOnly = false, files, folder, limits, memoryBytesMax, node, numberFirst, tableId } = order;
  const slices = new Slices(SLICE_ROWS, onSlice);
  const opened = await openFiles(store, fileColumns(columns), files, slices);
  const rowBytesMax = memoryBytesMax - flushBytes(opened.rows, columns.length);
  if (rowBytesMax <= 0) throw new NoRoom(files.at(-1)?.path ?? folder);
  parser.define({ id: tableId, databaseId: 0, measurement: folder, created: 0, flushedTo: 0, columns });
  try {
    parser.exports.setMemtableBytesMax(parser.memtableBytes() + Math.min(rowBytesMax, INSTANCE_ROW_BYTES_MAX));
    const seq = await readFiles(parser, store, tableId, opened, slices);
    const written: CompactedFile[] = [];
    const left = await deletedRows(parser, tableId, columns, deletes, slices);
    if (left === null && deletesOnly) return { files: [], rowsRead: opened.rows, rows: opened.rows, combined: 0, deleted: 0 };
    let combined = 0;
    try {
      for (const piece of await piecesOf(parser, order, slices)) {
        const spans = await spansWithin(parser, tableId, piece, seq, slices, left?.isDeleted);
        const pathOf = (place: number): string => `${folder}/${mergedFileName(node, seq, numberFirst + written.length + place)}`;
        const made = await writeParquetFiles(parser, store, { tableId, columns, pathOf, limits, combines: piece.combines }, () => spans, onSlice);
        written.push(...made.files.map((file) => ({ ...file, hasPointsOnce: piece.combines, endMs: piece.endMs })));
        combined += made.combined;
      }
    } catch (error) {
      for (const { path } of written) await store.delete(path);
      throw error;
    }
    return { files: written, rowsRead: opened.rows, rows: written.reduce((sum, file) => sum + file.rows, 0), combined, deleted: left?.count ?? 0 };
  } finally {
    parser.drop(tableId);
  }
}

function flushBytes(rows: number, columns: number): number {
  return Math.ceil(FLUSH_BYTES + FLUSH_ROW_BYTES * rows + Math.min(FLUSH_COLUMN_BYTES * columns * rows, FLUSH_KEPT_BYTES_MAX));
}

const EVERYTHING: Piece = { fromMs: -Infinity, endMs: Infinity, combines: true };

async function piecesOf(parser: WasmParser, { divide, tableId }: CompactOrder, slices: Slices): Promise<readonly Piece[]> {
  return divide === null ? [EVERYTHING] : divide(await timesOfRows(parser, tableId, slices));
}

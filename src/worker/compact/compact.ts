/** Files of one table merged into one or a few: read back into a memtable, and flushed out of it (DESIGN.md, section 16). */
import type { FlushedFile } from '../../model/flushed-file.js';
import { INSTANCE_ROW_BYTES_MAX } from '../../model/limits.js';
import type { ColumnDefinition } from '../../model/schema.js';
import { compactedFileName, parseCompactedName } from '../../names.js';
import { fileColumns } from '../../tables/parquet/file-columns.js';
import type { RangeStore } from '../../tables/table-store.js';
import { writeParquetFiles, type FileLimits } from '../flush/parquet-file.js';
import { Slices } from '../flush/slices.js';
import { NoRoom, openFiles, readFiles, type DataFile } from '../read/file-reader.js';
import type { WasmParser } from '../wasm/wasm.js';

export interface CompactOrder {
  readonly tableId: number;
  /** Folder of the table below the root of its store. */
  readonly folder: string;
  /** All columns of the table, our own three apart. */
  readonly columns: readonly ColumnDefinition[];
  /** Best in the order of their seqs: they need no sort by these then. */
  readonly files: readonly DataFile[];
  /** In the names of the files that are made. */
  readonly node: string;
  readonly limits: FileLimits;
  /** What rows, codes and the flush may take of the instance's memory; rows no more than any worker's. */
  readonly memoryBytesMax: number;
}

export interface Compacted {
  /** Published, and in no commit yet. */
  readonly files: readonly FlushedFile[];
  readonly rowsRead: number;
  /** Fewer than were read where rows of one point became one. */
  readonly rows: number;
  /** Rows that gave fields to another of a higher seq: when there are any, the data is another for who reads rows and not points. */
  readonly combined: number;
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
  const { columns, files, folder, limits, memoryBytesMax, tableId } = order;
  const slices = new Slices(SLICE_ROWS, onSlice);
  const opened = await openFiles(store, fileColumns(columns), files, slices);
  const rowBytesMax = memoryBytesMax - flushBytes(opened.rows, columns.length);
  if (rowBytesMax <= 0) throw new NoRoom(files.at(-1)?.path ?? folder);
  parser.define({ id: tableId, databaseId: 0, measurement: folder, created: 0, flushedTo: 0, columns });
  try {
    parser.exports.setMemtableBytesMax(parser.memtableBytes() + Math.min(rowBytesMax, INSTANCE_ROW_BYTES_MAX));
    const seq = await readFiles(parser, store, tableId, opened, slices);
    const nextPath = freePaths(store, order, seq);
    const { files: written, combined } = await writeParquetFiles(parser, store, { tableId, columns, nextPath, limits }, () => [{ rowFirst: 0, rowEnd: opened.rows, seq }], onSlice);
    return { files: written, rowsRead: opened.rows, rows: written.reduce((sum, file) => sum + file.rows, 0), combined };
  } finally {
    parser.drop(tableId);
  }
}

/** Names that no file has: not one that is read, though its highest seq may be the same, nor one that waits to be deleted. */
function freePaths(store: RangeStore, { files, folder, node }: CompactOrder, seq: number): () => Promise<string> {
  const places = files.map(({ path }) => parseCompactedName(path.slice(folder.length + 1))).map((parts) => (parts?.seq === seq ? parts.place + 1 : 0));
  let place = Math.max(0, ...places);
  return async () => {
    for (;; place += 1) {
      const path = `${folder}/${compactedFileName(node, seq, place)}`;
      if ((await store.size(path)) !== null) continue;
      place += 1;
      return path;
    }
  };
}

function flushBytes(rows: number, columns: number): number {
  return Math.ceil(FLUSH_BYTES + FLUSH_ROW_BYTES * rows + Math.min(FLUSH_COLUMN_BYTES * columns * rows, FLUSH_KEPT_BYTES_MAX));
}

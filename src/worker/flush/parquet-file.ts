/** Writes the rows of a table up to a seq into a Parquet file, in slices between the tasks of a worker. */
import { crc32 } from '../../crc.js';
import { fileStatistics, type ColumnStatistics } from '../../tables/delta/stats.js';
import { Footer, MAGIC, type ColumnChunk } from '../../tables/parquet/footer.js';
import { fileColumns, type FileColumn } from '../../tables/parquet/file-columns.js';
import { joinRanges } from '../../tables/parquet/statistics.js';
import type { StoreWriter, TableStore } from '../../tables/table-store.js';
import { readEnd, readStep, type ChunkStep, type WasmMemory } from '../wasm/chunk.js';
import type { FlushedFile } from '../../model/flushed-file.js';
import type { FileOrder } from '../protocol.js';
import { ByteSink } from './byte-sink.js';
import { Slices } from './slices.js';
import { PlacedSpans } from './placed-spans.js';
import { StandingRows, type FlushSpans } from './standing-rows.js';
import { writeWhole } from './whole-file.js';

/** What the flush calls in the WASM module (assembly/flush/flush.ts). */
export interface FlushExports {
  tableAt(tableId: number): number;
  flushSpans(count: number): number;
  flushStart(table: number, stepEntries: number, spans: number, count: number, rows: number, first: number, end: number, combines: number): void;
  flushSort(table: number): number;
  flushRows(): number;
  flushCombined(): number;
  flushNextGroup(table: number): number;
  flushGroup(): number;
  flushChunk(table: number, columnId: number): number;
  flushPage(crc: number): void;
  flushEnd(): void;
}

export interface FlushModule {
  readonly memory: WasmMemory;
  readonly exports: FlushExports;
}

/** Row visits after which waiting tasks get their turn, in one call or in several: half a millisecond of work or less. */
const SLICE_ROWS = 65_536;

/**
 * Writes one file of the table's spans and publishes it at `order.path`. One flush runs at a time in a module.
 * @param spansOf gives the spans to flush
 * @param onSlice is called whenever others get their turn
 * @returns null when there are no rows
 * @throws when storage fails or the rows leave or move meanwhile; the memtable is untouched and no file stays
 */
export async function writeParquetFile(
  module: FlushModule, store: TableStore, order: FileOrder, spansOf: () => FlushSpans, onSlice: () => void = () => undefined,
): Promise<FlushedFile | null> {
  const flush = new Flush(module, order, spansOf(), onSlice);
  try {
    if (!(await flush.start())) return null;
    await flush.sort();
    return await writeWhole(store, order.path, (writer) => flush.write(writer, order.path));
  } finally {
    module.exports.flushEnd();
  }
}

/** Files to write, one after another. */
interface FilesOrder extends Pick<FileOrder, 'tableId' | 'columns'> {
  /** @param place from 0 */
  readonly pathOf: (place: number) => string;
  readonly limits: FileLimits;
  /** Whether of rows that were read back equal points become one, whatever their seqs. */
  readonly combines: boolean;
}

/** Where a file ends, behind a row group: before the one that would bring it past either. */
export interface FileLimits {
  readonly rowsMax: number;
  readonly bytesMax: number;
}

/**
 * Like `writeParquetFile`, into as many files as it takes.
 * @returns the files, none when there are no rows; and how many rows gave fields to one of a higher seq that has others
 * @throws as `writeParquetFile`; files that were published are deleted
 */
export async function writeParquetFiles(
  module: FlushModule, store: TableStore, order: FilesOrder, spansOf: () => FlushSpans, onSlice: () => void = () => undefined,
): Promise<{ readonly files: readonly FlushedFile[]; readonly combined: number }> {
  const flush = new Flush(module, order, spansOf(), onSlice);
  const files: FlushedFile[] = [];
  try {
    if (!(await flush.start(order.combines))) return { files, combined: 0 };
    await flush.sort();
    do {
      const path = order.pathOf(files.length);
      files.push(await writeWhole(store, path, (writer) => flush.write(writer, path, order.limits)));
    } while (flush.hasMore);
    return { files, combined: module.exports.flushCombined() >>> 0 };
  } catch (error) {
    for (const { path } of files) await store.delete(path);
    throw error;
  } finally {
    module.exports.flushEnd();
  }
}

const NO_LIMITS: FileLimits = { rowsMax: Infinity, bytesMax: Infinity };

class Flush {
  readonly #module: FlushModule;
  readonly #spans: FlushSpans;
  readonly #rows: StandingRows;
  readonly #slices: Slices;
  readonly #columns: readonly FileColumn[];
  /** Of the row groups of the file so far. */
  #statistics: ColumnStatistics[] = [];
  /** Rows of the row group that was found and is not written yet; 0: there is none; undefined: it was not looked for. */
  #found: number | undefined;

  constructor(module: FlushModule, order: Pick<FileOrder, 'tableId' | 'columns'>, spans: FlushSpans, onSlice: () => void) {
    this.#module = module;
    this.#spans = spans;
    this.#rows = new StandingRows(module, order.tableId);
    this.#slices = new Slices(SLICE_ROWS, onSlice);
    this.#columns = fileColumns(order.columns);
  }

  /** Whether rows are left for another file. */
  get hasMore(): boolean {
    return this.#found !== 0;
  }

  /** Takes up the spans; false when they have no rows. */
  async start(combines = false): Promise<boolean> {
    const placed = await PlacedSpans.place(this.#module, this.#spans, this.#slices);
    if (placed.rows === 0) return false;
    const { at, count, rows, rowFirst, rowEnd } = placed;
    this.#module.exports.flushStart(this.#rows.table(), SLICE_ROWS, at, count, rows, rowFirst, rowEnd, Number(combines));
    return true;
  }

  async sort(): Promise<void> {
    while (this.#module.exports.flushSort(this.#rows.table()) !== 0) await this.#slices.turn();
    await this.#slices.turn();
  }

  /** Writes and publishes a file of the rows that no other has, up to the limits: one row group at least. */
  async write(writer: StoreWriter, path: string, { rowsMax, bytesMax } = NO_LIMITS): Promise<FlushedFile> {
    const sink = new ByteSink(writer);
    await sink.append(MAGIC);
    const footer = new Footer(this.#columns);
    this.#statistics = this.#columns.map((column) => ({ column, nulls: 0, range: null }));
    let rows = 0;
    let groupBytesMax = 0;
    for (;;) {
      this.#found ??= await this.#nextGroup();
      if (this.#found === 0 || (rows > 0 && (rows + this.#found > rowsMax || sink.bytes + groupBytesMax > bytesMax))) break;
      const before = sink.bytes;
      await this.#writeGroup(sink, footer, this.#found);
      rows += this.#found;
      groupBytesMax = Math.max(groupBytesMax, sink.bytes - before);
      this.#found = undefined;
    }
    await this.#slices.turn();
    await sink.append(footer.bytes());
    await sink.flush();
    this.#rows.table();
    await writer.publish();
    return { path, bytes: sink.bytes, rows, statistics: fileStatistics(rows, this.#statistics) };
  }

  async #writeGroup(sink: ByteSink, footer: Footer, rows: number): Promise<void> {
    for (const [place, column] of this.#columns.entries()) {
      const chunk = await this.#writeChunk(sink, column, rows);
      footer.addChunk(chunk, rows);
      this.#addStatistics(place, chunk);
    }
    footer.endGroup(rows);
  }

  /** Finds the next row group; returns its rows, 0 when there is none. */
  async #nextGroup(): Promise<number> {
    const { exports } = this.#module;
    while (exports.flushNextGroup(this.#rows.table()) !== 0) await this.#slices.turn();
    return exports.flushGroup();
  }

  /** Writes the pages of a chunk as its steps finish them. */
  async #writeChunk(sink: ByteSink, column: FileColumn, rows: number): Promise<ColumnChunk> {
    const { exports, memory } = this.#module;
    const offset = sink.bytes;
    let rawBytes = 0;
    let dictionaryBytes = 0;
    for (;;) {
      const struct = exports.flushChunk(this.#rows.table(), column.id) >>> 0;
      const step = this.#sealed(struct);
      // Before any wait: what stands in WASM memory may move then.
      const end = step.more ? null : readEnd(this.#rows.view(), struct, column, rows);
      rawBytes += step.rawBytes;
      if (step.isDictionary) dictionaryBytes = step.bytes;
      if (!sink.appendFitting(memory, step.at, step.bytes)) await sink.appendFrom(memory, step.at, step.bytes);
      if (this.#slices.fills(step.more && step.bytes === 0 ? SLICE_ROWS : Math.max(rows, step.rawBytes >> 3))) await this.#slices.turn();
      if (end !== null) return { ...end, offset, bytes: sink.bytes - offset, rawBytes, dictionaryBytes };
    }
  }

  /** What the last step left, the page with its header. */
  #sealed(struct: number): ChunkStep {
    const { exports, memory } = this.#module;
    const step = readStep(this.#rows.view(), struct);
    if (step.bytes === 0) return step;
    exports.flushPage(crc32(new Uint8Array(memory.buffer, step.at, step.bytes)));
    return readStep(this.#rows.view(), struct);
  }

  #addStatistics(place: number, chunk: ColumnChunk): void {
    const { column, nulls, range } = this.#statistics[place]!;
    this.#statistics[place] = { column, nulls: nulls + chunk.nulls, range: joinRanges(range, chunk.range) };
  }
}

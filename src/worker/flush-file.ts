/** Writes the rows of a table up to a log number into a Parquet file, in slices between the tasks of a worker. */
import { TABLE_SERIES_EPOCH } from '../../assembly/layout/codes.js';
import {
  FLUSH_SPAN_BYTES, FLUSH_SPAN_NUMBER, FLUSH_SPAN_ROW_END, FLUSH_SPAN_ROW_FIRST,
} from '../../assembly/layout/flush.js';
import { fileStatistics, type ColumnStatistics } from '../tables/delta/stats.js';
import { Footer, MAGIC, type ColumnChunk } from '../tables/parquet/footer.js';
import { fileColumns, type FileColumn } from '../tables/parquet/file-columns.js';
import { joinRanges } from '../tables/parquet/statistics.js';
import type { StoreWriter, TableStore } from '../tables/table-store.js';
import { readEnd, readStep, type WasmMemory } from './wasm/chunk.js';
import { ByteSink } from './sink.js';
import type { FlushedFile, FileOrder } from './protocol.js';

/** What the flush calls in the WASM module (assembly/flush/flush.ts). */
export interface FlushExports {
  tableAt(tableId: number): number;
  flushSpans(count: number): number;
  flushStart(table: number, stepEntries: number): number;
  flushSort(table: number): number;
  flushRows(): number;
  flushCut(table: number): number;
  flushGroup(): number;
  flushChunk(table: number, columnId: number): number;
  flushEnd(): void;
}

export interface FlushModule {
  readonly memory: WasmMemory;
  readonly exports: FlushExports;
}

/** Rows of one body. */
export interface FlushSpan {
  readonly rowFirst: number;
  /** One past the last. */
  readonly rowEnd: number;
  /** Log number. */
  readonly number: number;
}

/** Row visits after which waiting tasks get their turn, in one call or in several: half a millisecond of work or less. */
const SLICE_ROWS = 65_536;

/**
 * Writes one file of the table's spans and publishes it at `order.path`. One flush runs at a time in a module.
 * @param spansOf gives the spans to flush, ordered by number: the caller's own objects, which it updates where rows move
 * @param onSlice is called whenever others get their turn
 * @returns null when there are no rows
 * @throws when storage fails or the rows leave or move meanwhile; the memtable is untouched and no file stays
 */
export async function flushFile(
  module: FlushModule, store: TableStore, order: FileOrder, spansOf: () => readonly FlushSpan[], onSlice: () => void = () => undefined,
): Promise<FlushedFile | null> {
  const flush = new Flush(module, order, spansOf(), onSlice);
  try {
    if (!flush.start()) return null;
    await flush.sort();
    const writer = await store.put(order.path);
    try {
      return await flush.write(writer);
    } catch (error) {
      await abandon(writer, error as Error);
      throw error;
    }
  } finally {
    module.exports.flushEnd();
  }
}

/** Throws the unfinished file away. @throws an error that names both when that fails too */
async function abandon(writer: StoreWriter, cause: Error): Promise<void> {
  try {
    await writer.abandon();
  } catch (error) {
    throw new Error(`${cause.message}; its unfinished file stays, since ${(error as Error).message}`, { cause });
  }
}

class Flush {
  readonly #module: FlushModule;
  readonly #order: FileOrder;
  readonly #spans: readonly FlushSpan[];
  readonly #onSlice: () => void;
  readonly #columns: readonly FileColumn[];
  /** Of the row groups so far. */
  readonly #statistics: ColumnStatistics[];
  /** The span that stands last in the memtable, and where it began: any row that leaves before it moves it. */
  readonly #lastSpan: FlushSpan | undefined;
  readonly #lastRowFirst: number;
  /** TABLE_SERIES_EPOCH when it began; rows that leave behind the flushed ones may take series along, and renumber others. */
  #epoch: number | undefined;
  #sliceRows = 0;
  #view: DataView;

  constructor(module: FlushModule, order: FileOrder, spans: readonly FlushSpan[], onSlice: () => void) {
    this.#module = module;
    this.#view = new DataView(module.memory.buffer);
    this.#order = order;
    this.#spans = spans;
    this.#onSlice = onSlice;
    this.#columns = fileColumns(order.columns);
    this.#statistics = this.#columns.map((column) => ({ column, nulls: 0, range: null }));
    this.#lastSpan = spans.reduce<FlushSpan | undefined>((last, span) => (last && last.rowFirst > span.rowFirst ? last : span), undefined);
    this.#lastRowFirst = this.#lastSpan?.rowFirst ?? 0;
  }

  /** Takes up the spans; false when they have no rows. */
  start(): boolean {
    if (this.#spans.length === 0) return false;
    const { exports, memory } = this.#module;
    const at = exports.flushSpans(this.#spans.length) >>> 0;
    const view = new DataView(memory.buffer, at, this.#spans.length * FLUSH_SPAN_BYTES);
    this.#spans.forEach((span, place) => {
      const offset = place * FLUSH_SPAN_BYTES;
      view.setUint32(offset + FLUSH_SPAN_ROW_FIRST, span.rowFirst, true);
      view.setUint32(offset + FLUSH_SPAN_ROW_END, span.rowEnd, true);
      view.setBigInt64(offset + FLUSH_SPAN_NUMBER, BigInt(span.number), true);
    });
    return exports.flushStart(this.#table(), SLICE_ROWS) !== 0;
  }

  async sort(): Promise<void> {
    while (this.#module.exports.flushSort(this.#table()) !== 0) await this.#turn();
    await this.#turn();
  }

  /** Writes and publishes the file. */
  async write(writer: StoreWriter): Promise<FlushedFile> {
    const { exports } = this.#module;
    const sink = new ByteSink(writer);
    await sink.append(MAGIC);
    const footer = new Footer(this.#columns);
    for (let rows = await this.#cutGroup(); rows > 0; rows = await this.#cutGroup()) {
      for (const [place, column] of this.#columns.entries()) {
        const chunk = await this.#writeChunk(sink, column, rows);
        footer.addChunk(chunk, rows);
        this.#addStatistics(place, chunk);
      }
      footer.endGroup(rows);
    }
    await this.#turn();
    await sink.append(footer.bytes());
    await sink.flush();
    this.#table();
    await writer.publish();
    const rows = exports.flushRows();
    return { path: this.#order.path, bytes: sink.bytes, rows, statistics: fileStatistics(rows, this.#statistics) };
  }

  /** Cuts the next row group; returns its rows, 0 when there is none. */
  async #cutGroup(): Promise<number> {
    const { exports } = this.#module;
    while (exports.flushCut(this.#table()) !== 0) await this.#turn();
    return exports.flushGroup();
  }

  /** Writes the pages of a chunk as its steps finish them. */
  async #writeChunk(sink: ByteSink, column: FileColumn, rows: number): Promise<ColumnChunk> {
    const { exports, memory } = this.#module;
    const offset = sink.bytes;
    let rawBytes = 0;
    let dictionaryBytes = 0;
    for (;;) {
      const struct = exports.flushChunk(this.#table(), column.id) >>> 0;
      const step = readStep(this.#memoryView(), struct);
      // Before any wait: what stands in WASM memory may move then.
      const end = step.more ? null : readEnd(this.#memoryView(), struct, column, rows);
      rawBytes += step.rawBytes;
      if (step.isDictionary) dictionaryBytes = step.bytes;
      if (!sink.appendFitting(memory, step.at, step.bytes)) await sink.appendFrom(memory, step.at, step.bytes);
      if (this.#fillsSlice(step.more && step.bytes === 0 ? SLICE_ROWS : Math.max(rows, step.rawBytes >> 3))) await this.#turn();
      if (end !== null) return { ...end, offset, bytes: sink.bytes - offset, rawBytes, dictionaryBytes };
    }
  }

  #addStatistics(place: number, chunk: ColumnChunk): void {
    const { column, nulls, range } = this.#statistics[place]!;
    this.#statistics[place] = { column, nulls: nulls + chunk.nulls, range: joinRanges(range, chunk.range) };
  }

  /** Address of the memtable, after a check that the flushed rows are still where they were. */
  #table(): number {
    const { tableId } = this.#order;
    const table = this.#module.exports.tableAt(tableId) >>> 0;
    if (table === 0) throw new Error(`table ${tableId} was dropped while it was flushed`);
    if (this.#lastSpan !== undefined && this.#lastSpan.rowFirst !== this.#lastRowFirst) {
      throw new Error(`rows of table ${tableId} were given up while it was flushed`);
    }
    const epoch = this.#memoryView().getUint32(table + TABLE_SERIES_EPOCH, true);
    this.#epoch ??= epoch;
    if (epoch !== this.#epoch) throw new Error(`series of table ${tableId} were numbered anew while it was flushed`);
    return table;
  }

  /** All of the memory; small files are a matter of how often a view of it is made. */
  #memoryView(): DataView {
    const { buffer } = this.#module.memory;
    if (this.#view.buffer !== buffer) this.#view = new DataView(buffer);
    return this.#view;
  }

  /** Counts `rows` row visits; whether a slice is full. */
  #fillsSlice(rows: number): boolean {
    this.#sliceRows += rows;
    return this.#sliceRows >= SLICE_ROWS;
  }

  /** Lets tasks that wait run. */
  async #turn(): Promise<void> {
    this.#sliceRows = 0;
    this.#onSlice();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

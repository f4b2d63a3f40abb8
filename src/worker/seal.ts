/** Writes the rows of a table up to a log number into a Parquet file, in slices between the tasks of a worker. */
import {
  SEAL_SPAN_BYTES, SEAL_SPAN_NUMBER, SEAL_SPAN_ROW_END, SEAL_SPAN_ROW_FIRST,
} from '../../assembly/encode/abi.js';
import { fileStatistics, type ColumnStatistics } from '../tables/delta/stats.js';
import { footerBytes, MAGIC, type ColumnChunk, type RowGroup } from '../tables/parquet/footer.js';
import { fileColumns, type FileColumn } from '../tables/parquet/schema.js';
import { joinRanges, type Range } from '../tables/parquet/statistics.js';
import type { StoreWriter, TableStore } from '../tables/store.js';
import { readChunk, type WasmMemory } from './chunk.js';
import { ByteSink } from './sink.js';
import type { SealedFile, SealOrder } from './protocol.js';

/** What the seal calls in the WASM module (assembly/encode/seal.ts). */
export interface SealExports {
  tableAt(tableId: number): number;
  sealSpans(count: number): number;
  sealStart(table: number): number;
  sealSort(table: number): number;
  sealRows(): number;
  sealGroup(table: number): number;
  sealChunk(table: number, columnId: number): number;
  sealEnd(): void;
}

export interface SealModule {
  readonly memory: WasmMemory;
  readonly exports: SealExports;
}

/** Rows of one body. */
export interface SealSpan {
  readonly rowFirst: number;
  /** One past the last. */
  readonly rowEnd: number;
  /** Log number. */
  readonly number: number;
}

/** Row visits after which waiting tasks get their turn: about 1 ms of work. */
const SLICE_ROWS = 131_072;

/**
 * Writes one file of the table's spans and publishes it at `order.path`. One seal runs at a time in a module.
 * @param spansOf gives the spans to seal, ordered by number: the caller's own objects, which it updates where rows move
 * @returns null when there are no rows
 * @throws when storage fails or the rows leave or move meanwhile; the builder is untouched and no file stays
 */
export async function sealFile(
  module: SealModule, store: TableStore, order: SealOrder, spansOf: () => readonly SealSpan[],
): Promise<SealedFile | null> {
  const seal = new Seal(module, order, spansOf());
  try {
    if (!seal.start()) return null;
    await seal.sort();
    const writer = await store.put(order.path);
    try {
      return await seal.write(writer);
    } catch (error) {
      await abandon(writer, error as Error);
      throw error;
    }
  } finally {
    module.exports.sealEnd();
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

class Seal {
  readonly #module: SealModule;
  readonly #order: SealOrder;
  readonly #spans: readonly SealSpan[];
  readonly #columns: readonly FileColumn[];
  /** The span that stands last in the builder, and where it began: any row that leaves before it moves it. */
  readonly #lastSpan: SealSpan | undefined;
  readonly #lastRowFirst: number;
  #rows = 0;
  #sliceRows = 0;

  constructor(module: SealModule, order: SealOrder, spans: readonly SealSpan[]) {
    this.#module = module;
    this.#order = order;
    this.#spans = spans;
    this.#columns = fileColumns(order.columns);
    this.#lastSpan = spans.reduce<SealSpan | undefined>((last, span) => (last && last.rowFirst > span.rowFirst ? last : span), undefined);
    this.#lastRowFirst = this.#lastSpan?.rowFirst ?? 0;
  }

  /** Takes up the spans; false when they have no rows. */
  start(): boolean {
    if (this.#spans.length === 0) return false;
    const { exports, memory } = this.#module;
    const at = exports.sealSpans(this.#spans.length) >>> 0;
    const view = new DataView(memory.buffer, at, this.#spans.length * SEAL_SPAN_BYTES);
    this.#spans.forEach((span, place) => {
      const offset = place * SEAL_SPAN_BYTES;
      view.setUint32(offset + SEAL_SPAN_ROW_FIRST, span.rowFirst, true);
      view.setUint32(offset + SEAL_SPAN_ROW_END, span.rowEnd, true);
      view.setBigInt64(offset + SEAL_SPAN_NUMBER, BigInt(span.number), true);
    });
    this.#rows = exports.sealStart(this.#table()) >>> 0;
    return this.#rows > 0;
  }

  async sort(): Promise<void> {
    while (this.#module.exports.sealSort(this.#table()) !== 0) await this.#slice(this.#rows);
  }

  /** Writes and publishes the file. */
  async write(writer: StoreWriter): Promise<SealedFile> {
    const { exports } = this.#module;
    const sink = new ByteSink(writer);
    await sink.append(MAGIC);
    const groups: RowGroup[] = [];
    for (let rows = exports.sealGroup(this.#table()); rows > 0; rows = exports.sealGroup(this.#table())) {
      groups.push({ rows, chunks: await this.#writeGroup(sink, rows) });
    }
    await sink.append(footerBytes(this.#columns, groups));
    await sink.flush();
    this.#table();
    await writer.publish();
    const rows = exports.sealRows();
    return { path: this.#order.path, bytes: sink.bytes, rows, statistics: fileStatistics(rows, this.#statistics(groups)) };
  }

  async #writeGroup(sink: ByteSink, rows: number): Promise<ColumnChunk[]> {
    const { exports, memory } = this.#module;
    const chunks: ColumnChunk[] = [];
    for (const column of this.#columns) {
      const { at, ...chunk } = readChunk(memory, exports.sealChunk(this.#table(), column.id) >>> 0, column, rows);
      chunks.push({ ...chunk, offset: sink.bytes });
      await sink.appendFrom(memory, at, chunk.bytes);
      await this.#slice(rows);
    }
    return chunks;
  }

  #statistics(groups: readonly RowGroup[]): ColumnStatistics[] {
    return this.#columns.map((column, place) => {
      const chunks = groups.map((group) => group.chunks[place]!);
      const nulls = chunks.reduce((sum, chunk) => sum + chunk.nulls, 0);
      const range = chunks.reduce<Range | null>((joined, chunk) => joinRanges(joined, chunk.range), null);
      return { column, nulls, range };
    });
  }

  /** Address of the builder, after a check that the sealed rows are still where they were. */
  #table(): number {
    const { tableId } = this.#order;
    const table = this.#module.exports.tableAt(tableId) >>> 0;
    if (table === 0) throw new Error(`table ${tableId} was dropped while it was sealed`);
    if (this.#lastSpan !== undefined && this.#lastSpan.rowFirst !== this.#lastRowFirst) {
      throw new Error(`rows of table ${tableId} were given up while it was sealed`);
    }
    return table;
  }

  /** Counts `rows` row visits; lets tasks that wait run when a slice is full. */
  async #slice(rows: number): Promise<void> {
    this.#sliceRows += rows;
    if (this.#sliceRows < SLICE_ROWS) return;
    this.#sliceRows = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

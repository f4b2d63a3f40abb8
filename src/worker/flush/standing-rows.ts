/** The rows that a flush reads. They stay in the memtable while it writes, and where they move or leave it ends. */
import { TABLE_SERIES_EPOCH } from '../../../assembly/layout/table.js';
import type { WasmMemory } from '../wasm/chunk.js';

/** Rows of one body. */
export interface FlushSpan {
  readonly rowFirst: number;
  /** One past the last. */
  readonly rowEnd: number;
  /** Log number. */
  readonly number: number;
}

/** The module that holds the memtable. */
export interface MemtableModule {
  readonly memory: WasmMemory;
  readonly exports: { tableAt(tableId: number): number };
}

export class StandingRows {
  readonly #module: MemtableModule;
  readonly #tableId: number;
  /** The span that stands last in the memtable, and where it began: any row that leaves before it moves it. */
  readonly #lastSpan: FlushSpan | undefined;
  readonly #lastRowFirst: number;
  /** TABLE_SERIES_EPOCH when it began; rows that leave behind these may take series along, and renumber others. */
  #epoch: number | undefined;
  #view: DataView;

  /** @param spans the caller's own objects, which it updates where rows move */
  constructor(module: MemtableModule, tableId: number, spans: readonly FlushSpan[]) {
    this.#module = module;
    this.#tableId = tableId;
    this.#view = new DataView(module.memory.buffer);
    this.#lastSpan = spans.reduce<FlushSpan | undefined>((last, span) => (last && last.rowFirst > span.rowFirst ? last : span), undefined);
    this.#lastRowFirst = this.#lastSpan?.rowFirst ?? 0;
  }

  /** Address of the memtable. @throws when the rows are not where they were, or their series have other numbers */
  table(): number {
    const tableId = this.#tableId;
    const table = this.#module.exports.tableAt(tableId) >>> 0;
    if (table === 0) throw new Error(`table ${tableId} was dropped while it was flushed`);
    if (this.#lastSpan !== undefined && this.#lastSpan.rowFirst !== this.#lastRowFirst) {
      throw new Error(`rows of table ${tableId} were given up while it was flushed`);
    }
    const epoch = this.view().getUint32(table + TABLE_SERIES_EPOCH, true);
    this.#epoch ??= epoch;
    if (epoch !== this.#epoch) throw new Error(`series of table ${tableId} were numbered anew while it was flushed`);
    return table;
  }

  /** All of the memory; small files are a matter of how often a view of it is made. */
  view(): DataView {
    const { buffer } = this.#module.memory;
    if (this.#view.buffer !== buffer) this.#view = new DataView(buffer);
    return this.#view;
  }
}

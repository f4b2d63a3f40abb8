/** The rows that a flush reads. They stay in the memtable while it writes, and where they move or leave it ends. */
import { TABLE_MOVES, TABLE_SERIES_EPOCH } from '../../../assembly/layout/table.js';
import type { WasmMemory } from '../wasm/chunk.js';

/** Rows of one body. */
export interface FlushSpan {
  readonly rowFirst: number;
  /** One past the last. */
  readonly rowEnd: number;
  /** Seq. */
  readonly seq: number;
}

/** Spans in the order of the memtable or of their numbers. */
export interface FlushSpans extends Iterable<FlushSpan> {
  /** How many there are at most. */
  readonly length: number;
}

/** The module that holds the memtable. */
export interface MemtableModule {
  readonly memory: WasmMemory;
  readonly exports: { tableAt(tableId: number): number };
}

export class StandingRows {
  readonly #module: MemtableModule;
  readonly #tableId: number;
  /** TABLE_MOVES when it began. */
  #moves: number | undefined;
  /** TABLE_SERIES_EPOCH when it began; rows that leave behind these may take series along, and renumber others. */
  #epoch: number | undefined;
  #view: DataView;

  constructor(module: MemtableModule, tableId: number) {
    this.#module = module;
    this.#tableId = tableId;
    this.#view = new DataView(module.memory.buffer);
  }

  /** Address of the memtable. @throws when the rows are not where they were, or their series have other numbers */
  table(): number {
    const tableId = this.#tableId;
    const table = this.#module.exports.tableAt(tableId) >>> 0;
    if (table === 0) throw new Error(`table ${tableId} was dropped while it was flushed`);
    const moves = this.view().getUint32(table + TABLE_MOVES, true);
    this.#moves ??= moves;
    if (moves !== this.#moves) throw new Error(`rows of table ${tableId} left while it was flushed`);
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

/** Arrays of memtables that are nearly full, grown in slices between the tasks of a worker, before a body has to. */
import { Slices } from './flush/slices.js';
import type { WasmParser } from './wasm/wasm.js';

/** Bytes copied in a slice: half a millisecond of work, of memory that was never used before one. */
const SLICE_BYTES = 1024 * 1024;
/** What a look at a table counts as. */
const LOOK_BYTES = SLICE_BYTES / 64;
/** Tables of fewer values are grown in no time. */
const VALUES_MIN = 1 << 18;
/** A table is looked at whenever so many rows have come, or a 256th of those it has: a thirty-second is free when one is nearly full. */
const ROWS_SHIFT_MIN = 4;
const ROWS_SHIFT = 8;

interface GrowingTablesParts {
  readonly parser: () => WasmParser;
  /** Whether so many bytes may be taken: what a live body would ask. */
  readonly hasRoom: (bytes: number) => boolean;
  /** Is called whenever others get their turn, and when memory was taken. */
  readonly onSlice: () => void;
}

export class GrowingTables {
  readonly #parts: GrowingTablesParts;
  readonly #slices: Slices;
  readonly #touched = new Set<number>();
  #isWorking = false;
  #isStopped = false;

  constructor(parts: GrowingTablesParts) {
    this.#parts = parts;
    this.#slices = new Slices(SLICE_BYTES, parts.onSlice);
  }

  /** A body added rows to a table. */
  note(tableId: number, rowFirst: number, rowEnd: number): void {
    const shift = Math.max(ROWS_SHIFT_MIN, 31 - Math.clz32(rowEnd) - ROWS_SHIFT);
    if (rowFirst >>> shift !== rowEnd >>> shift) this.#touched.add(tableId);
  }

  /** Has those that were noted looked at, from the next turn on. Never throws: a trap ends the thread. */
  start(): void {
    if (!this.#isWorking && this.#touched.size > 0) void this.#work();
  }

  /** The instance is not to be used any more. */
  stop(): void {
    this.#isStopped = true;
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    // The list that noted them has its turn for itself.
    await new Promise((resolve) => setImmediate(resolve));
    for (const tableId of this.#touched) {
      this.#touched.delete(tableId);
      await this.#grow(tableId);
      if (this.#isStopped) return;
    }
    this.#isWorking = false;
  }

  /** Ends where there is no room: a body that comes to the end of an array asks for its own. */
  async #grow(tableId: number): Promise<void> {
    const { parser, hasRoom, onSlice } = this.#parts;
    parser().exports.growStart(tableId, VALUES_MIN);
    for (let bytes = parser().exports.growNext(); bytes > 0 && !this.#isStopped && hasRoom(bytes); bytes = parser().exports.growNext()) {
      parser().exports.growBegin();
      onSlice();
      while (!this.#isStopped && parser().exports.growStep(SLICE_BYTES) !== 0) await this.#slices.turn();
      if (this.#isStopped) return;
      onSlice();
      if (this.#slices.fills(Math.min(bytes / 2, SLICE_BYTES))) await this.#slices.turn();
    }
    if (this.#slices.fills(LOOK_BYTES)) await this.#slices.turn();
  }
}

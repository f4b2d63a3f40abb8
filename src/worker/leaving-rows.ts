/** Rows that leave the memtables, after a flush or when they were given up, and series that no row needs, in slices between the tasks of a worker. */
import { Slices } from './flush/slices.js';
import type { PendingRows } from './pending-rows.js';
import { CHUNK_SPANS } from './table-spans.js';
import type { WasmParser } from './wasm/wasm.js';

/** Values copied, or spans looked at, in a slice: half a millisecond of work or less. */
const SLICE_WORK = 65_536;
/** What a table counts besides. */
const TABLE_WORK = SLICE_WORK / 4;

interface LeavingRowsParts {
  /** The instance that has the memtables: it stays the same while rows are leaving. */
  readonly parser: () => WasmParser;
  readonly pending: () => PendingRows;
  /** Is called whenever others get their turn. */
  readonly onSlice: () => void;
  /** Rows of a table have left. @param isFlushed because they are in files */
  readonly onLeft: (isFlushed: boolean) => void;
}

export class LeavingRows {
  readonly #parts: LeavingRowsParts;
  readonly #slices: Slices;
  /** By table, the seq up to which rows leave; 0 for those given up alone. */
  readonly #wanted = new Map<number, number>();
  /** Tables whose rows may not leave now. */
  readonly #held = new Set<number>();
  /** The next table that is looked at for spare series; null when they stay. */
  #spareFrom: number | null = null;
  /** Of which rows or series are leaving; null when none are. */
  #current: number | null = null;
  #copyBytes = 0;
  #isWorking = false;
  #waiting: (() => void)[] = [];

  constructor(parts: LeavingRowsParts) {
    this.#parts = parts;
    this.#slices = new Slices(SLICE_WORK, parts.onSlice);
  }

  /** Whether an array of a memtable may be about to be replaced. */
  get isBusy(): boolean {
    return this.#isWorking;
  }

  /** Of what memtables hold, the copies that are about to take the place of no less: nobody is to be refused for them. */
  get copyBytes(): number {
    return this.#copyBytes;
  }

  /** Rows of a table at or below a seq are to leave; 0: those given up alone. Never throws: a trap ends the thread. */
  want(tableId: number, seq: number): void {
    this.#wanted.set(tableId, Math.max(seq, this.#wanted.get(tableId) ?? 0));
    this.#start();
  }

  /** Series that no row needs are to leave all tables that have many of them, but for those that are held, and the cache. */
  wantSpare(): void {
    this.#parts.parser().exports.freeSeries();
    this.#spareFrom = 0;
    this.#start();
  }

  /** Has rows of a table stay where they are until `release`; resolves when those that were leaving have left. */
  async hold(tableId: number): Promise<void> {
    while (this.#wanted.has(tableId) || this.#current === tableId) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#held.add(tableId);
  }

  release(tableId: number): void {
    this.#held.delete(tableId);
    this.#start();
  }

  /** A table that is about to be dropped. */
  forget(tableId: number): void {
    this.#wanted.delete(tableId);
    if (this.#current !== tableId) return;
    this.#parts.parser().exports.dropEnd();
    this.#copyBytes = 0;
    this.#current = null;
  }

  #start(): void {
    if (!this.#isWorking && (this.#next() !== undefined || this.#spareFrom !== null)) void this.#work();
  }

  #next(): number | undefined {
    for (const tableId of this.#wanted.keys()) if (!this.#held.has(tableId)) return tableId;
    return undefined;
  }

  #nextSpare(): number | undefined {
    const { exports } = this.#parts.parser();
    while (this.#spareFrom !== null) {
      const tableId = exports.spareTable(this.#spareFrom);
      this.#spareFrom = tableId < exports.tableIdsEnd() ? tableId + 1 : null;
      if (this.#spareFrom !== null && !this.#held.has(tableId)) return tableId;
    }
    return undefined;
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    for (;;) {
      const tableId = this.#next() ?? this.#nextSpare();
      if (tableId === undefined) break;
      const seq = this.#wanted.get(tableId);
      this.#wanted.delete(tableId);
      this.#current = tableId;
      if (seq === undefined) await this.#removeSpare(tableId);
      else await this.#remove(tableId, seq);
      this.#current = null;
      if (seq !== undefined) this.#parts.onLeft(seq > 0);
      for (const resolve of this.#waiting.splice(0)) resolve();
    }
    this.#isWorking = false;
    this.#parts.onLeft(false);
  }

  /** Ends before its end when the table is dropped meanwhile. */
  async #remove(tableId: number, seq: number): Promise<void> {
    const { exports } = this.#parts.parser();
    exports.dropStart(tableId);
    for (const _ of this.#parts.pending().takeOut(tableId, seq, (first, end) => this.#counted(() => exports.dropRange(first, end)))) {
      if (this.#slices.fills(CHUNK_SPANS)) await this.#slices.turn();
      if (this.#current !== tableId) return;
    }
    await this.#steps(tableId);
  }

  async #removeSpare(tableId: number): Promise<void> {
    this.#counted(() => this.#parts.parser().exports.spareStart(tableId));
    await this.#steps(tableId);
  }

  async #steps(tableId: number): Promise<void> {
    const { exports } = this.#parts.parser();
    while (this.#counted(() => exports.dropStep(SLICE_WORK)) !== 0) {
      await this.#slices.turn();
      if (this.#current !== tableId) return;
    }
    this.#copyBytes = 0;
    // Many tables may have few rows each.
    if (this.#slices.fills(TABLE_WORK)) await this.#slices.turn();
  }

  #counted<T>(copy: () => T): T {
    const before = this.#parts.parser().memtableBytes();
    const result = copy();
    this.#copyBytes += this.#parts.parser().memtableBytes() - before;
    return result;
  }
}

/** Rows that are in the log alone, by table: how many there are, between which seqs, and since when. */
import { monotonicAt, type Clock } from '../clock.js';

/** Rows of one table. */
interface UnflushedRows {
  readonly rows: number;
  /** Seq (and so µs since 1970) of the oldest. */
  readonly first: number;
  /** Of the newest; perhaps not synced yet. */
  readonly last: number;
  /** Monotonic: when the oldest came, ms. Not told by its seq, which may be of a clock that was wrong. */
  readonly sinceMs: number;
}

export class Unflushed {
  readonly #clock: Clock;
  readonly #byTable = new Map<number, UnflushedRows>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** More rows of a table, of one seq: written now, or read back from the log. */
  add(tableId: number, rows: number, seq: number): UnflushedRows {
    const before = this.#byTable.get(tableId);
    const sinceMs = this.#cameAt(seq);
    const now = before === undefined ? { rows, first: seq, last: seq, sinceMs } : {
      rows: before.rows + rows, first: Math.min(before.first, seq), last: Math.max(before.last, seq), sinceMs: Math.min(before.sinceMs, sinceMs),
    };
    this.#byTable.set(tableId, now);
    return now;
  }

  of(tableId: number): UnflushedRows | undefined {
    return this.#byTable.get(tableId);
  }

  tables(): [tableId: number, rows: UnflushedRows][] {
    return [...this.#byTable];
  }

  /** Rows up to a seq are elsewhere now. @param rows how many they were */
  leave(tableId: number, seq: number, rows: number): void {
    const before = this.#byTable.get(tableId);
    if (before === undefined) return;
    if (before.last > seq) {
      this.#byTable.set(tableId, { rows: before.rows - rows, first: seq + 1, last: before.last, sinceMs: Math.max(before.sinceMs, this.#cameAt(seq)) });
    }
    else this.#byTable.delete(tableId);
  }

  forget(tableId: number): void {
    this.#byTable.delete(tableId);
  }

  /** The smallest seq; Infinity when there is none. */
  get first(): number {
    let first = Infinity;
    for (const rows of this.#byTable.values()) first = Math.min(first, rows.first);
    return first;
  }

  get total(): { readonly rows: number; readonly tables: number } {
    let rows = 0;
    for (const each of this.#byTable.values()) rows += each.rows;
    return { rows, tables: this.#byTable.size };
  }

  /** A seq counts microseconds since 1970; a number of the future, that of a clock that was set back, is of now. */
  #cameAt(seq: number): number {
    return monotonicAt(seq / 1000, this.#clock);
  }
}

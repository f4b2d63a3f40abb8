/**
 * Rows that are in the log alone, by table: how many there are, between which seqs, and since when. The count is exact, but
 * for two cases in which it is too high until the next flush: rows that a worker's death had read back, and, of more than
 * a thousand bodies of a table that come while rows are read back, those that were equal to others.
 */
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

/** Rows of one body that could not leave when they came: it was not synced, or rows before it were being read back. */
interface LateRows {
  readonly seq: number;
  readonly rows: number;
}

/** Between so many bodies it is looked which of them can leave by now; of more than the other nothing is kept. */
const LATE_LOOK = 16;
const LATE_MAX = 1024;

interface TableRows extends UnflushedRows {
  /** Those of all bodies above `knownFrom`, in no order. */
  readonly late: readonly LateRows[];
  readonly knownFrom: number;
  /** Bodies in `late` before the next look. */
  readonly lateMax: number;
}

export class Unflushed {
  readonly #clock: Clock;
  readonly #movableTo: () => number;
  readonly #byTable = new Map<number, TableRows>();

  /** @param movableTo the seq up to which rows can leave now */
  constructor(clock: Clock, movableTo: () => number) {
    this.#clock = clock;
    this.#movableTo = movableTo;
  }

  /** More rows of a table, of one seq: written now, or read back from the log. */
  add(tableId: number, rows: number, seq: number): UnflushedRows {
    const before = this.#byTable.get(tableId) ?? { rows: 0, first: Infinity, last: 0, sinceMs: Infinity, late: [], knownFrom: 0, lateMax: LATE_LOOK };
    const late = before.late as LateRows[];
    late.push({ seq, rows });
    const now = this.#looked({
      ...before, late,
      rows: before.rows + rows, first: Math.min(before.first, seq), last: Math.max(before.last, seq), sinceMs: Math.min(before.sinceMs, this.#cameAt(seq)),
    });
    this.#byTable.set(tableId, now);
    return now;
  }

  of(tableId: number): UnflushedRows | undefined {
    return this.#byTable.get(tableId);
  }

  tables(): [tableId: number, rows: UnflushedRows][] {
    return [...this.#byTable];
  }

  /** Rows up to a seq are elsewhere now. @param written how many they were at least: equal points become one */
  leave(tableId: number, seq: number, written: number): void {
    const before = this.#byTable.get(tableId);
    if (before === undefined) return;
    if (before.last <= seq) {
      this.#byTable.delete(tableId);
      return;
    }
    const late = before.late.filter((each) => each.seq > seq);
    const stay = rowsOf(late);
    const rows = seq >= before.knownFrom ? stay : Math.max(stay, before.rows - written);
    this.#byTable.set(tableId, { ...before, late, rows, first: seq + 1, sinceMs: Math.max(before.sinceMs, this.#cameAt(seq)) });
  }

  /** The log failed: what came above a seq was never acknowledged, and is gone. */
  giveUp(keptTo: number): void {
    for (const [tableId, before] of this.#byTable) {
      if (before.last <= keptTo || before.knownFrom > keptTo) continue;
      const late = before.late.filter(({ seq }) => seq <= keptTo);
      const rows = before.rows - (rowsOf(before.late) - rowsOf(late));
      if (rows === 0) this.#byTable.delete(tableId);
      else this.#byTable.set(tableId, { ...before, late, rows, last: keptTo });
    }
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

  /** Now and then, without those of which it need not be known any more how many they are. */
  #looked(table: TableRows): TableRows {
    if (table.late.length < table.lateMax) return table;
    const movableTo = this.#movableTo();
    const late = table.late.filter(({ seq }) => seq > movableTo);
    if (late.length > LATE_MAX) return { ...table, late: [], knownFrom: table.last, lateMax: LATE_LOOK };
    return { ...table, late, knownFrom: Math.max(table.knownFrom, movableTo), lateMax: Math.max(LATE_LOOK, 2 * late.length) };
  }

  /** A seq counts microseconds since 1970; a number of the future, that of a clock that was set back, is of now. */
  #cameAt(seq: number): number {
    return monotonicAt(seq / 1000, this.#clock);
  }
}

function rowsOf(late: readonly LateRows[]): number {
  return late.reduce((sum, { rows }) => sum + rows, 0);
}

/** Rows that are in the log alone, by table: how many there are, and between which log numbers. */

/** Rows of one table. */
interface UnflushedRows {
  readonly rows: number;
  /** Number (and so µs since 1970) of the oldest. */
  readonly first: number;
  /** Of the newest; perhaps not synced yet. */
  readonly last: number;
}

export class Unflushed {
  readonly #byTable = new Map<number, UnflushedRows>();

  /** More rows of a table, of one number. */
  add(tableId: number, rows: number, number: number): UnflushedRows {
    const before = this.#byTable.get(tableId);
    const now = before === undefined ? { rows, first: number, last: number }
      : { rows: before.rows + rows, first: Math.min(before.first, number), last: Math.max(before.last, number) };
    this.#byTable.set(tableId, now);
    return now;
  }

  of(tableId: number): UnflushedRows | undefined {
    return this.#byTable.get(tableId);
  }

  tables(): [tableId: number, rows: UnflushedRows][] {
    return [...this.#byTable];
  }

  /** Rows up to a number are elsewhere now. @param rows how many they were */
  leave(tableId: number, number: number, rows: number): void {
    const before = this.#byTable.get(tableId);
    if (before === undefined) return;
    if (before.last > number) this.#byTable.set(tableId, { rows: before.rows - rows, first: number + 1, last: before.last });
    else this.#byTable.delete(tableId);
  }

  forget(tableId: number): void {
    this.#byTable.delete(tableId);
  }

  /** The smallest number; Infinity when there is none. */
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
}

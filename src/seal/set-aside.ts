/** Tables whose seals end workers: after two they are sealed no more, for the fault is in their rows and would end them all. */

const DEATHS_MAX = 2;

export class SetAside {
  /** By table, how many workers its seals have ended. */
  readonly #deaths = new Map<number, number>();

  /** A seal of a table has ended a worker; whether the table is set aside. */
  noteDeath(tableId: number): boolean {
    this.#deaths.set(tableId, (this.#deaths.get(tableId) ?? 0) + 1);
    return this.has(tableId);
  }

  has(tableId: number): boolean {
    return (this.#deaths.get(tableId) ?? 0) >= DEATHS_MAX;
  }

  forget(tableId: number): void {
    this.#deaths.delete(tableId);
  }

  tables(): number[] {
    return [...this.#deaths.keys()].filter((tableId) => this.has(tableId));
  }
}

/** What is to be said of such a table, by the path of its folder. */
export function setAsideSentence(folder: string): string {
  return `table ${folder} is not sealed until the next start, since sealing it ended ${DEATHS_MAX} workers: its rows stay in the log and in memory`;
}

/** The names of files that jobs make: numbers that no other file of the table has, and what a job that failed left behind. */
import type { Clock } from '../clock.js';
import { parseMergedFileName } from '../names.js';
import type { TableStore } from '../tables/table-store.js';

export class NewFiles {
  readonly #store: TableStore;
  readonly #clock: Clock;
  readonly #node: string;
  /** The highest number given so far. */
  #last = 0;

  constructor(store: TableStore, clock: Clock, node: string) {
    this.#store = store;
    this.#clock = clock;
    this.#node = node;
  }

  /**
   * The first of the numbers for the next job. A file that is there is never written over, whatever the clock says: it may
   * have been set back, also between two starts.
   */
  async first(folder: string): Promise<number> {
    const there = (await this.#store.list(folder)).map((name) => parseMergedFileName(name)?.number ?? 0);
    this.#last = Math.max(Math.floor(this.#clock.nowMs() * 1000), this.#last + 1, there.reduce((most, number) => Math.max(most, number), 0) + 1);
    return this.#last;
  }

  /** A job took so many numbers. */
  took(count: number): void {
    this.#last += count;
  }

  /** Deletes what a job published that ended without an answer: it is in no commit. @param first its first number */
  async clear(folder: string, first: number): Promise<void> {
    for (const name of await this.#store.list(folder)) {
      const parts = parseMergedFileName(name);
      if (parts !== null && parts.node === this.#node && parts.number >= first) await this.#store.delete(`${folder}/${name}`);
    }
  }
}

/** The names of files that jobs make: numbers that no other file of the table has, and what a job that failed left behind. */
import type { Table } from '../catalog/catalog.js';
import type { Clock } from '../clock.js';
import { parseMergedFileName } from '../names.js';
import type { JobNote, JobNotes } from '../tables/job-notes.js';
import type { TableStore } from '../tables/table-store.js';

interface NewFilesParts {
  readonly store: TableStore;
  readonly clock: Clock;
  readonly node: string;
  readonly jobNotes: JobNotes;
}

export class NewFiles {
  readonly #store: TableStore;
  readonly #clock: Clock;
  readonly #node: string;
  readonly #notes: JobNotes;
  /** The highest number given so far. */
  #last = 0;

  constructor({ clock, jobNotes, node, store }: NewFilesParts) {
    this.#store = store;
    this.#clock = clock;
    this.#node = node;
    this.#notes = jobNotes;
  }

  /**
   * Notes the next job, with the first of its numbers. A file that is there is never written over, whatever the clock says:
   * it may have been set back, also between two starts.
   */
  async begin({ folder, id: tableId }: Table): Promise<JobNote> {
    const there = (await this.#store.list(folder)).map((name) => parseMergedFileName(name)?.number ?? 0);
    this.#last = Math.max(Math.floor(this.#clock.nowMs() * 1000), this.#last + 1, there.reduce((most, number) => Math.max(most, number), 0) + 1);
    return this.#notes.begin({ tableId, numberFirst: this.#last });
  }

  /** A job took so many numbers. */
  took(count: number): void {
    this.#last += count;
  }

  /** A commit names the files of a job. */
  async committed(note: JobNote): Promise<void> {
    await this.#notes.end(note);
  }

  /** Deletes what a job published that no commit names. What cannot be deleted is left to the next start. */
  async clear({ folder }: Table, note: JobNote): Promise<void> {
    for (const name of await this.#store.list(folder)) {
      const parts = parseMergedFileName(name);
      if (parts !== null && parts.node === this.#node && parts.number >= note.numberFirst) await this.#store.delete(`${folder}/${name}`);
    }
    await this.#notes.end(note);
  }
}

/**
 * Jobs that publish files before a commit names them: noted before the first, so that a start knows what a crash left of
 * them. A note is an empty file, all that it says is its name. DESIGN.md, section 16.
 */
import type { Disk } from '../disk.js';
import { jobNoteName, parseJobNoteName } from '../names.js';
import { writeSynced } from '../publish.js';

/** What a job's new files are called: numbers from one on, in the folder of one table. */
export interface JobNote {
  readonly tableId: number;
  readonly numberFirst: number;
}

export class JobNotes {
  readonly #disk: Disk;
  readonly #folder: string;
  #notes: readonly JobNote[];

  private constructor(disk: Disk, folder: string, notes: readonly JobNote[]) {
    this.#disk = disk;
    this.#folder = folder;
    this.#notes = notes;
  }

  /** Reads what earlier processes left. @param folder of the notes @param isTable tells whether there is such a table: notes of others go */
  static async open(disk: Disk, folder: string, isTable: (tableId: number) => boolean): Promise<JobNotes> {
    const notes = (await disk.list(folder)).flatMap((name) => parseJobNoteName(name) ?? []);
    const kept = notes.filter(({ tableId }) => isTable(tableId));
    const opened = new JobNotes(disk, folder, kept);
    for (const note of notes) if (!kept.includes(note)) await disk.remove(opened.#pathOf(note));
    return opened;
  }

  /** Tables with jobs that did not end. */
  tables(): Set<number> {
    return new Set(this.#notes.map(({ tableId }) => tableId));
  }

  /** Whether a file of a table may be of a job that did not end. @param number of its name */
  mayBeUnfinished(tableId: number, number: number): boolean {
    return this.#notes.some((note) => note.tableId === tableId && number >= note.numberFirst);
  }

  /** Notes, durably, a job that is about to publish files. */
  async begin(note: JobNote): Promise<JobNote> {
    await this.#disk.makeFolder(this.#folder);
    await writeSynced(this.#disk, this.#pathOf(note), []);
    this.#notes = [...this.#notes, note];
    await this.#disk.syncFolder(this.#folder);
    return note;
  }

  /** Forgets a job, durably: each of its files is named by a commit, or gone. */
  async end(note: JobNote): Promise<void> {
    await this.#disk.remove(this.#pathOf(note));
    await this.#disk.syncFolder(this.#folder);
    this.#notes = this.#notes.filter((each) => each !== note);
  }

  /** Forgets all jobs of a table, as `end`. */
  async endAll(tableId: number): Promise<void> {
    for (const note of this.#notes.filter((each) => each.tableId === tableId)) await this.end(note);
  }

  #pathOf({ numberFirst, tableId }: JobNote): string {
    return `${this.#folder}/${jobNoteName(tableId, numberFirst)}`;
  }
}

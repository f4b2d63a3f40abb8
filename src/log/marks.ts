/** Marks beside the segments: empty files whose names say which segment is the newest, and which were let go of on purpose. */
import { join } from 'node:path';
import type { Disk } from '../disk.js';
import { goneName, newestName, parseMarkName, segmentName } from '../names.js';

export class Marks {
  readonly #disk: Disk;
  readonly #folder: string;
  #newest: number | null = null;
  /** The last that was tried to be marked as the newest. */
  #tried: number | null = null;
  /** Marks of newest segments that another has overtaken: a copy of the folder may hold two. */
  readonly #overtaken: number[] = [];
  readonly #gone = new Set<number>();
  /** Some of them may hold bytes, or be named by nothing. */
  #isUntidy: boolean;

  /** @param names of all that is in the folder */
  constructor(disk: Disk, folder: string, names: readonly string[]) {
    this.#disk = disk;
    this.#folder = folder;
    for (const mark of names.map(parseMarkName)) {
      if (mark?.says === 'gone') this.#gone.add(mark.first);
      if (mark?.says !== 'newest') continue;
      if (this.#newest !== null) this.#overtaken.push(this.#newest);
      this.#newest = mark.first; // names are sorted
    }
    this.#isUntidy = this.#gone.size > 0 || this.#overtaken.length > 0;
  }

  /** The newest segment that surely held a record, as far as a mark says. */
  get newest(): number | null {
    return this.#newest;
  }

  isGone(first: number): boolean {
    return this.#gone.has(first);
  }

  /**
   * A segment has its first synced record. Tried once: a mark that cannot be made guards against a second fault alone,
   * and must not make the log fail.
   */
  async setNewest(first: number): Promise<void> {
    if (this.#tried === first) return;
    this.#tried = first;
    const path = join(this.#folder, newestName(first));
    try {
      if (this.#newest === null) await (await this.#disk.open(path, 'create')).close();
      else await this.#disk.rename(join(this.#folder, newestName(this.#newest)), path);
      this.#newest = first;
    } catch {
      // The next segment tries again, from the mark that stands.
    }
  }

  /** Makes the file of a segment its mark; durable with the folder. No error when it is gone already. */
  async letGo(first: number): Promise<void> {
    const path = join(this.#folder, segmentName(first));
    if (!(await this.#disk.exists(path))) return;
    await this.#disk.rename(path, join(this.#folder, goneName(first)));
    this.#gone.add(first);
    this.#isUntidy = true;
  }

  /** Empties the marks of segments that something names and removes the others. @param isNamed whether it does */
  async tidy(isNamed: (first: number) => boolean): Promise<void> {
    if (!this.#isUntidy) return;
    for (const first of this.#gone) {
      const path = join(this.#folder, goneName(first));
      if (isNamed(first)) {
        if (await this.#disk.exists(path)) await this.#empty(path);
        continue;
      }
      await this.#disk.remove(path);
      this.#gone.delete(first);
    }
    for (let first: number | undefined; (first = this.#overtaken.at(-1)) !== undefined; this.#overtaken.pop()) {
      await this.#disk.remove(join(this.#folder, newestName(first)));
    }
    this.#isUntidy = false;
  }

  async #empty(path: string): Promise<void> {
    const file = await this.#disk.open(path, 'update');
    try {
      if ((await file.size()) > 0) await file.truncate(0);
    } finally {
      await file.close();
    }
  }
}

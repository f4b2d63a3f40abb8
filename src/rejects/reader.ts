/** Reads rejected lines back out of their files, also while a server writes them. */
import { join } from 'node:path';
import type { Disk, DiskFile } from '../disk.js';
import { parseRejectsName } from '../names.js';
import { RecentMap } from '../recent-map.js';
import { parseHead, parseRecord, TAKEN, type RejectRecord } from './reject-record.js';

const WINDOW_BYTES = 256 * 1024;
const NEWLINE = 0x0a;
/** Sentences that are not said again. */
const SAID_MAX = 1000;

/** A rejected line and where it stands. */
export interface FoundReject {
  readonly database: string;
  readonly record: RejectRecord;
  readonly path: string;
  /** Offset of the record in its file. */
  readonly at: number;
}

/** How far a file was read. */
interface Place {
  readonly path: string;
  /** Up to the end of the last whole line. */
  at: number;
  /** '' until its first line is whole; null: that does not say it. */
  database: string | null;
}

/** Follows the folders of all databases. */
export class RejectReader {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #onProblem: (sentence: string) => void;
  readonly #places = new Map<string, Place>();
  readonly #said = new RecentMap<string, true>({ max: SAID_MAX });

  /**
   * @param folder holds a folder a database
   * @param onProblem is told, once each, what cannot be read; all else is read all the same
   */
  constructor(disk: Disk, folder: string, onProblem: (sentence: string) => void) {
    this.#disk = disk;
    this.#folder = folder;
    this.#onProblem = onProblem;
  }

  /** What came since the last call, up to what the files hold when they are read: database by database, in the order in which it was refused. */
  async *next(): AsyncGenerator<FoundReject> {
    const seen = new Set<string>();
    for await (const path of this.#paths()) {
      seen.add(path);
      yield* this.#file(path, Infinity);
    }
    for (const path of this.#places.keys()) if (!seen.has(path)) this.#places.delete(path);
  }

  /** What came since the last call, up to what the files hold now, whatever comes while it is being read. */
  async *untilNow(): AsyncGenerator<FoundReject> {
    const ends = new Map<string, number>();
    for await (const path of this.#paths()) ends.set(path, (await this.#disk.sizeOf(path).catch(() => null)) ?? Infinity); // reading says what is wrong
    for (const [path, end] of ends) yield* this.#file(path, end);
  }

  async *#paths(): AsyncGenerator<string> {
    for (const folder of await this.#list(this.#folder)) {
      for (const name of await this.#list(join(this.#folder, folder))) {
        if (parseRejectsName(name) !== null) yield join(this.#folder, folder, name);
      }
    }
  }

  /** Names in a folder; none when it is no folder, or cannot be read. */
  async #list(folder: string): Promise<string[]> {
    try {
      return await this.#disk.list(folder);
    } catch (error) {
      this.#say(`${folder} is passed over: ${(error as Error).message}`);
      return [];
    }
  }

  async *#file(path: string, end: number): AsyncGenerator<FoundReject> {
    const place = this.#places.get(path) ?? { path, at: 0, database: '' };
    this.#places.set(path, place);
    try {
      const file = await openKept(this.#disk, path, 'read');
      if (file === null) return;
      try {
        yield* this.#records(file, place, end);
      } finally {
        await file.close();
      }
    } catch (error) {
      this.#say(`${path} cannot be read, what is left of it is passed over: ${(error as Error).message}`);
    }
  }

  async *#records(file: DiskFile, place: Place, endMax: number): AsyncGenerator<FoundReject> {
    const { path } = place;
    for await (const { text, at, end } of wholeLines(file, place.at, Math.min(await file.size(), endMax))) {
      place.at = end;
      const { database } = place;
      const record = parseRecord(text);
      if (database === '') {
        place.database = parseHead(text);
        if (place.database === null) this.#say(`${path} does not say in its first line of which database its lines are: they are passed over`);
      } else if (database !== null) {
        if (record !== null) yield { database, record, path, at };
        else if (!text.startsWith(TAKEN) && text !== '') this.#say(`${path} has lines that are damaged or cut off: they are passed over`);
      }
    }
  }

  #say(sentence: string): void {
    if (this.#said.has(sentence)) return;
    this.#said.set(sentence, true);
    this.#onProblem(sentence);
  }
}

/** Marks records as taken: readers pass them over. Those of files that dropped out meanwhile are gone anyway. */
export async function markTaken(disk: Disk, found: readonly FoundReject[]): Promise<void> {
  for (const path of new Set(found.map((one) => one.path))) {
    const file = await openKept(disk, path, 'update');
    if (file === null) continue;
    try {
      for (const { at } of found.filter((one) => one.path === path)) await file.write(Buffer.from(TAKEN), at);
    } finally {
      await file.close();
    }
  }
}

/** null when the file has dropped out. */
async function openKept(disk: Disk, path: string, how: 'read' | 'update'): Promise<DiskFile | null> {
  try {
    return await disk.open(path, how);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Lines between two offsets, their newline left out of the text; one whose end is not there yet is left for later. */
async function* wholeLines(file: DiskFile, from: number, to: number): AsyncGenerator<{ text: string; at: number; end: number }> {
  let rest = Buffer.alloc(0);
  let restAt = from;
  for (let position = from; position < to;) {
    const window = Buffer.alloc(Math.min(WINDOW_BYTES, to - position));
    const bytes = await file.read(window, position);
    if (bytes === 0) return;
    position += bytes;
    rest = Buffer.concat([rest, window.subarray(0, bytes)]);
    let start = 0;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE, start)) {
      yield { text: rest.toString('utf8', start, end), at: restAt + start, end: restAt + end + 1 };
      start = end + 1;
    }
    rest = rest.subarray(start);
    restAt += start;
  }
}

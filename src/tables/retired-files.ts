/**
 * Data files that leave the logs of their tables, and the disk once nobody can be reading an older version: noted before
 * the commit, so that no crash forgets them. DESIGN.md, section 17.
 */
import type { Table } from '../catalog/catalog.js';
import type { Clock } from '../clock.js';
import type { TrustedClock } from '../trusted-clock.js';
import type { Disk } from '../disk.js';
import { asList, asNumber, asObject, asText, decodeChecked, encodeChecked } from '../json.js';
import { parseRetiredName, retiredName } from '../names.js';
import { publishFile } from '../publish.js';

const FORMAT = 1;
/** Behind the name of a note that is being written. */
const UNFINISHED = '.tmp';
/** Readers of older versions have so long. */
const RETIRED_GRACE_MS = 3_600_000;

interface RetiredFilesParts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly trustedClock: TrustedClock;
  /** Of the notes. */
  readonly folder: string;
  /** Takes a sentence on what is damaged. */
  readonly report: (sentence: string) => void;
}

/** Files that one commit removes. */
interface Retired {
  readonly tableId: number;
  /** Names in the folder of the table. */
  readonly files: readonly string[];
}

export interface RetiredNote extends Retired {
  /** The newer the higher. */
  readonly number: number;
  /** When its hour began, by the time that servers ran. */
  readonly sinceRanMs: number;
}

export class RetiredFiles {
  readonly #parts: RetiredFilesParts;
  #notes: RetiredNote[];

  private constructor(parts: RetiredFilesParts, notes: RetiredNote[]) {
    this.#parts = parts;
    this.#notes = notes;
  }

  /** Reads all notes; the time of those that do not say when it began, of earlier programs, begins now. What cannot be read is said, and stays. */
  static async open(parts: RetiredFilesParts): Promise<RetiredFiles> {
    const { disk, folder, report, trustedClock } = parts;
    const notes: RetiredNote[] = [];
    for (const name of await disk.list(folder)) {
      if (isUnfinished(name)) await disk.remove(`${folder}/${name}`); // a crash left it
      const number = parseRetiredName(name);
      if (number === null) continue;
      try {
        const bytes = await disk.readWhole(`${folder}/${name}`);
        if (bytes === null) continue;
        const { ran, ...retired } = decodeRetired(bytes);
        // What the clock noted may be older, or lost; time did not go back. The number is rounded up.
        if (ran !== null) trustedClock.hasRan(ran - 1);
        notes.push({ ...retired, number, sinceRanMs: ran ?? Infinity });
      } catch (error) {
        report(`${folder}/${name} cannot be read, the files that it names stay: ${(error as Error).message}`);
      }
    }
    return new RetiredFiles(parts, notes.map((note) => ({ ...note, sinceRanMs: Math.min(note.sinceRanMs, trustedClock.ranMs()) })));
  }

  /** Notes, durably, files that the next commit removes from the log of their table. */
  async add({ id: tableId }: Table, files: readonly string[]): Promise<RetiredNote> {
    const { clock, disk, folder, trustedClock } = this.#parts;
    const ran = Math.ceil(trustedClock.ranMs());
    const number = Math.max(Math.floor(clock.nowMs()), (this.#notes.at(-1)?.number ?? 0) + 1);
    await disk.makeFolder(folder);
    const path = `${folder}/${retiredName(number)}`;
    await publishFile(disk, { path, unfinished: `${path}${UNFINISHED}`, bytes: encodeChecked({ format: FORMAT, table: tableId, files, ran }) });
    const note = { tableId, files, number, sinceRanMs: ran };
    this.#notes.push(note);
    return note;
  }

  /** How many notes there are. */
  get count(): number {
    return this.#notes.length;
  }

  /** Notes whose time is over, oldest first. */
  due(): RetiredNote[] {
    const ranMs = this.#parts.trustedClock.ranMs();
    return this.#notes.filter(({ sinceRanMs }) => ranMs - sinceRanMs >= RETIRED_GRACE_MS);
  }

  /** Which files of a note no newer one names: a commit of that one removed those. */
  ownFiles({ files, number, tableId }: RetiredNote): string[] {
    const newer = new Set(this.#notes.filter((note) => note.tableId === tableId && note.number > number).flatMap((note) => note.files));
    return files.filter((name) => !newer.has(name));
  }

  /** Forgets a note: nothing that it names is left to be deleted. */
  async finish(note: RetiredNote): Promise<void> {
    await this.#parts.disk.remove(`${this.#parts.folder}/${retiredName(note.number)}`);
    this.#notes = this.#notes.filter((each) => each !== note);
  }

  /** Puts a note off for as long again. */
  putOff(note: RetiredNote): void {
    this.#notes = this.#notes.map((each) => (each === note ? { ...note, sinceRanMs: this.#parts.trustedClock.ranMs() } : each));
  }
}

function isUnfinished(name: string): boolean {
  return name.endsWith(UNFINISHED) && parseRetiredName(name.slice(0, -UNFINISHED.length)) !== null;
}

/** @throws with a sentence when it is no note */
function decodeRetired(bytes: Buffer): Retired & { readonly ran: number | null } {
  const { files, format, ran, table } = asObject(decodeChecked(bytes));
  if (format !== FORMAT) throw new Error(`it has format ${JSON.stringify(format)}, of a newer sluice`);
  return { tableId: asNumber(table), files: asList(files, asText), ran: ran === undefined ? null : asNumber(ran) };
}

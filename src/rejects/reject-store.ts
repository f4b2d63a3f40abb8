/** Keeps rejected lines, behind the answers and never in their way: what the disk cannot take in time is dropped and counted. */
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import type { Disk } from '../disk.js';
import { RejectFiles } from './files.js';

/** Text that waits for the disk, of all databases. */
const WAITING_BYTES_MAX = 32 * 1024 * 1024;
/** Databases of which a file is open: a process may hold few. */
const OPEN_MAX = 16;
const NEWLINE = 0x0a;

interface RejectStoreParts {
  readonly disk: Disk;
  readonly clock: Clock;
  /** Holds a folder a database. */
  readonly folder: string;
  /** Of the files of one database. */
  readonly bytesMax: number;
  /** The disk refused; said once until it takes something again. */
  readonly onTrouble: (sentence: string) => void;
}

/** Rejected lines of one body, as records. */
interface Kept {
  readonly text: Uint8Array;
  /** How many it holds. */
  readonly kept: number;
}

interface Waiting extends Kept {
  readonly files: RejectFiles;
}

export class RejectStore {
  readonly #parts: RejectStoreParts;
  /** By folder of the database. */
  readonly #files = new Map<string, RejectFiles>();
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #draining: Promise<void> | null = null;
  /** Of which a file may be open; the one appended to last at the end. */
  readonly #open = new Set<RejectFiles>();
  #isTroubled = false;
  #linesKept = 0;
  #linesDropped = 0;

  constructor(parts: RejectStoreParts) {
    this.#parts = parts;
  }

  /** Lines that were written to files, and those that were not: too many at once, or the disk refused. */
  get counts(): { readonly kept: number; readonly dropped: number } {
    return { kept: this.#linesKept, dropped: this.#linesDropped };
  }

  /**
   * Takes rejected lines; returns at once.
   * @param database its folder is a name below the store's
   * @param rejected how many lines were rejected, also those not among the records
   */
  keep(database: { readonly name: string; readonly folder: string }, { text, kept }: Kept, rejected: number): void {
    this.#linesDropped += rejected - kept;
    if (kept === 0) return;
    if (this.#waitingBytes + text.length > WAITING_BYTES_MAX) {
      this.#linesDropped += kept;
      return;
    }
    this.#waiting.push({ text, kept, files: this.#filesOf(database) });
    this.#waitingBytes += text.length;
    this.#draining ??= this.#drain();
  }

  /** Resolves when what waited is written. */
  async settled(): Promise<void> {
    await this.#draining;
  }

  /** Removes what is kept of a database that was dropped. */
  async forget(folder: string): Promise<void> {
    await this.settled();
    const files = this.#files.get(folder);
    await files?.close();
    if (files !== undefined) this.#open.delete(files);
    this.#files.delete(folder);
    await this.#parts.disk.removeTree(join(this.#parts.folder, folder));
  }

  async close(): Promise<void> {
    await this.settled();
    for (const files of this.#files.values()) await files.close();
  }

  /** Appends, with few files open at once: each database has one. */
  async #append(files: RejectFiles, piece: Uint8Array): Promise<void> {
    this.#open.delete(files);
    this.#open.add(files);
    await files.append(piece);
    const [oldest] = this.#open;
    if (oldest === undefined || this.#open.size <= OPEN_MAX) return;
    this.#open.delete(oldest);
    await oldest.close();
  }

  #filesOf({ name, folder }: { name: string; folder: string }): RejectFiles {
    const known = this.#files.get(folder);
    if (known !== undefined) return known;
    const { disk, clock, bytesMax } = this.#parts;
    const files = new RejectFiles(disk, clock, join(this.#parts.folder, folder), name, bytesMax);
    this.#files.set(folder, files);
    return files;
  }

  async #drain(): Promise<void> {
    for (let waiting: Waiting | undefined; (waiting = this.#waiting.shift()) !== undefined;) {
      await this.#write(waiting);
      this.#waitingBytes -= waiting.text.length;
    }
    this.#draining = null;
  }

  async #write({ text, kept, files }: Waiting): Promise<void> {
    let written = 0;
    try {
      for (const piece of pieces(text, files.pieceBytesMax)) {
        await this.#append(files, piece);
        written += lines(piece);
      }
      this.#isTroubled = false;
    } catch (error) {
      if (!this.#isTroubled) this.#parts.onTrouble(`rejected lines cannot be kept: ${(error as Error).message}`);
      this.#isTroubled = true;
    }
    this.#linesKept += written;
    this.#linesDropped += kept - written;
  }
}

/** Whole lines together up to `bytesMax`; a longer line is left out. */
function* pieces(text: Uint8Array, bytesMax: number): Generator<Uint8Array> {
  for (let from = 0; from < text.length;) {
    const end = text.length - from <= bytesMax ? text.length : text.lastIndexOf(NEWLINE, from + bytesMax - 1) + 1;
    if (end > from) yield text.subarray(from, end);
    from = end > from ? end : text.indexOf(NEWLINE, from) + 1;
  }
}

function lines(text: Uint8Array): number {
  let count = 0;
  for (let at = text.indexOf(NEWLINE); at >= 0; at = text.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

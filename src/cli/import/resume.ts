/**
 * How far an import came, kept in the data folder (`imports/<16 hex>.json`) until all files of the command are done, so
 * that the same command goes on where an interrupted one stopped. What it says was acknowledged: it is in the log.
 */
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { systemDisk as disk, type DiskFile } from '../../disk.js';
import { asObject, asText, decodeChecked, encodeChecked } from '../../json.js';
import { publishFile } from '../../publish.js';
import { isGzip } from '../source.js';
import { NO_CONTEXT, type Context } from './export.js';
import type { RejectedSizes } from './rejected-files.js';

/** Of the head and of the end of a file so many bytes are looked at, to know it again. */
const SAMPLE_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** What must be the same for an import to go on. */
interface Identity {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of head and end. */
  readonly sample: string;
  readonly database: string | null;
  readonly precision: string | null;
}

/** A place in a text, unpacked: all before it was acknowledged. */
export interface Reached {
  readonly bytes: number;
  readonly physicalLines: number;
  readonly lines: number;
  readonly rejected: number;
  /** Lines of InfluxDB's own database, which are left out. */
  readonly leftOut: number;
  readonly context: Context;
  /** The only database that the text named, or null; for `--database`, which takes no second one. */
  readonly named: string | null;
  readonly rejectedSizes: RejectedSizes;
  readonly isDone: boolean;
}

export const AT_START: Reached = {
  bytes: 0, physicalLines: 0, lines: 0, rejected: 0, leftOut: 0, context: NO_CONTEXT, named: null, rejectedSizes: { lines: 0, reasons: 0 }, isDone: false,
};

/** Format 1 had no checksum. */
const FORMAT = 2;

export class Resume {
  readonly #path: string;
  readonly #file: DiskFile;
  readonly #identity: Identity;

  private constructor(path: string, file: DiskFile, identity: Identity) {
    this.#path = path;
    this.#file = file;
    this.#identity = identity;
  }

  /** @param folder of the states @throws Error with a sentence when it cannot be made */
  static async of(folder: string, path: string, file: DiskFile, options: { database: string | null; precision: string | null }): Promise<Resume> {
    const full = resolve(path);
    const name = createHash('sha256').update(full).digest('hex').slice(0, 16);
    await disk.makeFolder(folder).catch((error: Error) => {
      throw new Error(`how far an import comes cannot be kept in ${folder}: ${error.message}`);
    });
    const bytes = await file.size();
    const identity = { path: full, bytes, sample: await sampleOf(file, bytes), database: options.database, precision: options.precision };
    return new Resume(join(folder, `${name}.json`), file, identity);
  }

  /**
   * Where to go on; the start when nothing is known or the file is another. What is written again is stored once, so the start
   * is always right.
   * @param onTrouble is told why what is known cannot be trusted
   */
  async load(onTrouble: (sentence: string) => void): Promise<Reached> {
    try {
      const bytes = await disk.readWhole(this.#path);
      if (bytes === null) return AT_START;
      const { format, identity, reached } = decodeChecked(bytes);
      if (format !== FORMAT) throw new Error(`it has format ${JSON.stringify(format)}`);
      if (JSON.stringify(identity) !== JSON.stringify(this.#identity)) return AT_START;
      await this.#checkPlace(reached as Reached);
      return reached as Reached;
    } catch (error) {
      onTrouble(`${this.#path} cannot be used to go on, so the import begins anew: ${(error as Error).message}`);
      return AT_START;
    }
  }

  /** The middle of the file may be another by now. @throws unless the place is where a line begins, as far as that can be seen without unpacking */
  async #checkPlace({ bytes, isDone }: Reached): Promise<void> {
    const head = new Uint8Array(2);
    await this.#file.read(head, 0);
    if (bytes === 0 || isDone || isGzip(head)) return;
    const before = new Uint8Array(1);
    const read = await this.#file.read(before, bytes - 1);
    if (read === 0 || (before[0] !== NEWLINE && bytes !== this.#identity.bytes)) throw new Error(`no line of the file begins at ${bytes}`);
  }

  /** Notes what was acknowledged. A killed process leaves this or the one before. */
  async save(reached: Reached): Promise<void> {
    const bytes = encodeChecked({ format: FORMAT, identity: this.#identity, reached });
    await publishFile(disk, { path: this.#path, unfinished: `${this.#path}.tmp`, bytes });
  }

  forget(): Promise<void> {
    return disk.remove(this.#path);
  }
}

/** Removes what is known of imports that were given up: their files are no more. What cannot be read stays, and is said by who imports that file. */
export async function forgetGone(folder: string): Promise<void> {
  for (const name of await disk.list(folder)) {
    const path = join(folder, name);
    const source = await disk.readWhole(path).then((bytes) => (bytes === null ? null : asText(asObject(decodeChecked(bytes)['identity'])['path']))).catch(() => null);
    if (source !== null && !(await disk.exists(source))) await disk.remove(path);
  }
}

async function sampleOf(file: DiskFile, bytes: number): Promise<string> {
  const sample = Buffer.alloc(2 * SAMPLE_BYTES);
  const head = await file.read(sample.subarray(0, SAMPLE_BYTES), 0);
  const end = await file.read(sample.subarray(head, head + SAMPLE_BYTES), Math.max(0, bytes - SAMPLE_BYTES));
  return createHash('sha256').update(sample.subarray(0, head + end)).digest('hex');
}

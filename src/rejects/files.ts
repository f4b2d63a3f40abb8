/** The files of refused lines of one database: appended to, the oldest dropping out. */
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import type { Disk, DiskFile } from '../disk.js';
import { parseRejectsName, rejectsName } from '../names.js';
import { fileHead } from './record.js';

/** A database has about so many files: when one drops out the others stay. */
const FILES = 8;
const NEWLINE = 0x0a;

interface KeptFile {
  readonly name: string;
  bytes: number;
}

export class RejectFiles {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #folder: string;
  readonly #database: string;
  readonly #bytesMax: number;
  /** Oldest first; the last is appended to. Empty until the first append. */
  #files: KeptFile[] = [];
  #open: DiskFile | null = null;

  /**
   * @param folder of the database
   * @param bytesMax of all its files
   */
  constructor(disk: Disk, clock: Clock, folder: string, database: string, bytesMax: number) {
    this.#disk = disk;
    this.#clock = clock;
    this.#folder = folder;
    this.#database = database;
    this.#bytesMax = bytesMax;
  }

  /** Text that goes into one file. */
  get pieceBytesMax(): number {
    return Math.floor(this.#bytesMax / FILES);
  }

  /** Appends records, not synced. @param text whole lines, at most `pieceBytesMax` @throws when the disk refuses: the next append starts anew */
  async append(text: Uint8Array): Promise<void> {
    try {
      const file = this.#open ?? (await this.#reopen()) ?? (await this.#begin());
      const current = this.#files.at(-1)!;
      const isFull = current.bytes + text.length > this.pieceBytesMax && current.bytes > fileHead(this.#database).length;
      await this.#write(isFull ? await this.#begin() : file, text);
      await this.#dropOldest();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Lets go of the open file. */
  async close(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    await open?.close();
  }

  /** Goes on with the newest file that is there, on a line of its own. */
  async #reopen(): Promise<DiskFile | null> {
    await this.#disk.makeFolder(this.#folder);
    const names = (await this.#disk.list(this.#folder)).filter((name) => parseRejectsName(name) !== null);
    const files: KeptFile[] = [];
    for (const name of names) {
      const file = await this.#disk.open(join(this.#folder, name), 'read');
      files.push({ name, bytes: await file.size() });
      await file.close();
    }
    this.#files = files;
    const newest = files.at(-1);
    if (newest === undefined || newest.bytes === 0) return null;
    this.#open = await this.#disk.open(join(this.#folder, newest.name), 'update');
    const last = new Uint8Array(1);
    await this.#open.read(last, newest.bytes - 1);
    if (last[0] !== NEWLINE) await this.#write(this.#open, Uint8Array.of(NEWLINE));
    return this.#open;
  }

  async #begin(): Promise<DiskFile> {
    await this.close();
    const before = parseRejectsName(this.#files.at(-1)?.name ?? '') ?? 0;
    const name = rejectsName(Math.max(before + 1, this.#clock.nowMs() * 1000));
    this.#open = await this.#disk.open(join(this.#folder, name), 'create');
    this.#files.push({ name, bytes: 0 });
    await this.#write(this.#open, Buffer.from(fileHead(this.#database)));
    return this.#open;
  }

  async #write(file: DiskFile, bytes: Uint8Array): Promise<void> {
    const current = this.#files.at(-1)!;
    await file.write(bytes, current.bytes);
    current.bytes += bytes.length;
  }

  async #dropOldest(): Promise<void> {
    while (this.#files.length > 1 && this.#files.reduce((sum, { bytes }) => sum + bytes, 0) > this.#bytesMax) {
      await this.#disk.remove(join(this.#folder, this.#files[0]!.name));
      this.#files.shift();
    }
  }
}

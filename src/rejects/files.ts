/** The files of rejected lines of one database: appended to, the oldest dropping out. */
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import type { Disk, DiskFile } from '../disk.js';
import { parseRejectsName, rejectsName } from '../names.js';
import { fileHead } from './reject-record.js';

/** A database has about so many files: when one drops out the others stay. */
const FILES = 8;
const NEWLINE = 0x0a;

interface KeptFile {
  readonly name: string;
  bytes: number;
  /** It begins with our head: readers know whose lines follow. */
  readonly isWhole: boolean;
}

export class RejectFiles {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #folder: string;
  readonly #database: string;
  readonly #bytesMax: number;
  /** Oldest first. Empty until the first append. */
  #files: KeptFile[] = [];
  /** The one that is appended to. */
  #current: KeptFile | null = null;
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
      const current = this.#current!;
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

  /** Goes on with the newest file that is ours, on a line of its own. */
  async #reopen(): Promise<DiskFile | null> {
    await this.#disk.makeFolder(this.#folder);
    const names = (await this.#disk.list(this.#folder)).filter((name) => parseRejectsName(name) !== null);
    this.#files = [];
    for (const name of names) {
      const found = await this.#look(name);
      if (found !== null) this.#files.push(found);
    }
    this.#current = this.#files.findLast(({ isWhole }) => isWhole) ?? null;
    if (this.#current === null) return null;
    this.#open = await this.#disk.open(join(this.#folder, this.#current.name), 'update');
    const last = new Uint8Array(1);
    await this.#open.read(last, this.#current.bytes - 1);
    if (last[0] !== NEWLINE) await this.#write(this.#open, Uint8Array.of(NEWLINE));
    return this.#open;
  }

  /** null: it cannot be written, as a folder; one of others keeps no line of ours from being kept. Readers say that it is there. */
  async #look(name: string): Promise<KeptFile | null> {
    try {
      const file = await this.#disk.open(join(this.#folder, name), 'update');
      try {
        const wanted = Buffer.from(fileHead(this.#database));
        const head = Buffer.alloc(wanted.length);
        const read = await file.read(head, 0);
        return { name, bytes: await file.size(), isWhole: read === wanted.length && head.equals(wanted) };
      } finally {
        await file.close();
      }
    } catch {
      return null;
    }
  }

  async #begin(): Promise<DiskFile> {
    await this.close();
    const before = parseRejectsName(this.#current?.name ?? '') ?? 0;
    let number = Math.max(before + 1, this.#clock.nowMs() * 1000);
    while (await this.#disk.exists(join(this.#folder, rejectsName(number)))) number += 1;
    const name = rejectsName(number);
    this.#open = await this.#disk.open(join(this.#folder, name), 'create');
    this.#current = { name, bytes: 0, isWhole: true };
    this.#files.push(this.#current);
    await this.#write(this.#open, Buffer.from(fileHead(this.#database)));
    return this.#open;
  }

  async #write(file: DiskFile, bytes: Uint8Array): Promise<void> {
    const current = this.#current!;
    await file.write(bytes, current.bytes);
    current.bytes += bytes.length;
  }

  async #dropOldest(): Promise<void> {
    while (this.#files.reduce((sum, { bytes }) => sum + bytes, 0) > this.#bytesMax) {
      const oldest = this.#files.find((file) => file !== this.#current);
      if (oldest === undefined) return;
      await this.#disk.remove(join(this.#folder, oldest.name));
      this.#files = this.#files.filter((file) => file !== oldest);
    }
  }
}

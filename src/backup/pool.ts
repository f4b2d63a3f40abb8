/** The files of a folder of backups: each copied once as long as it does not change, none ever written over. */
import { dirname, join } from 'node:path';
import { entryAt, type Disk, type DiskFile } from '../disk.js';
import type { BackupPaths } from '../names.js';
import { copyFile } from './copy.js';
import { readProgress, type StoredFile } from './manifest.js';

export class Pool {
  readonly #disk: Disk;
  readonly #paths: BackupPaths;
  /** By path, what is there of earlier backups. */
  readonly #known = new Map<string, StoredFile>();
  /** Stored names that are taken. */
  readonly #taken = new Set<string>();
  /** The backup that is being made, by path. */
  readonly #files = new Map<string, StoredFile>();
  readonly #touched = new Set<string>();
  #progress: DiskFile | null = null;
  #progressBytes = 0;
  #copied = 0;
  #copiedBytes = 0;

  private constructor(disk: Disk, paths: BackupPaths) {
    this.#disk = disk;
    this.#paths = paths;
  }

  /** @param before the files of the backup before */
  static async open(disk: Disk, paths: BackupPaths, before: readonly StoredFile[]): Promise<Pool> {
    const pool = new Pool(disk, paths);
    for (const file of [...before, ...await readProgress(disk, paths)]) {
      pool.#taken.add(file.stored);
      // What is not there as long as it was is copied again, under another name.
      if ((await disk.sizeOf(join(paths.files, file.stored))) === file.bytes) pool.#known.set(file.path, file);
    }
    return pool;
  }

  /** Files that were copied, and their bytes. */
  get copied(): { readonly files: number; readonly bytes: number } {
    return { files: this.#copied, bytes: this.#copiedBytes };
  }

  /** The backup as it is now. */
  get files(): StoredFile[] {
    return [...this.#files.values()];
  }

  /**
   * Puts a file of the data folder into the backup.
   * @param path relative to it @param bytesMax no more than so many bytes of it
   * @returns false when there is none
   */
  async add(dataDir: string, path: string, { bytesMax = Infinity, isSecret = false } = {}): Promise<boolean> {
    const found = await entryAt(join(dataDir, path));
    if (found === null || found.isFolder) return false;
    const bytes = Math.min(found.bytes, bytesMax);
    const known = this.#files.get(path) ?? this.#known.get(path);
    if (known !== undefined && known.bytes === bytes && known.changedMs === found.changedMs) {
      this.#files.set(path, known);
      return true;
    }
    const stored = await this.#freeName(path);
    const copy = await copyFile(this.#disk, join(dataDir, path), join(this.#paths.files, stored), bytesMax, isSecret);
    if (copy === null) return false;
    const file = { path, stored, bytes: copy.bytes, changedMs: found.changedMs, crc: copy.crc };
    this.#touched.add(dirname(join(this.#paths.files, stored)));
    this.#copied += 1;
    this.#copiedBytes += copy.bytes;
    this.#files.set(path, file);
    await this.#note(file);
    return true;
  }

  /** Takes files out that were put in before and are there no more. */
  leaveOut(isGone: (path: string) => boolean): void {
    for (const path of this.#files.keys()) if (isGone(path)) this.#files.delete(path);
  }

  /** Makes all that was copied last. */
  async settle(): Promise<void> {
    for (const folder of this.#touched) await this.#disk.syncFolder(folder);
  }

  async close(): Promise<void> {
    await this.#progress?.close();
    this.#progress = null;
  }

  /** Removes what the backup does not name. */
  async clear(): Promise<void> {
    const named = new Set(this.files.map(({ stored }) => stored));
    await this.#clearBelow('', named);
    await this.#disk.remove(this.#paths.progress);
  }

  async #clearBelow(below: string, named: ReadonlySet<string>): Promise<void> {
    for (const name of await this.#disk.list(join(this.#paths.files, below))) {
      const stored = join(below, name);
      const found = await entryAt(join(this.#paths.files, stored));
      if (found?.isFolder === true) await this.#clearBelow(stored, named);
      else if (!named.has(stored)) await this.#disk.remove(join(this.#paths.files, stored));
    }
  }

  /** A name in `files/` that nothing has. */
  async #freeName(path: string): Promise<string> {
    for (let n = 1; ; n += 1) {
      const name = n === 1 ? path : `${path}~${n}`;
      if (this.#taken.has(name) || await this.#disk.exists(join(this.#paths.files, name))) continue;
      this.#taken.add(name);
      return name;
    }
  }

  /** Without a sync: what a loss of power takes of it is copied again. */
  async #note(file: StoredFile): Promise<void> {
    if (this.#progress === null) {
      const isThere = await this.#disk.exists(this.#paths.progress);
      this.#progress = await this.#disk.open(this.#paths.progress, isThere ? 'update' : 'create');
      this.#progressBytes = await this.#progress.size();
    }
    // A torn line of before is ended.
    const line = Buffer.from(`\n${JSON.stringify(file)}\n`);
    await this.#progress.write(line, this.#progressBytes);
    this.#progressBytes += line.length;
  }
}

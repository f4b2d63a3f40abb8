/** A small disk of its own (tmpfs) that a test may fill and empty; only root may make one. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const CHUNK = Buffer.alloc(1 << 20);

export class SmallDisk {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Mounts a new disk at a folder, which is made. @param files that it holds at most @returns a sentence when that is not allowed here */
  static mount(folder: string, bytes: number, files = 1_000_000): SmallDisk | string {
    mkdirSync(folder, { recursive: true });
    const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},nr_inodes=${files}`, 'tmpfs', folder], { encoding: 'utf8' });
    return status === 0 ? new SmallDisk(folder) : `no disk can be mounted here: ${error?.message ?? stderr.trim()}`;
  }

  get bytesFree(): number {
    const { bavail, bsize } = statfsSync(this.#folder);
    return bavail * bsize;
  }

  /** Writes until nothing fits. */
  fill(): void {
    const file = openSync(join(this.#folder, 'ballast'), 'w');
    try {
      for (;;) writeSync(file, CHUNK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  empty(): void {
    rmSync(join(this.#folder, 'ballast'));
  }

  /** Makes files until there is none to be had. @param left so many are */
  fillWithFiles(left = 0): void {
    mkdirSync(join(this.#folder, 'many'));
    try {
      for (let i = 0; ; i += 1) closeSync(openSync(join(this.#folder, 'many', String(i)), 'w'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
    for (let i = 0; i < left; i += 1) rmSync(join(this.#folder, 'many', String(i)));
  }

  removeFiles(): void {
    rmSync(join(this.#folder, 'many'), { recursive: true });
  }

  /** Takes it away, now from its folder and altogether when no process has anything open on it. */
  unmount(): void {
    spawnSync('umount', ['--lazy', this.#folder]);
  }
}

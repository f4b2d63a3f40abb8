/** Files that appear whole: written beside their place, synced, and renamed into it. */
import { dirname } from 'node:path';
import type { Disk, OpenHow } from './disk.js';

/** Writes a file anew, in one piece or in several as they come, and syncs it; its name lasts once its folder is synced. */
export async function writeSynced(disk: Disk, path: string, bytes: Uint8Array | Iterable<Uint8Array>, how: Extract<OpenHow, 'create' | 'create-secret'> = 'create'): Promise<void> {
  await disk.remove(path);
  const file = await disk.open(path, how);
  try {
    let at = 0;
    for (const piece of bytes instanceof Uint8Array ? [bytes] : bytes) {
      await file.write(piece, at);
      at += piece.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

interface Publication {
  readonly path: string;
  /** Where it is written first: in the same folder. */
  readonly unfinished: string;
  readonly bytes: Uint8Array;
  readonly how?: Extract<OpenHow, 'create' | 'create-secret'>;
}

/** Makes `bytes` the content of a file, durably: a crash leaves what was there before, or all of the new. */
export async function publishFile(disk: Disk, { bytes, how, path, unfinished }: Publication): Promise<void> {
  await writeSynced(disk, unfinished, bytes, how);
  await disk.rename(unfinished, path);
  await disk.syncFolder(dirname(path));
}

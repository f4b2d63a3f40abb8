/** Copies of files, with the checksum of what was copied. */
import { dirname } from 'node:path';
import { crc32 } from '../crc.js';
import type { Disk } from '../disk.js';

const CHUNK_BYTES = 1 << 20;

/** The checksum as a manifest has it. */
function crcText(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}

/**
 * Copies a file and syncs the copy; it has its name once it is whole.
 * @param bytesMax no more than so many bytes of it
 * @param isSecret its owner alone may read the copy
 * @returns its checksum and size, or null when there is no such file
 */
export async function copyFile(disk: Disk, from: string, to: string, bytesMax: number, isSecret: boolean): Promise<{ readonly crc: string; readonly bytes: number } | null> {
  const source = await disk.open(from, 'read').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (source === null) return null;
  try {
    await disk.makeFolder(dirname(to));
    const unfinished = `${to}.unfinished`;
    await disk.remove(unfinished);
    const target = await disk.open(unfinished, isSecret ? 'create-secret' : 'create');
    let [crc, at] = [0, 0];
    try {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      for (;;) {
        const count = await source.read(chunk.subarray(0, Math.min(CHUNK_BYTES, bytesMax - at)), at);
        if (count === 0) break;
        crc = crc32(chunk.subarray(0, count), crc);
        await target.write(chunk.subarray(0, count), at);
        at += count;
        if (at === bytesMax) break;
      }
      await target.sync();
    } finally {
      await target.close();
    }
    await disk.rename(unfinished, to);
    return { crc: crcText(crc), bytes: at };
  } finally {
    await source.close();
  }
}

/** The checksum of a file. @returns null when there is none */
export async function crcAt(disk: Disk, path: string): Promise<string | null> {
  if (!(await disk.exists(path))) return null;
  const file = await disk.open(path, 'read');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let crc = 0;
    for (let at = 0; ; ) {
      const count = await file.read(chunk, at);
      if (count === 0) return crcText(crc);
      crc = crc32(chunk.subarray(0, count), crc);
      at += count;
    }
  } finally {
    await file.close();
  }
}

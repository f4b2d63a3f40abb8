/** How long the lines of files are: who reads JSON lines must have room for the longest. */
import type { Disk } from '../disk.js';

const WINDOW_BYTES = 1 << 20;
const NEWLINE = 0x0a;

/** Bytes of the longest line of some files, its newline included; 0 when there is none. @throws when one cannot be read */
export async function longestLine(disk: Pick<Disk, 'open'>, paths: readonly string[]): Promise<number> {
  let longest = 0;
  for (const path of paths) longest = Math.max(longest, await longestOf(disk, path));
  return longest;
}

async function longestOf(disk: Pick<Disk, 'open'>, path: string): Promise<number> {
  const file = await disk.open(path, 'read');
  try {
    const window = Buffer.allocUnsafe(WINDOW_BYTES);
    let longest = 0;
    let lineAt = 0;
    for (let position = 0; ;) {
      const bytes = await file.read(window, position);
      const read = window.subarray(0, bytes);
      for (let at = read.indexOf(NEWLINE); at >= 0; at = read.indexOf(NEWLINE, at + 1)) {
        longest = Math.max(longest, position + at + 1 - lineAt);
        lineAt = position + at + 1;
      }
      position += bytes;
      if (bytes < WINDOW_BYTES) return Math.max(longest, position - lineAt);
    }
  } finally {
    await file.close();
  }
}

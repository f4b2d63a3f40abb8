/** Keeps the bytes of what cannot be read, before anything cuts or removes it. */
import { join } from 'node:path';
import type { Disk, DiskFile } from '../disk.js';
import type { LoggedFrame } from './segments.js';

const PIECE_BYTES = 1024 * 1024;

/** Where bytes go that are set aside. */
export interface Quarantine {
  readonly disk: Disk;
  readonly folder: string;
}

/**
 * Copies a stretch of a file to `name` in the quarantine folder, durably. Zeros alone are not worth a file.
 * A stretch that an earlier start kept under the name is not copied again.
 * @returns whether there were bytes to keep
 */
export async function keepBytes(
  { disk, folder }: Quarantine,
  name: string,
  from: DiskFile,
  { offset, bytes }: { readonly offset: number; readonly bytes: number },
): Promise<boolean> {
  const path = join(folder, name);
  let copy: DiskFile | undefined;
  try {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, bytes));
    for (let done = 0; done < bytes; done += PIECE_BYTES) {
      const part = piece.subarray(0, Math.min(PIECE_BYTES, bytes - done));
      const read = part.subarray(0, await from.read(part, offset + done));
      if (read.every((byte) => byte === 0)) continue;
      if (copy === undefined) {
        if (await isKept(disk, path, bytes)) return true;
        copy = await createAnew(disk, folder, path);
      }
      await copy.write(read, done);
    }
    if (copy === undefined) return false;
    await copy.truncate(bytes);
    await copy.sync();
  } finally {
    await copy?.close();
  }
  await disk.syncFolder(folder);
  return true;
}

/** Moves a whole file into the quarantine folder. @param as its name there */
export async function moveFile({ disk, folder }: Quarantine, name: string, fromFolder: string, as = name): Promise<void> {
  await disk.makeFolder(folder);
  await disk.rename(join(fromFolder, name), join(folder, as));
  await disk.syncFolder(folder);
  await disk.syncFolder(fromFolder);
}

/** Keeps a frame that could not be replayed as it was: its body as received, and beside it what its header said. */
export async function keepFrame({ disk, folder }: Quarantine, { number, header, body }: LoggedFrame, why: string): Promise<void> {
  const about = { ...header, number, why, defaultTime: String(header.defaultTime), checksum: String(header.checksum), rejectedRuns: [...header.rejectedRuns] };
  for (const [name, bytes] of [[`frame-${number}.body`, body], [`frame-${number}.json`, Buffer.from(`${JSON.stringify(about)}\n`)]] as const) {
    const file = await createAnew(disk, folder, join(folder, name));
    try {
      await file.write(bytes, 0);
      await file.sync();
    } finally {
      await file.close();
    }
  }
  await disk.syncFolder(folder);
}

async function isKept(disk: Disk, path: string, bytes: number): Promise<boolean> {
  if (!(await disk.exists(path))) return false;
  const file = await disk.open(path, 'read');
  try {
    return (await file.size()) === bytes;
  } finally {
    await file.close();
  }
}

async function createAnew(disk: Disk, folder: string, path: string): Promise<DiskFile> {
  await disk.makeFolder(folder);
  await disk.remove(path);
  return disk.open(path, 'create');
}

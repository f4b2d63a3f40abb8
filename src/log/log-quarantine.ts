/** Keeps the bytes of what cannot be read, before anything cuts or removes it. */
import { join } from 'node:path';
import type { Disk, DiskFile } from '../disk.js';
import type { LoggedFrame } from './segments.js';

const PIECE_BYTES = 1024 * 1024;

/** A part of a file. */
interface Stretch {
  readonly offset: number;
  readonly bytes: number;
}

/** Where bytes go that are set aside. */
export interface LogQuarantine {
  readonly disk: Disk;
  readonly folder: string;
}

/**
 * Copies a stretch of a file to `name` in the quarantine folder, durably; to `name~2`, `name~3`… where other bytes have the name.
 * Zeros alone are not worth a file. What an earlier start kept is not copied again.
 * @returns whether there were bytes to keep
 */
export async function keepBytes(
  { disk, folder }: LogQuarantine,
  name: string,
  from: DiskFile,
  stretch: Stretch,
): Promise<boolean> {
  const { offset, bytes } = stretch;
  let copy: DiskFile | undefined;
  try {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, bytes));
    for (let done = 0; done < bytes; done += PIECE_BYTES) {
      const part = piece.subarray(0, Math.min(PIECE_BYTES, bytes - done));
      const read = part.subarray(0, await from.read(part, offset + done));
      if (read.every((byte) => byte === 0)) continue;
      if (copy === undefined) {
        const path = await placeOf(disk, join(folder, name), from, stretch);
        if (path === null) return true;
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

/** Moves a whole file into the quarantine folder. @param as its name there; `~2`, `~3`… is put behind it where it is taken */
export async function moveFile({ disk, folder }: LogQuarantine, name: string, fromFolder: string, as = name): Promise<void> {
  await disk.makeFolder(folder);
  let to = join(folder, as);
  for (let n = 2; await disk.exists(to); n += 1) to = join(folder, `${as}~${n}`);
  await disk.rename(join(fromFolder, name), to);
  await disk.syncFolder(folder);
  await disk.syncFolder(fromFolder);
}

/** Keeps a frame that could not be replayed as it was: its body as received, and beside it what its header said. */
export async function keepFrame({ disk, folder }: LogQuarantine, { seq, header, body }: LoggedFrame, why: string): Promise<void> {
  const about = { ...header, number: seq, why, defaultTime: String(header.defaultTime), checksum: String(header.checksum), rejectedRuns: [...header.rejectedRuns] };
  for (const [name, bytes] of [[`frame-${seq}.body`, body], [`frame-${seq}.json`, Buffer.from(`${JSON.stringify(about)}\n`)]] as const) {
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

/** The path for a copy of a stretch: one that nothing has, or an interrupted copy of it. null: it is kept already. */
async function placeOf(disk: Disk, path: string, from: DiskFile, stretch: Stretch): Promise<string | null> {
  for (let n = 1; ; n += 1) {
    const place = n === 1 ? path : `${path}~${n}`;
    if (!(await disk.exists(place))) return place;
    const file = await disk.open(place, 'read');
    try {
      const bytes = await file.size();
      if (bytes <= stretch.bytes && (await isBegun(file, bytes, from, stretch.offset))) return bytes === stretch.bytes ? null : place;
    } finally {
      await file.close();
    }
  }
}

/** Whether all of a copy is as the bytes from an offset on. */
async function isBegun(copy: DiskFile, copyBytes: number, from: DiskFile, offset: number): Promise<boolean> {
  const [one, other] = [Buffer.allocUnsafe(PIECE_BYTES), Buffer.allocUnsafe(PIECE_BYTES)];
  for (let done = 0; done < copyBytes; done += PIECE_BYTES) {
    const bytes = Math.min(PIECE_BYTES, copyBytes - done);
    await copy.read(one.subarray(0, bytes), done);
    await from.read(other.subarray(0, bytes), offset + done);
    if (one.compare(other, 0, bytes, 0, bytes) !== 0) return false;
  }
  return true;
}

async function createAnew(disk: Disk, folder: string, path: string): Promise<DiskFile> {
  await disk.makeFolder(folder);
  await disk.remove(path);
  return disk.open(path, 'create');
}

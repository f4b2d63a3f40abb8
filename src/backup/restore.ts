/** A backup put back: a new data folder, which a server opens once all of it is there. */
import { dirname, join } from 'node:path';
import type { Disk } from '../disk.js';
import { backupPaths, dataPaths } from '../names.js';
import { copyFile, crcAt } from './copy.js';
import { readManifest } from './manifest.js';

export interface RestoreSum {
  readonly files: number;
  readonly bytes: number;
  /** When the backup was begun: all that was acknowledged by then is there. */
  readonly begun: string;
}

/**
 * Puts a backup into a folder that is empty, not there, or was left by a restore that did not end.
 * @throws Error with a sentence; the folder is none that a server opens then
 */
export async function restoreBackup(disk: Disk, source: string, dataDir: string): Promise<RestoreSum> {
  const from = backupPaths(source);
  const paths = dataPaths(dataDir);
  const manifest = await readManifest(disk, from);
  if (manifest === null) throw new Error(`${source} holds no backup: there is no backup.json`);
  const isGoingOn = await disk.exists(paths.restoring);
  if (!isGoingOn && (await disk.list(dataDir)).length > 0) throw new Error(`${dataDir} is not empty: a backup is put into a folder of its own`);
  await disk.makeFolder(dataDir);
  if (!isGoingOn) await (await disk.open(paths.restoring, 'create')).close();
  await disk.syncFolder(dataDir);
  const folders = new Set<string>();
  for (const { bytes, crc, path, stored } of manifest.files) {
    const [target, copy] = [join(dataDir, path), join(from.files, stored)];
    folders.add(dirname(target));
    if (isGoingOn && (await disk.sizeOf(target)) === bytes && (await crcAt(disk, target)) === crc) continue;
    const copied = await copyFile(disk, copy, target, Infinity, path === dataPaths('').tokens);
    if (copied === null) throw new Error(`the backup is not whole: ${copy} is missing`);
    if (copied.bytes !== bytes || copied.crc !== crc) throw new Error(`the backup is damaged: ${copy} is not what was copied into it`);
  }
  for (const folder of folders) await disk.syncFolder(folder);
  await disk.remove(paths.restoring);
  await disk.syncFolder(dataDir);
  return { files: manifest.files.length, bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0), begun: manifest.begun };
}

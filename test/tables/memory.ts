/** A data folder on a disk in memory. */
import type { Disk } from '../../src/disk.js';
import { dataPaths, type DataPaths } from '../../src/names.js';
import { localTableStore } from '../../src/tables/local-store.js';
import type { RangeStore } from '../../src/tables/table-store.js';
import { MemoryDisk } from '../fault/memory-disk.js';

export const memoryPaths = dataPaths('data');

/** A disk with the folders that the disk of a machine would make as parents of others. */
export async function memoryDisk(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  for (const folder of ['data', 'data/tables', 'data/tables/db', 'data/tables/db/cpu']) await disk.makeFolder(folder);
  return disk;
}

/** The store of the tables of a data folder. @param start names a process */
export function tablesStore(disk: Disk, paths: DataPaths, start: string): RangeStore {
  return localTableStore(disk, paths.tables, paths.tmp(start));
}

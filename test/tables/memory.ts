/** A data folder on a disk in memory. */
import { dataPaths } from '../../src/names.js';
import { MemoryDisk } from '../fault/memory-disk.js';

export const memoryPaths = dataPaths('data');

/** A disk with the folders that the disk of a machine would make as parents of others. */
export async function memoryDisk(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  for (const folder of ['data', 'data/tables', 'data/tables/db', 'data/tables/db/cpu']) await disk.makeFolder(folder);
  return disk;
}

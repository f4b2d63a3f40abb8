/** Tables in a folder of this machine: what the store promises, made of syncs, renames and links. */
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Disk, DiskFile } from '../disk.js';
import type { DataPaths } from '../names.js';
import type { StoreWriter, TableStore } from './store.js';

/**
 * A `TableStore` over the tables of a data folder. Unfinished files lie in the folder of this start under names of
 * their own, so any number of threads may share it. As in an object store, what is seen lasts: whatever `list` names,
 * and what made `putIfAbsent` return false, is durable by then, also when a crash came between its link and its sync.
 * @param start names the process, as for `DataPaths.tmp`
 */
export function localTableStore(disk: Disk, paths: DataPaths, start: string): TableStore {
  const root = paths.tables;
  const tmp = paths.tmp(start);
  /** Folders whose entries, up to the root, this store has synced: a folder made before a crash may not be yet. */
  const settled = new Set<string>();

  async function makeDurable(folder: string): Promise<void> {
    await disk.makeFolder(folder);
    await settle(folder);
  }

  async function settle(folder: string): Promise<void> {
    if (settled.has(folder)) return;
    for (let above = folder; above !== root;) {
      above = dirname(above);
      await disk.syncFolder(above);
    }
    settled.add(folder);
  }

  async function startTmp(): Promise<{ file: DiskFile; path: string }> {
    await disk.makeFolder(tmp);
    const path = join(tmp, randomUUID());
    return { file: await disk.open(path, 'create'), path };
  }

  return {
    async put(path) {
      const target = locate(root, path);
      const { file, path: unfinished } = await startTmp();
      return localWriter(disk, file, unfinished, target, () => makeDurable(dirname(target)));
    },

    async putIfAbsent(path, bytes) {
      const target = locate(root, path);
      await makeDurable(dirname(target));
      const { file, path: unfinished } = await startTmp();
      try {
        try {
          await file.write(bytes, 0);
          await file.sync();
        } finally {
          await file.close();
        }
        const won = await disk.link(unfinished, target);
        await disk.syncFolder(dirname(target));
        return won;
      } finally {
        await disk.remove(unfinished);
      }
    },

    async get(path) {
      return disk.readWhole(locate(root, path));
    },

    async list(folder) {
      const target = folder === '' ? root : locate(root, folder);
      const names = await disk.list(target);
      if (names.length === 0) return names;
      await settle(target);
      await disk.syncFolder(target);
      return names;
    },

    async delete(path) {
      await disk.remove(locate(root, path));
    },
  };
}

function localWriter(
  disk: Disk,
  file: DiskFile,
  unfinished: string,
  target: string,
  makeDurable: () => Promise<void>,
): StoreWriter {
  let bytesWritten = 0;
  let open = true;
  let standsAt = unfinished;

  async function close(): Promise<void> {
    if (!open) return;
    open = false;
    await file.close();
  }

  return {
    async write(bytes) {
      await file.write(bytes, bytesWritten);
      bytesWritten += bytes.length;
    },
    async publish() {
      await file.sync();
      await close();
      await makeDurable();
      await disk.rename(unfinished, target);
      standsAt = target;
      await disk.syncFolder(dirname(target));
    },
    async abandon() {
      await close();
      await disk.remove(standsAt);
    },
  };
}

/** @throws RangeError for a path that does not stay below the root */
function locate(root: string, path: string): string {
  const outside = (part: string): boolean => part === '' || part === '.' || part === '..' || /[\\\0]/.test(part);
  if (path.split('/').some(outside)) throw new RangeError(`not a path below the tables folder: ${JSON.stringify(path)}`);
  return join(root, path);
}

/** Tables in a folder of this machine: what the store promises, made of syncs, renames and links. */
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Disk, DiskFile } from '../disk.js';
import { atMost } from '../in-turn.js';
import type { StoreWriter, TableStore } from './table-store.js';

/** Files and folders that are read at once: a process may hold few open. */
const READS_AT_ONCE_MAX = 16;

/**
 * A `TableStore` over a folder. Unfinished files lie in the folder of this start under names of their own, so any number
 * of threads may share it. As in an object store, what is seen lasts: whatever `list` names, and what made `putIfAbsent`
 * return false, is durable by then, also when a crash came between its link and its sync.
 * @param root holds the files @param tmp holds unfinished ones, on the same file system
 */
export function localTableStore(disk: Disk, root: string, tmp: string): TableStore {
  const reading = atMost(READS_AT_ONCE_MAX);
  /** Folders that this store has made last, with all above: one made before a crash may not yet. */
  const settled = new Set<string>([root]);

  /** Makes the entries of a folder last, and the folder itself. */
  async function makeDurable(folder: string): Promise<void> {
    const unsettled: string[] = [];
    for (let each = folder; !settled.has(each); each = dirname(each)) {
      await disk.syncFolder(dirname(each));
      unsettled.push(each);
    }
    unsettled.forEach((each) => settled.add(each));
    await disk.syncFolder(folder);
  }

  /** What `action` comes to in a folder, which is made when it turns out not to be there: it nearly always is. */
  async function within<T>(folder: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    await disk.makeFolder(folder);
    return action();
  }

  async function startTmp(): Promise<Unfinished> {
    const path = join(tmp, randomUUID());
    return { file: await within(tmp, () => disk.open(path, 'create')), path };
  }

  return {
    async put(path) {
      const target = locate(root, path);
      const unfinished = await startTmp();
      return localWriter(disk, unfinished, target, async () => {
        await within(dirname(target), () => disk.rename(unfinished.path, target));
      }, () => makeDurable(dirname(target)));
    },

    async putIfAbsent(path, bytes) {
      const target = locate(root, path);
      const { file, path: unfinished } = await startTmp();
      try {
        try {
          await file.write(bytes, 0);
          await file.sync();
        } finally {
          await file.close();
        }
        const won = await within(dirname(target), () => disk.link(unfinished, target));
        await makeDurable(dirname(target));
        return won;
      } finally {
        await disk.remove(unfinished);
      }
    },

    async get(path) {
      return reading(() => disk.readWhole(locate(root, path)));
    },

    async size(path) {
      return reading(() => disk.sizeOf(locate(root, path)));
    },

    async list(folder) {
      const target = folder === '' ? root : locate(root, folder);
      const names = await reading(() => disk.list(target));
      if (names.length === 0) return names;
      await makeDurable(target);
      return names;
    },

    async delete(path) {
      await disk.remove(locate(root, path));
    },
  };
}

/** What file systems without hard links say. */
const NO_LINKS: ReadonlySet<string> = new Set(['EMLINK', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM']);

/**
 * Looks whether the disk can give a file a name that none has: without that two writers could make one commit.
 * @param tmp folder of unfinished files @param report takes a sentence when it cannot be found out
 * @throws Error with a sentence when it cannot
 */
export async function assertLinks(disk: Disk, tmp: string, report: (sentence: string) => void): Promise<void> {
  const [from, to] = [join(tmp, randomUUID()), join(tmp, randomUUID())];
  try {
    await disk.makeFolder(tmp);
    await (await disk.open(from, 'create')).close();
    if ((await disk.link(from, to)) && !(await disk.link(from, to))) return;
  } catch (error) {
    if (!NO_LINKS.has(String((error as NodeJS.ErrnoException).code))) return report(`whether the file system of the data folder has hard links could not be found out: ${(error as Error).message}`);
  } finally {
    for (const path of [to, from]) await disk.remove(path).catch((error: Error) => report(`${path} is left over: ${error.message}`));
  }
  throw new Error(`the data folder is on a file system without hard links (${tmp}), which commits to its tables need: put it on one that has them`);
}

interface Unfinished {
  readonly file: DiskFile;
  readonly path: string;
}

/** @param place gives the file its name @param makeDurable makes the name last */
function localWriter(
  disk: Disk, { file, path }: Unfinished, target: string, place: () => Promise<void>, makeDurable: () => Promise<void>,
): StoreWriter {
  let bytesWritten = 0;
  let open = true;
  let standsAt = path;

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
      await place();
      standsAt = target;
      await makeDurable();
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

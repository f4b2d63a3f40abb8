/** Files that a crash or a drop left behind. */
import { dirname } from 'node:path';
import type { Table } from '../catalog/catalog.js';
import type { Clock } from '../clock.js';
import type { Disk } from '../disk.js';
import type { Logger } from '../logging.js';
import { parseDataFileName, type DataPaths } from '../names.js';
import type { TableCommitter } from './commit.js';
import type { TableStore } from './store.js';

/** Dropped folders stay readable this long. */
const TRASH_GRACE_MS = 3_600_000;

interface LeftoversParts {
  readonly disk: Disk;
  readonly paths: DataPaths;
  readonly store: TableStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly node: string;
}

export class Leftovers {
  readonly #parts: LeftoversParts;

  constructor(parts: LeftoversParts) {
    this.#parts = parts;
  }

  /** Removes unfinished files of earlier processes. */
  async clearTmp(start: string): Promise<void> {
    const { disk, paths } = this.#parts;
    const folder = dirname(paths.tmp(start));
    for (const name of await disk.list(folder)) {
      if (name !== start) await disk.removeTree(`${folder}/${name}`);
    }
  }

  /** Deletes data files of this node that no version of the table ever named: their commit never came. */
  async deleteOrphans(table: Table, committer: TableCommitter): Promise<void> {
    const { logger, node, store } = this.#parts;
    for (const name of await store.list(table.folder)) {
      if (parseDataFileName(name)?.node !== node || committer.state.namedFiles.has(name)) continue;
      logger.info(`file ${table.folder}/${name} was never committed and is deleted`);
      await store.delete(`${table.folder}/${name}`);
    }
  }

  /** Moves the folder of a dropped table out of the way. */
  async toTrash(table: Table): Promise<void> {
    const { clock, disk, paths } = this.#parts;
    const folder = `${paths.tables}/${table.folder}`;
    if (!(await disk.exists(folder))) return;
    await disk.makeFolder(paths.trash);
    await disk.rename(folder, `${paths.trash}/${clock.nowMs()}-${table.id}`);
    await disk.syncFolder(paths.trash);
    await disk.syncFolder(dirname(folder));
  }

  /** Deletes dropped folders whose time is over. */
  async emptyTrash(): Promise<void> {
    const { clock, disk, paths } = this.#parts;
    for (const name of await disk.list(paths.trash)) {
      if (Number.parseInt(name, 10) + TRASH_GRACE_MS <= clock.nowMs()) await disk.removeTree(`${paths.trash}/${name}`);
    }
  }
}

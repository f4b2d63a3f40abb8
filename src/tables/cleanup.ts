/** Files that a crash or a drop left behind. */
import { dirname } from 'node:path';
import type { Table } from '../catalog/catalog.js';
import { monotonicAt, type Clock } from '../clock.js';
import type { Disk } from '../disk.js';
import type { Logger } from '../logging.js';
import { parseDataFileName, parseMergedFileName, type DataPaths } from '../names.js';
import { isOfRunningQuery } from '../spill.js';
import type { TableCommitter } from './commit.js';
import { MAGIC } from './parquet/footer.js';
import type { TableStore } from './table-store.js';

/** Dropped folders stay readable this long. */
export const TRASH_GRACE_MS = 3_600_000;

interface LeftoversParts {
  readonly disk: Disk;
  readonly paths: DataPaths;
  readonly store: TableStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly node: string;
}

export class Cleanup {
  readonly #parts: LeftoversParts;
  /** Dropped tables, by id, whose folders are surely out of the way. */
  readonly #away = new Set<number>();
  #emptying: Promise<void> | null = null;
  /** Monotonic: since when what is in the trash is there, by its name. */
  readonly #inTrash = new Map<string, number>();

  constructor(parts: LeftoversParts) {
    this.#parts = parts;
  }

  /** Removes unfinished files of earlier processes, and what queries left that are no more. @throws why some of them stay, once all others are gone */
  async clearTmp(start: string): Promise<void> {
    const { disk, paths } = this.#parts;
    const folder = dirname(paths.tmp(start));
    await eachOf(await disk.list(folder), async (name) => {
      if (name !== start && !isOfRunningQuery(name)) await disk.removeTree(`${folder}/${name}`);
    });
  }

  /**
   * Moves data files of this node that no version of the table ever named out of its folder. Those that are proven never
   * to have been committed go to trash: all their rows are in the log. Others go to quarantine: a commit may be lost.
   * One whose rows other files had before goes to trash when its job is noted as not ended (those files are in the table),
   * or where each live file is there: nothing of it is missing.
   * @param mayBeUnfinished whether a job that did not end made a file of this number @param isLogWhole nothing of the log was damaged or missing at this start
   * @returns the names in quarantine of those: the data files, and what only has the name of one
   */
  async moveOrphans(
    table: Table, committer: TableCommitter, { isLogWhole, mayBeUnfinished }: { isLogWhole: boolean; mayBeUnfinished: (number: number) => boolean },
  ): Promise<{ files: string[]; strays: string[] }> {
    const { clock, logger, node, paths, store } = this.#parts;
    const { state } = committer;
    const moved = { files: [] as string[], strays: [] as string[] };
    const isWhole = isLogWhole && (state.version < 0 || state.endsWithOurs);
    const names = (await store.list(table.folder)).filter((name) => !committer.isNamed(name));
    const merged = new Set(names.filter((name) => parseMergedFileName(name)?.node === node));
    const isNothingMissing = merged.size > 0 && (await this.#isWhole(committer));
    for (const name of names) {
      const mergedParts = parseMergedFileName(name);
      const parts = mergedParts ?? parseDataFileName(name);
      if (parts?.node !== node) continue;
      const from = `${paths.tables}/${table.folder}/${name}`;
      const toTrash = (): Promise<void> => this.#move(from, `${paths.trash}/${clock.nowMs()}-${table.id}-${name}`);
      const isUnfinished = mergedParts !== null && mayBeUnfinished(mergedParts.number);
      if (isUnfinished || (isNothingMissing && merged.has(name) && parts.seq <= state.flushedTo)) {
        logger.info(`file ${table.folder}/${name} was never committed and goes to trash: the table has the files whose rows it has`);
        await toTrash();
        continue;
      }
      // Of a log that begins with a checkpoint, commits that are gone may have named it.
      if (state.checkpoint !== null && parts.seq <= state.flushedTo) continue;
      if (parts.seq < table.created) {
        logger.info(`file ${table.folder}/${name} is older than its table and goes to trash: it is of one that was dropped`);
        await toTrash();
      } else if (isWhole && !merged.has(name) && parts.seq > Math.max(table.flushedTo, state.flushedTo)) {
        logger.info(`file ${table.folder}/${name} was never committed and goes to trash: the log has its rows`);
        await toTrash();
      } else {
        const target = `${clock.nowMs()}-${name}`; // an earlier start may have kept another of that name
        const isDataFile = await this.#isParquet(from);
        await this.#move(from, `${paths.quarantinedTables}/${table.folder}/${target}`);
        (isDataFile ? moved.files : moved.strays).push(target);
      }
    }
    return moved;
  }

  /** Whether every file of the table's newest version is there and as long as its commit says. */
  async #isWhole(committer: TableCommitter): Promise<boolean> {
    const { files } = await committer.look();
    return (await committer.damagedFiles(files)).length === 0;
  }

  /** Whether a file begins and ends as Parquet does: another would make every query of its table fail. */
  async #isParquet(path: string): Promise<boolean> {
    const file = await this.#parts.disk.open(path, 'read');
    try {
      const bytes = await file.size();
      const ends = Buffer.alloc(2 * MAGIC.length);
      await file.read(ends.subarray(0, MAGIC.length), 0);
      await file.read(ends.subarray(MAGIC.length), Math.max(0, bytes - MAGIC.length));
      return bytes > ends.length && ends.equals(Buffer.concat([MAGIC, MAGIC]));
    } finally {
      await file.close();
    }
  }

  /** Renames, with all folders as durable as the name. */
  async #move(from: string, to: string): Promise<void> {
    const { disk } = this.#parts;
    await disk.makeFolder(dirname(to));
    await disk.rename(from, to);
    await disk.syncFolder(dirname(to));
    await disk.syncFolder(dirname(from));
  }

  /** Moves the folder of a dropped table out of the way. */
  async toTrash(table: Table): Promise<void> {
    const { clock, disk, paths } = this.#parts;
    const folder = `${paths.tables}/${table.folder}`;
    if (await disk.exists(folder)) await this.#move(folder, `${paths.trash}/${clock.nowMs()}-${table.id}`);
    this.#away.add(table.id);
  }

  /** Removes the folders of a dropped database without tables, if nothing else is in them. @returns whether none is left */
  async removeDatabase(folder: string): Promise<boolean> {
    const { disk, paths } = this.#parts;
    const left = [`${paths.tables}/${folder}`, `${paths.quarantinedTables}/${folder}`];
    for (const path of left) if ((await disk.list(path)).length > 0) return false;
    for (const path of left) await disk.removeTree(path);
    return true;
  }

  /** Whether the folder of a dropped table is out of the way. */
  isAway(tableId: number): boolean {
    return this.#away.has(tableId);
  }

  /** A dropped table is known no more. */
  forget(tableId: number): void {
    this.#away.delete(tableId);
  }

  /** Deletes dropped folders whose time is over, one after another; who asks while that is being done waits for it. @throws why some of them stay, once all others are gone */
  emptyTrash(): Promise<void> {
    this.#emptying ??= this.#emptyTrash().finally(() => (this.#emptying = null));
    return this.#emptying;
  }

  async #emptyTrash(): Promise<void> {
    const { clock, disk, paths } = this.#parts;
    const names = await disk.list(paths.trash);
    const there = new Set(names);
    for (const known of this.#inTrash.keys()) if (!there.has(known)) this.#inTrash.delete(known);
    await eachOf(names, async (name) => {
      const [, droppedMs] = /^(\d{1,15})-\d+(?:-|$)/.exec(name) ?? []; // other names are not ours
      if (droppedMs === undefined) return;
      const sinceMs = this.#inTrash.get(name) ?? monotonicAt(Number(droppedMs), clock);
      this.#inTrash.set(name, sinceMs);
      if (clock.monotonicMs() - sinceMs >= TRASH_GRACE_MS) await disk.removeTree(`${paths.trash}/${name}`);
    });
  }
}

/** Does the same to each; one that fails keeps no other from it. @throws the first failure, and says how many more there were */
async function eachOf(names: readonly string[], action: (name: string) => Promise<void>): Promise<void> {
  const failures: Error[] = [];
  for (const name of names) await action(name).catch((error: Error) => failures.push(error));
  const [first] = failures;
  if (first !== undefined) throw new Error(failures.length === 1 ? first.message : `${first.message} (and ${failures.length - 1} more)`, { cause: first });
}

/**
 * A backup of a data folder, while a server writes. What takes long, the data files, is copied first. Then the log is kept
 * whole; the catalog is copied, then the tables, then the log: the catalog knows of no commit that the tables lack, and the
 * log has all that the tables lack. DESIGN.md, section 19.
 */
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import { entryAt, type Disk } from '../disk.js';
import { backupPaths, dataPaths, parseMarkName } from '../names.js';
import { VERSION } from '../version.js';
import { publishManifest, readManifest } from './manifest.js';
import { Pool } from './pool.js';

/** Who keeps the log whole: the holder of the data folder. */
export interface LogKeeper {
  /** Keeps it, or goes on with it. @throws Error when it was not kept meanwhile */
  hold(): Promise<readonly { readonly name: string; readonly bytes: number }[]>;
  /** @throws Error when it was not kept until now */
  release(): Promise<void>;
}

export interface BackupParts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly dataDir: string;
  /** Folder of backups. */
  readonly target: string;
  /** Lets `use` have the log kept whole. */
  readonly withKeeper: (use: (keeper: LogKeeper) => Promise<void>) => Promise<void>;
}

export interface BackupSum {
  /** Of the backup. */
  readonly files: number;
  readonly bytes: number;
  /** Of them, those that no backup before had. */
  readonly copied: { readonly files: number; readonly bytes: number };
}

/** Makes a backup, or brings one up to date; until it is whole the one before stands. @throws Error with a sentence */
export async function makeBackup({ clock, dataDir, disk, target, withKeeper }: BackupParts): Promise<BackupSum> {
  const paths = backupPaths(target);
  const begun = new Date(clock.nowMs()).toISOString();
  await disk.makeFolder(target);
  const running = await claim(disk, paths.running);
  try {
    const before = await readManifest(disk, paths);
    const pool = await Pool.open(disk, paths, before?.files ?? []);
    try {
      for (const path of await filesBelow(disk, dataDir, 'tables')) if (!isOfLog(path)) await pool.add(dataDir, path);
      await withKeeper((keeper) => copyAll(disk, dataDir, pool, keptAlive(keeper, clock)));
      await pool.settle();
      const ended = new Date(clock.nowMs()).toISOString();
      await publishManifest(disk, paths, { format: 1, sluice: VERSION, begun, ended, files: pool.files });
      await disk.syncFolder(target);
    } finally {
      await pool.close();
    }
    await pool.clear();
    return { files: pool.files.length, bytes: pool.files.reduce((sum, { bytes }) => sum + bytes, 0), copied: pool.copied };
  } finally {
    await running.release();
  }
}

/** Of two backups into one folder each would remove what the other copies. */
async function claim(disk: Disk, path: string): Promise<{ release(): Promise<void> }> {
  const pid = Number((await disk.readWhole(path))?.toString() ?? 0);
  if (pid > 0 && pid !== process.pid && isRunning(pid)) throw new Error(`process ${pid} is making a backup there`);
  await disk.remove(path);
  const file = await disk.open(path, 'create');
  await file.write(Buffer.from(String(process.pid)), 0);
  await file.close();
  return { release: () => disk.remove(path) };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A hold ends after a minute: before each file it is seen to that it goes on. */
const HOLD_AGAIN_MS = 5000;

type KeptAlive = LogKeeper & { readonly goOn: () => Promise<void> };

function keptAlive(keeper: LogKeeper, clock: Clock): KeptAlive {
  let heldMs = -Infinity;
  const hold = async (): ReturnType<LogKeeper['hold']> => {
    heldMs = clock.monotonicMs();
    return keeper.hold();
  };
  return {
    hold,
    goOn: async () => {
      if (clock.monotonicMs() - heldMs > HOLD_AGAIN_MS) await hold();
    },
    release: () => keeper.release(),
  };
}

async function copyAll(disk: Disk, dataDir: string, pool: Pool, keeper: KeptAlive): Promise<void> {
  await keeper.hold();
  const add = async (path: string, how: Parameters<Pool['add']>[2] = {}): Promise<boolean> => {
    await keeper.goOn();
    return pool.add(dataDir, path, how);
  };
  const paths = dataPaths('');
  for (const path of [paths.catalog, paths.catalogPrevious]) await add(path);
  const inTables = await filesBelow(disk, dataDir, 'tables');
  // A table's log before its files: those that it names are there, since files go an hour after their commit at the earliest.
  const present = new Set<string>();
  for (const folder of tableFolders(inTables)) {
    for (const path of await filesBelow(disk, dataDir, join(folder, '_delta_log'))) if (await add(path)) present.add(path);
    for (const path of await filesBelow(disk, dataDir, folder)) if (!isOfLog(path) && await add(path)) present.add(path);
  }
  pool.leaveOut((path) => path.startsWith('tables/') && !present.has(path));
  for (const folder of ['quarantine', 'rejects']) for (const path of await filesBelow(disk, dataDir, folder)) await add(path);
  await add(paths.tokens, { isSecret: true });
  // Marks before segments: what a mark names is among the segments then.
  const marks = (await disk.list(join(dataDir, paths.log))).filter((name) => parseMarkName(name) !== null);
  for (const name of marks) await add(join(paths.log, name));
  for (const { name, bytes } of await keeper.hold()) {
    if (!(await add(join(paths.log, name), { bytesMax: bytes }))) throw new Error(`segment ${name} of the log is not there`);
  }
  await keeper.release();
}

/** Paths of all files below a folder, relative to the data folder. */
async function filesBelow(disk: Disk, dataDir: string, folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await disk.list(join(dataDir, folder))) {
    const path = join(folder, name);
    const entry = await entryAt(join(dataDir, path));
    if (entry?.isFolder === true) found.push(...await filesBelow(disk, dataDir, path));
    else if (entry !== null) found.push(path);
  }
  return found;
}

function isOfLog(path: string): boolean {
  return path.includes('/_delta_log/');
}

/** Folders with a Delta log. */
function tableFolders(paths: readonly string[]): string[] {
  return [...new Set(paths.filter(isOfLog).map((path) => path.slice(0, path.indexOf('/_delta_log/'))))];
}

/** The files of a Delta log: commits, checkpoints, and from where on the log can be read. */
import { join } from 'node:path';
import type { Disk } from '../disk.js';

/** A classic checkpoint, all of its parts. */
export interface CheckpointFiles {
  readonly version: number;
  readonly names: readonly string[];
}

export interface LogFolder {
  readonly path: string;
  /** Of the commits that are there, ascending. */
  readonly versions: readonly number[];
  /** Complete ones, ascending. */
  readonly checkpoints: readonly CheckpointFiles[];
  /** Versions of checkpoints of which parts are missing. */
  readonly torn: readonly number[];
  /** Versions with a checkpoint of the second kind, which asks for a newer reader. */
  readonly newer: ReadonlySet<number>;
  readonly hasLastCheckpoint: boolean;
}

/** Where reading begins: behind a checkpoint, or with the first commit. */
interface Beginning {
  readonly checkpoint: CheckpointFiles | null;
  /** The first commit that is replayed. */
  readonly first: number;
  /** The newest version. */
  readonly last: number;
}

/** Lists a log. @returns null when there is none */
export async function listLog(disk: Disk, tableFolder: string): Promise<LogFolder | null> {
  const path = join(tableFolder, '_delta_log');
  const names = await disk.list(path);
  const parts = new Map<string, string[]>();
  for (const name of names) {
    const [, version, of] = /^(\d{20})\.checkpoint(?:\.\d{10}\.(\d{10}))?\.parquet$/.exec(name) ?? [];
    if (version !== undefined) parts.set(`${version} ${of ?? '1'}`, [...(parts.get(`${version} ${of ?? '1'}`) ?? []), name]);
  }
  const found = [...parts].map(([key, list]) => ({ version: Number(key.slice(0, 20)), of: Number(key.slice(21)), names: list }));
  const checkpoints = found.filter(({ of, names: list }) => list.length === of).toSorted((a, b) => a.version - b.version);
  const versions = names.filter((name) => /^\d{20}\.json$/.test(name)).map((name) => Number(name.slice(0, 20)));
  if (versions.length + checkpoints.length === 0) return null;
  const whole = new Set(checkpoints.map(({ version }) => version));
  const torn = found.map(({ version }) => version).filter((version) => !whole.has(version));
  const newer = new Set(names.filter((name) => /^\d{20}\.checkpoint\.[0-9a-f-]{36}\.(json|parquet)$/.test(name)).map((name) => Number(name.slice(0, 20))));
  return { path, versions, checkpoints, torn: [...new Set(torn)], newer, hasLastCheckpoint: names.includes('_last_checkpoint') };
}

/** Where to begin so that as much as can be is read. @returns the versions between which commits are missing when no checkpoint covers that */
export function beginningOf({ checkpoints, versions }: LogFolder): Beginning | { readonly gap: readonly [before: number, after: number] } {
  const newest = checkpoints.at(-1);
  const last = Math.max(versions.at(-1) ?? -1, newest?.version ?? -1);
  let at = versions.length - 1;
  while (at > 0 && versions[at - 1] === versions[at]! - 1) at -= 1;
  const runStart = versions[at] ?? last + 1;
  const runEnd = versions.at(-1) ?? last;
  if (runStart === 0 && runEnd === last) return { checkpoint: null, first: 0, last };
  const covering = checkpoints.find(({ version }) => version >= runStart - 1 && (version <= runEnd || version === last));
  if (covering !== undefined && (runEnd === last || covering.version === last)) return { checkpoint: covering, first: covering.version + 1, last };
  return { gap: [versions[at - 1] ?? -1, runEnd < last ? last : runStart] };
}

/** The text of a commit. @throws as the disk */
export async function commitText(disk: Disk, { path }: LogFolder, version: number): Promise<string | null> {
  const bytes = await disk.readWhole(join(path, `${String(version).padStart(20, '0')}.json`));
  return bytes === null ? null : bytes.toString();
}

/** What is wrong with the file that names the newest checkpoint, or null. */
export async function lastCheckpointFault(disk: Disk, log: LogFolder): Promise<string | null> {
  if (!log.hasLastCheckpoint) return null;
  try {
    const named = JSON.parse((await disk.readWhole(join(log.path, '_last_checkpoint')))!.toString()) as { readonly version?: unknown } | null;
    const version = named?.version;
    if (!Number.isSafeInteger(version)) return 'it names no version';
    return log.newer.has(Number(version)) || log.checkpoints.some((each) => each.version === version) ? null : `it names version ${String(version)}, which has no complete checkpoint`;
  } catch (error) {
    return `it is not JSON: ${(error as Error).message}`;
  }
}

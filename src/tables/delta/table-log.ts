/** A table as its Delta log tells it: read whole, commit by commit, or from its end alone. */
import type { TableStore } from '../table-store.js';
import { actionOf, checkpointsIn, isNewCheckpoint, type Checkpoint } from './checkpoint.js';
import { commitPath, commitsFrom, Slices, versionsIn } from './commit-reader.js';
import { assertNamed, readCommit, type Commit } from './commit-text.js';
import { FileList } from './file-list.js';
import { afterCommit, assertGiven, assertReadable, NO_COMMIT, TableRefused, withCheckpointRow, type OwnNode, type TableState } from './table-state.js';

/** A checkpoint is read instead of so many commits; fewer are read sooner themselves. */
const COMMITS_SAVED_MIN = 1000;
/** Commits of others behind our last one that a look at the end of a log passes over. */
const OTHERS_PASSED_MAX = 64;

/** A table, and its files where they are wanted. */
export interface LoadedTable {
  readonly state: TableState;
  /** Files as of that state; whoever takes up newer commits changes them in place. */
  readonly files: FileList | null;
}

/**
 * Reads a table's log: from its first commit on, or where that is gone or far away from the newest checkpoint on.
 * @param folder of the table, below the store's root
 * @throws TableRefused for a log that has gaps, begins with no checkpoint that can be read, is damaged, or needs a newer reader
 */
export async function loadTable(store: TableStore, folder: string, own: OwnNode): Promise<LoadedTable> {
  const names = await store.list(logOf(folder));
  const versions = versionsIn(names);
  const gap = versions.findIndex((version, at) => version !== at);
  const found = checkpointsIn(names);
  const checkpoints = found.filter(({ version }) => leadsToEnd(version, versions));
  const lastKnown = versions.at(-1) ?? -1;
  if (gap < 0 && (versions.length > 0 || found.length === 0)) {
    const shorter = checkpoints.find(({ version }) => version >= COMMITS_SAVED_MIN);
    const loaded = shorter === undefined ? null : await fromCheckpoint(store, folder, own, shorter, lastKnown).catch(orRefused);
    return loaded ?? takeUpNewer(store, folder, own, { state: NO_COMMIT, files: new FileList() }, lastKnown);
  }
  const [checkpoint] = checkpoints;
  if (checkpoint === undefined) throw new TableRefused(folder, whyUnreadable(names, versions, gap, found));
  return fromCheckpoint(store, folder, own, checkpoint, lastKnown);
}

/** Null for a log that a checkpoint does not lead through, where all its commits are there as well: they say why. */
function orRefused(error: Error): null {
  if (error instanceof TableRefused) return null;
  throw error;
}

function logOf(folder: string): string {
  return `${folder}/_delta_log`;
}

/** Whether all commits behind a version are there. @param versions of commits, ascending */
function leadsToEnd(version: number, versions: readonly number[]): boolean {
  const later = versions.filter((each) => each > version);
  return later.every((each, at) => each === version + 1 + at);
}

function whyUnreadable(names: readonly string[], versions: readonly number[], gap: number, checkpoints: readonly Checkpoint[]): string {
  if (checkpoints.length === 0 && names.some(isNewCheckpoint)) return 'its log begins with a checkpoint of version 2, which sluice does not read';
  if (gap === 0) return `its log begins at version ${versions[0]}, and no checkpoint leads there`;
  return `its log has no version ${gap} but a version ${versions[gap]}`;
}

async function fromCheckpoint(store: TableStore, folder: string, own: OwnNode, { names, version }: Checkpoint, lastKnown: number): Promise<LoadedTable> {
  const files = new FileList();
  let state: TableState = { ...NO_COMMIT, version, checkpoint: version };
  try {
    const slices = new Slices();
    for (const line of await own.readCheckpoint(names.map((name) => `${logOf(folder)}/${name}`))) {
      await slices.take(line.length);
      const next = withCheckpointRow(state, actionOf(line), own);
      files.apply(next.change);
      state = next.state;
    }
    if (state.metaData === null) throw new Error('it says nothing of the table');
  } catch (error) {
    throw new TableRefused(folder, `checkpoint ${version} cannot be read: ${(error as Error).message}`);
  }
  const loaded = await takeUpNewer(store, folder, own, { state, files }, lastKnown);
  if (loaded.state === state) assertReadable(folder, state);
  return loaded;
}

/**
 * The table after every commit that is newer than `known`: the same state when there is none.
 * @param known its files, where it has any, are changed in place; they are of no use when this throws
 * @param lastKnown a version that is there
 * @throws as `loadTable`
 */
export async function takeUpNewer(
  store: TableStore, folder: string, own: OwnNode, known: LoadedTable, lastKnown = known.state.version,
): Promise<LoadedTable> {
  const { files } = known;
  let { state } = known;
  for await (const { text, version } of commitsFrom(store, folder, state.version + 1, lastKnown)) {
    const commit = orDamaged(folder, version, () => readCommit(text));
    // Whether these are files that a commit of ours named, the whole log tells.
    if (files === null && commit.strays.length > 0) return loadTable(store, folder, own);
    state = orDamaged(folder, version, () => taken(state, files, commit, own));
  }
  if (state !== known.state) assertReadable(folder, state);
  return { state, files };
}

function taken(before: TableState, files: FileList | null, commit: Commit, own: OwnNode): TableState {
  assertNamed(commit, (path) => files?.isNamed(path) === true);
  const { change, state } = afterCommit(before, commit, own);
  files?.apply(change);
  return state;
}

function orDamaged<T>(folder: string, version: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new TableRefused(folder, `commit ${version} cannot be read: ${(error as Error).message}`);
  }
}

/** A table after one more commit, given its text: its files are as they were, and what the commit does to them. @throws when it is none */
export function withCommit(state: TableState, text: string, own: OwnNode): ReturnType<typeof afterCommit> {
  return afterCommit(state, readCommit(text), own);
}

/**
 * The seq that the newest commit of ours says, read from the log's end alone: what is before it can wait.
 * @returns 0 when the table has no commit; null when the whole log must be read to know
 * @throws TableRefused when a commit at the end is damaged
 */
export async function newestSeq(store: TableStore, folder: string, own: OwnNode): Promise<number | null> {
  const names = await store.list(logOf(folder));
  const versions = versionsIn(names);
  if (versions.length === 0) return names.some((name) => name.endsWith('.parquet') || isNewCheckpoint(name)) ? null : 0;
  for (const version of versions.slice(-OTHERS_PASSED_MAX).reverse()) {
    const text = (await store.get(commitPath(folder, version)))?.toString() ?? '';
    const { own: mark, strays } = orDamaged(folder, version, () => readCommit(text));
    if (strays.length > 0) return null;
    if (mark?.node !== own.node) continue;
    orDamaged(folder, version, () => assertGiven(mark.seq, own.seqMax()));
    return mark.seq;
  }
  return null;
}

/** A table as its Delta log tells it: read whole, commit by commit, or from its end alone. */
import type { TableStore } from '../table-store.js';
import { actionOf, checkpointsIn, isNewCheckpoint, type Checkpoint } from './checkpoint.js';
import { commitPath, commitsFrom, Slices, versionsIn } from './commit-reader.js';
import { assertNamed, readCommit, type Commit } from './commit-text.js';
import { FileList } from './file-list.js';
import { afterCommit, assertGiven, assertReadable, NO_COMMIT, TableRefused, withCheckpointRow, withItsCommit, type OwnNode, type TableState } from './table-state.js';

/** A checkpoint of another writer is read instead of so many commits; fewer are read themselves, for they are held against all that is known of ours. */
const COMMITS_SAVED_MIN = 1000;
/** Checkpoints that are tried. */
const CHECKPOINTS_TRIED_MAX = 2;
/** A row of a checkpoint is short, and takes as long as so much more of a commit. */
const ROW_WORK = 4;
/** Commits and checkpoints that are gone when they are to be read were cleaned away meanwhile: the log is listed so often. */
const LISTED_MAX = 3;
/** Commits of others behind our last one that a look at the end of a log passes over. */
const OTHERS_PASSED_MAX = 64;

/** A table, and its files where they are wanted. */
export interface LoadedTable {
  readonly state: TableState;
  /** Files as of that state; whoever takes up newer commits changes them in place. */
  readonly files: FileList | null;
}

/** Who wants to see each action of a log as it is read. */
export interface LogWitness {
  /** The newest version that is wanted: what is behind it is not read, for main may not have told the thread of its seqs. */
  readonly upTo: number;
  /** It is read from the beginning, or from a checkpoint. */
  clear(): void;
  /** A commit, or a row of a checkpoint: lines of JSON. */
  take(text: string): void;
}

/**
 * Reads a table's log: from its newest checkpoint of ours on, or from its first commit on, or where that is gone or far
 * away from the newest checkpoint of another writer on.
 * @param folder of the table, below the store's root
 * @param witness sees what is read, up to the version that it wants
 * @throws TableRefused for a log that has gaps, begins with no checkpoint that can be read, is damaged, or needs a newer reader
 */
export async function loadTable(store: TableStore, folder: string, own: OwnNode, witness?: LogWitness): Promise<LoadedTable> {
  for (let listed = 1; ; listed += 1) {
    const names = await store.list(logOf(folder));
    const lastKnown = Math.min(versionsIn(names).at(-1) ?? -1, witness?.upTo ?? Infinity);
    const loaded = await loadListed(store, folder, own, { names, lastKnown, witness }).catch(async (error: Error) => {
      if (listed === LISTED_MAX || !(await isAnyGone(store, folder, names))) throw error;
      return null;
    });
    if (loaded === null) continue;
    if (loaded.state.version >= lastKnown) return loaded;
    if (listed === LISTED_MAX) throw new TableRefused(folder, `commit ${loaded.state.version + 1} was there and could not be read`);
  }
}

/** Whether files of a log are there no more. @param names that were listed before */
async function isAnyGone(store: TableStore, folder: string, names: readonly string[]): Promise<boolean> {
  const there = new Set(await store.list(logOf(folder)));
  return names.some((name) => !there.has(name));
}

/** What is known of a log before it is read. */
interface Listed {
  readonly names: readonly string[];
  /** The newest version; -1 for none. */
  readonly lastKnown: number;
  readonly witness?: LogWitness | undefined;
}

async function loadListed(store: TableStore, folder: string, own: OwnNode, listed: Listed): Promise<LoadedTable> {
  const { names, witness } = listed;
  const versions = versionsIn(names);
  const gap = versions.findIndex((version, at) => version !== at);
  const found = checkpointsIn(names);
  const isWhole = gap < 0 && (versions.length > 0 || found.length === 0);
  let refusal: TableRefused | null = null;
  for (const checkpoint of found.filter(({ version }) => leadsToEnd(version, versions)).slice(0, CHECKPOINTS_TRIED_MAX)) {
    try {
      const loaded = await fromCheckpoint(store, folder, own, checkpoint, { ...listed, oursAlone: isWhole && checkpoint.version < COMMITS_SAVED_MIN });
      if (loaded !== null) return loaded;
    } catch (error) {
      if (!(error instanceof TableRefused)) throw error;
      refusal ??= error;
    }
  }
  if (!isWhole) throw refusal ?? new TableRefused(folder, whyUnreadable(names, versions, gap, found));
  witness?.clear();
  return takeUp(store, folder, own, { state: NO_COMMIT, files: new FileList() }, listed);
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

/** @returns null for a checkpoint of another writer where `oursAlone` is wanted */
async function fromCheckpoint(
  store: TableStore, folder: string, own: OwnNode, { names, version }: Checkpoint, listed: Listed & { readonly oursAlone: boolean },
): Promise<LoadedTable | null> {
  const { oursAlone, witness } = listed;
  const files = new FileList();
  let state: TableState = { ...NO_COMMIT, version, checkpoint: version };
  try {
    const { isOurs, lines } = await own.readCheckpoint(names.map((name) => `${logOf(folder)}/${name}`), version);
    if (oursAlone && !isOurs) return null;
    witness?.clear();
    const slices = new Slices();
    for (const line of lines) {
      await slices.take(line.length * ROW_WORK);
      const next = withCheckpointRow(state, actionOf(line), own);
      files.apply(next.change);
      state = next.state;
      witness?.take(line);
    }
    if (state.metaData === null) throw new Error('it says nothing of the table');
    const commit = await store.get(commitPath(folder, version));
    if (commit !== null) state = withItsCommit(state, readCommit(commit.toString()), own);
  } catch (error) {
    throw new TableRefused(folder, `checkpoint ${version} cannot be read: ${(error as Error).message}`);
  }
  const loaded = await takeUp(store, folder, own, { state, files }, listed);
  if (loaded.state === state) assertReadable(folder, state);
  return loaded;
}

/**
 * The table after every commit that is newer than `known`: the same state when there is none.
 * @param known its files, where it has any, are changed in place; they are of no use when this throws
 * @throws as `loadTable`
 */
export function takeUpNewer(store: TableStore, folder: string, own: OwnNode, known: LoadedTable): Promise<LoadedTable> {
  return takeUp(store, folder, own, known, { lastKnown: known.state.version });
}

async function takeUp(store: TableStore, folder: string, own: OwnNode, known: LoadedTable, { lastKnown, witness }: Omit<Listed, 'names'>): Promise<LoadedTable> {
  const { files } = known;
  let { state } = known;
  for await (const { text, version } of commitsFrom(store, folder, state.version + 1, lastKnown)) {
    if (witness !== undefined && version > lastKnown) break;
    const commit = orDamaged(folder, version, () => readCommit(text));
    // Whether these are files that a commit of ours named, the whole log tells.
    if (files === null && commit.strays.length > 0) return loadTable(store, folder, own);
    state = orDamaged(folder, version, () => taken(state, files, commit, own));
    witness?.take(text);
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

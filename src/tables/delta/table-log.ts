/** A table as its Delta log tells it. */
import { commitName } from '../../names.js';
import type { TableStore } from '../table-store.js';
import { appIdOf, PROTOCOL, type MetaData } from './actions.js';
import { actionOf, checkpointsIn, isNewCheckpoint, type Checkpoint } from './checkpoint.js';
import { readCommit, safeNumber, type Action, type OwnMark } from './commit-text.js';
import { parseSchema, type SchemaField } from './schema-string.js';

/** What a table asks of those who read and write it. */
interface Protocol {
  readonly minReaderVersion: number;
  readonly minWriterVersion: number;
  readonly readerFeatures?: readonly string[];
}

/** A data file of the newest version. */
interface LiveFile {
  /** Below the table's folder, decoded. */
  readonly path: string;
  readonly bytes: number;
  /** Rows as its statistics state, or null when another writer left them out. */
  readonly rows: number | null;
  /** The statistics' text, or null. */
  readonly stats: string | null;
  /** Some of its rows are deleted by a deletion vector. */
  readonly hasDeletions: boolean;
}

/** A table at one version of its log. */
export interface TableState {
  /** -1: the table has no commit yet. */
  readonly version: number;
  /** The version of the checkpoint that it was read from on; null: from the first commit on. */
  readonly checkpoint: number | null;
  readonly protocol: Protocol;
  readonly metaData: MetaData | null;
  readonly fields: readonly SchemaField[];
  /** By path. */
  readonly liveFiles: ReadonlyMap<string, LiveFile>;
  /** Paths of all files that any version named, live or removed since: another of ours never got its commit. */
  readonly namedFiles: ReadonlySet<string>;
  /** Log number of our last commit, 0 before the first: rows at or below it are in files. */
  readonly flushedTo: number;
  /** The newest commit is this node's: nothing of ours can be missing behind it but whole commits at the end. */
  readonly endsWithOurs: boolean;
}

/** The table's log is one that sluice cannot read or must not write. */
export class TableRefused extends Error {
  /** The number of our last commit, where the log tells it all the same; 0 where it does not. */
  readonly flushedTo: number;
  constructor(folder: string, reason: string, flushedTo = 0) {
    super(`table ${folder}: ${reason}`);
    this.name = 'TableRefused';
    this.flushedTo = flushedTo;
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type WorkingState = Mutable<TableState> & { liveFiles: Map<string, LiveFile>; namedFiles: Set<string> };

/** Whose commits count for `flushedTo`, what is known of the numbers that it gave, and who reads checkpoints. */
export interface OwnNode {
  /** 8 hex digits. */
  readonly node: string;
  /** No number above it was given yet. */
  readonly numberMax: () => number;
  /** The rows of a checkpoint as lines of JSON. @param paths of its parts, below the store's root */
  readonly readCheckpoint: (paths: readonly string[]) => Promise<readonly string[]>;
}

/**
 * Reads a table's log: from its first commit on, or where that is gone from the newest checkpoint on.
 * @param folder of the table, below the store's root
 * @throws TableRefused for a log that has gaps, begins with no checkpoint that can be read, is damaged, or needs a newer reader
 */
export async function loadTable(store: TableStore, folder: string, own: OwnNode): Promise<TableState> {
  const names = await store.list(`${folder}/_delta_log`);
  const versions = names.filter((name) => /^\d{20}\.json$/.test(name)).map((name) => Number(name.slice(0, 20)));
  const gap = versions.findIndex((version, at) => version !== at);
  const checkpoints = checkpointsIn(names);
  if (gap < 0 && (versions.length > 0 || checkpoints.length === 0)) return takeUpNewer(store, folder, own, NO_COMMIT);
  const checkpoint = checkpoints.find(({ version }) => leadsToEnd(version, versions));
  if (checkpoint === undefined) throw new TableRefused(folder, whyUnreadable(names, versions, gap, checkpoints));
  const state = await fromCheckpoint(folder, checkpoint, own);
  const newest = await takeUpNewer(store, folder, own, state);
  if (newest === state) assertReadable(folder, state);
  return newest;
}

const NO_COMMIT: TableState = {
  version: -1,
  checkpoint: null,
  protocol: PROTOCOL,
  metaData: null,
  fields: [],
  liveFiles: new Map(),
  namedFiles: new Set(),
  flushedTo: 0,
  endsWithOurs: false,
};

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

async function fromCheckpoint(folder: string, { names, version }: Checkpoint, own: OwnNode): Promise<TableState> {
  const state = { ...workingState(NO_COMMIT), version, checkpoint: version };
  try {
    for (const line of await own.readCheckpoint(names.map((name) => `${folder}/_delta_log/${name}`))) {
      const action = actionOf(line);
      applyAction(state, action);
      if (action.remove) state.namedFiles.add(decodeURIComponent(action.remove.path));
      if (action.txn?.appId === appIdOf(own.node)) state.flushedTo = nextFlushedTo(0, { node: own.node, number: safeNumber(action.txn.version), previous: null }, own.numberMax());
    }
    if (state.metaData === null) throw new Error('it says nothing of the table');
  } catch (error) {
    throw new TableRefused(folder, `checkpoint ${version} cannot be read: ${(error as Error).message}`);
  }
  return state;
}

/** The state after every commit that is newer than `state`: `state` itself when there is none. @throws as `loadTable` */
export async function takeUpNewer(store: TableStore, folder: string, own: OwnNode, state: TableState): Promise<TableState> {
  let next: WorkingState | null = null;
  for (let version = state.version + 1; ; version += 1) {
    const bytes = await store.get(commitPath(folder, version));
    if (bytes === null) {
      if (next !== null) assertReadable(folder, next);
      return next ?? state;
    }
    next ??= workingState(state);
    try {
      applyCommit(next, bytes.toString(), own);
    } catch (error) {
      throw new TableRefused(folder, `commit ${version} cannot be read: ${(error as Error).message}`);
    }
    next.version = version;
  }
}

/** Features of readers whose tables are read where the feature has no effect; its effects are looked for. */
const FEATURES_WITHOUT_EFFECT: ReadonlySet<string> = new Set(['columnMapping', 'deletionVectors', 'timestampNtz', 'v2Checkpoint', 'vacuumProtocolCheck']);

/** @throws TableRefused saying what the table asks of readers that sluice does not do */
function assertReadable(folder: string, { liveFiles, metaData, protocol, flushedTo }: TableState): void {
  const refuse = (reason: string): never => {
    throw new TableRefused(folder, reason, flushedTo);
  };
  const { minReaderVersion, readerFeatures = [] } = protocol;
  const unknown = readerFeatures.filter((feature) => !FEATURES_WITHOUT_EFFECT.has(feature));
  if (minReaderVersion > 3 || unknown.length > 0) refuse(`it needs a reader of version ${minReaderVersion}${unknown.length > 0 ? ` with ${unknown.join(', ')}` : ''}, sluice is one of version 1`);
  const partitionColumns = metaData?.partitionColumns ?? [];
  const mapping = (metaData?.['configuration'] as Readonly<Record<string, string>> | undefined)?.['delta.columnMapping.mode'] ?? 'none';
  if (minReaderVersion > 1 && mapping !== 'none') refuse(`another writer gave it column mapping (${mapping}), which sluice does not read`);
  if (partitionColumns.length > 0) refuse(`another writer gave it partition columns (${partitionColumns.join(', ')}), and sluice reads and writes none`);
  const deleted = minReaderVersion < 3 ? undefined : [...liveFiles.values()].find(({ hasDeletions }) => hasDeletions);
  if (deleted !== undefined) refuse(`another writer deleted rows of ${deleted.path} by a deletion vector, which sluice does not read`);
}

/** The state after one more commit, given its text. @throws when it is none */
export function withCommit(state: TableState, text: string, own: OwnNode): TableState {
  const next = workingState(state);
  applyCommit(next, text, own);
  next.version += 1;
  return next;
}

/** Path of a commit below the store's root. */
export function commitPath(folder: string, version: number): string {
  return `${folder}/_delta_log/${commitName(version)}`;
}

function workingState(state: TableState): WorkingState {
  return { ...state, liveFiles: new Map(state.liveFiles), namedFiles: new Set(state.namedFiles) };
}

/** Actions that are not known here change nothing that is kept. @throws Error with a sentence when the commit is damaged */
function applyCommit(state: WorkingState, text: string, own: OwnNode): void {
  const commit = readCommit(text, (path) => state.namedFiles.has(path));
  // A file that is removed and added at once was given a deletion vector, or lost one.
  for (const { remove } of commit.actions) if (remove) state.liveFiles.delete(decodeURIComponent(remove.path));
  for (const action of commit.actions) applyAction(state, action);
  state.endsWithOurs = commit.own?.node === own.node;
  if (commit.own?.node === own.node) state.flushedTo = nextFlushedTo(state.flushedTo, commit.own, own.numberMax());
}

function applyAction(state: WorkingState, { protocol, metaData, add }: Action): void {
  if (protocol) state.protocol = protocol;
  if (metaData) {
    state.metaData = metaData;
    state.fields = parseSchema(metaData.schemaString);
  }
  if (add) {
    const file = liveFile(add);
    state.liveFiles.set(file.path, file);
    state.namedFiles.add(file.path);
  }
}

/** The number of a commit of ours, held against what else is known. @throws when it cannot be the one that was written */
function nextFlushedTo(flushedTo: number, { number, previous }: OwnMark, numberMax: number): number {
  if (previous !== null && previous !== flushedTo) throw new Error(`our commit before it was of number ${previous}, and the last one found is of ${flushedTo}`);
  if (number <= flushedTo) throw new Error(`it is of number ${number}, which is not above ${flushedTo} of our commit before`);
  if (number > numberMax) throw new Error(`it is of number ${number}, which was never given: the last one is ${numberMax}`);
  return number;
}

function liveFile(add: NonNullable<Action['add']>): LiveFile {
  const stats = add.stats ?? null;
  const numRecords = stats === null ? undefined : (JSON.parse(stats) as { numRecords?: number }).numRecords;
  return { path: decodeURIComponent(add.path), bytes: add.size, rows: numRecords ?? null, stats, hasDeletions: add.deletionVector != null };
}

/**
 * A table that asks for more than sluice does is left as it is.
 * @throws TableRefused saying what it asks for
 */
export function assertWritable(folder: string, state: TableState): void {
  const { minWriterVersion } = state.protocol;
  if (minWriterVersion > PROTOCOL.minWriterVersion) {
    throw new TableRefused(folder, `it is read-only: it needs a writer of version ${minWriterVersion}, sluice is one of version 2`);
  }
  const checked = state.fields.find((field) => field.metadata['delta.invariants'] !== undefined);
  if (checked !== undefined) {
    throw new TableRefused(folder, `it is read-only: column ${checked.name} has an invariant that sluice does not check`);
  }
}

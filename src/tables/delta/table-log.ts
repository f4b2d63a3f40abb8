/** A table as its Delta log tells it. */
import { commitName } from '../../names.js';
import type { TableStore } from '../store.js';
import { PROTOCOL, type MetaData } from './actions.js';
import { readCommit, type Action, type OwnMark } from './commit-text.js';
import { parseSchema, type SchemaField } from './schema.js';

/** A data file of the newest version. */
interface LiveFile {
  /** Below the table's folder, decoded. */
  readonly path: string;
  readonly bytes: number;
  /** Rows as its statistics state, or null when another writer left them out. */
  readonly rows: number | null;
  /** The statistics' text, or null. */
  readonly stats: string | null;
}

/** A table at one version of its log. */
export interface TableState {
  /** -1: the table has no commit yet. */
  readonly version: number;
  readonly protocol: { readonly minReaderVersion: number; readonly minWriterVersion: number };
  readonly metaData: MetaData | null;
  readonly fields: readonly SchemaField[];
  /** By path. */
  readonly liveFiles: ReadonlyMap<string, LiveFile>;
  /** Paths of all files that any version named, live or removed since: another of ours never got its commit. */
  readonly namedFiles: ReadonlySet<string>;
  /** Log number of our last commit, 0 before the first: rows at or below it are in files. */
  readonly sealedTo: number;
  /** The newest commit is this node's: nothing of ours can be missing behind it but whole commits at the end. */
  readonly endsWithOurs: boolean;
}

/** The table's log is one that sluice cannot read or must not write. */
export class TableRefused extends Error {
  constructor(folder: string, reason: string) {
    super(`table ${folder}: ${reason}`);
    this.name = 'TableRefused';
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type WorkingState = Mutable<TableState> & { liveFiles: Map<string, LiveFile>; namedFiles: Set<string> };

/** Whose commits count for `sealedTo`, and what is known of the numbers that it gave. */
export interface OwnNode {
  /** 8 hex digits. */
  readonly node: string;
  /** No number above it was given yet. */
  readonly numberMax: () => number;
}

/**
 * Reads a table's log from its first commit on.
 * @param folder of the table, below the store's root
 * @throws TableRefused for a log that does not begin at version 0, has gaps, is damaged, or needs a newer reader
 */
export async function loadTable(store: TableStore, folder: string, own: OwnNode): Promise<TableState> {
  const versions = (await store.list(`${folder}/_delta_log`))
    .filter((name) => /^\d{20}\.json$/.test(name))
    .map((name) => Number(name.slice(0, 20)));
  versions.forEach((version, at) => {
    if (version === at) return;
    throw new TableRefused(folder, at === 0
      ? `its log begins at version ${version}; reading checkpoints is not supported`
      : `its log has no version ${at} but a version ${version}`);
  });
  const empty: TableState = {
    version: -1,
    protocol: PROTOCOL,
    metaData: null,
    fields: [],
    liveFiles: new Map(),
    namedFiles: new Set(),
    sealedTo: 0,
    endsWithOurs: false,
  };
  return takeUpNewer(store, folder, own, empty);
}

/** The state after every commit that is newer than `state`: `state` itself when there is none. @throws as `loadTable` */
export async function takeUpNewer(store: TableStore, folder: string, own: OwnNode, state: TableState): Promise<TableState> {
  let next: WorkingState | null = null;
  for (let version = state.version + 1; ; version += 1) {
    const bytes = await store.get(commitPath(folder, version));
    if (bytes === null) return next ?? state;
    next ??= workingState(state);
    try {
      applyCommit(next, bytes.toString(), own);
    } catch (error) {
      throw new TableRefused(folder, `commit ${version} cannot be read: ${(error as Error).message}`);
    }
    next.version = version;
    if (next.protocol.minReaderVersion > PROTOCOL.minReaderVersion) {
      throw new TableRefused(folder, `it needs a reader of version ${next.protocol.minReaderVersion}, sluice is one of version 1`);
    }
  }
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
  commit.actions.forEach((action) => applyAction(state, action));
  state.endsWithOurs = commit.own?.node === own.node;
  if (commit.own?.node === own.node) state.sealedTo = nextSealedTo(state.sealedTo, commit.own, own.numberMax());
}

function applyAction(state: WorkingState, { protocol, metaData, add, remove }: Action): void {
  if (protocol) state.protocol = protocol;
  if (metaData) {
    state.metaData = metaData;
    state.fields = parseSchema(metaData.schemaString);
  }
  if (remove) state.liveFiles.delete(decodeURIComponent(remove.path));
  if (add) {
    const file = liveFile(add);
    state.liveFiles.set(file.path, file);
    state.namedFiles.add(file.path);
  }
}

/** The number of a commit of ours, held against what else is known. @throws when it cannot be the one that was written */
function nextSealedTo(sealedTo: number, { number, previous }: OwnMark, numberMax: number): number {
  if (previous !== null && previous !== sealedTo) throw new Error(`our commit before it was of number ${previous}, and the last one found is of ${sealedTo}`);
  if (number <= sealedTo) throw new Error(`it is of number ${number}, which is not above ${sealedTo} of our commit before`);
  if (number > numberMax) throw new Error(`it is of number ${number}, which was never given: the last one is ${numberMax}`);
  return number;
}

function liveFile(add: NonNullable<Action['add']>): LiveFile {
  const stats = add.stats ?? null;
  const numRecords = stats === null ? undefined : (JSON.parse(stats) as { numRecords?: number }).numRecords;
  return { path: decodeURIComponent(add.path), bytes: add.size, rows: numRecords ?? null, stats };
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
  if ((state.metaData?.partitionColumns ?? []).length > 0) {
    throw new TableRefused(folder, 'it is read-only: another writer gave it partition columns');
  }
  const checked = state.fields.find((field) => field.metadata['delta.invariants'] !== undefined);
  if (checked !== undefined) {
    throw new TableRefused(folder, `it is read-only: column ${checked.name} has an invariant that sluice does not check`);
  }
}

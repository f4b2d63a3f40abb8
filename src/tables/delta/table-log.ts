/** A table as its Delta log tells it. */
import { commitName } from '../../names.js';
import type { TableStore } from '../store.js';
import { appIdOf, PROTOCOL, type MetaData } from './actions.js';
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

interface Action {
  readonly protocol?: TableState['protocol'];
  readonly metaData?: MetaData;
  readonly add?: { readonly path: string; readonly size: number; readonly stats?: string | null };
  readonly remove?: { readonly path: string };
  readonly txn?: { readonly appId: string; readonly version: number };
}

/**
 * Reads a table's log from its first commit on.
 * @param folder of the table, below the store's root
 * @param node whose commits count for `sealedTo`
 * @throws TableRefused for a log that does not begin at version 0, has gaps, is not JSON, or needs a newer reader
 */
export async function loadTable(store: TableStore, folder: string, node: string): Promise<TableState> {
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
  };
  return takeUpNewer(store, folder, node, empty);
}

/** The state after every commit that is newer than `state`. @throws as `loadTable` */
export async function takeUpNewer(store: TableStore, folder: string, node: string, state: TableState): Promise<TableState> {
  const next = workingState(state);
  for (;;) {
    const version = next.version + 1;
    const bytes = await store.get(commitPath(folder, version));
    if (bytes === null) return next;
    try {
      applyCommit(next, bytes.toString(), appIdOf(node));
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
export function withCommit(state: TableState, text: string, node: string): TableState {
  const next = workingState(state);
  applyCommit(next, text, appIdOf(node));
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

/** Actions that are not known here change nothing that is kept. */
function applyCommit(state: WorkingState, text: string, appId: string): void {
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const { protocol, metaData, add, remove, txn } = JSON.parse(line) as Action;
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
    if (txn?.appId === appId) state.sealedTo = txn.version;
  }
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

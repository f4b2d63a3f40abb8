/** What a commit to a table needs to know of it, and how commits change that: little, and no more the longer the log is. */
import { appIdOf, PROTOCOL, type MetaData } from './actions.js';
import type { CheckpointRows } from './checkpoint-file.js';
import { isReplacement, safeSeq, type Action, type Commit, type OwnMark } from './commit-text.js';
import { fileChangeOf, type FileChange } from './file-list.js';
import { parseSchema, type SchemaField } from './schema-string.js';

/** What a table asks of those who read and write it. */
interface Protocol {
  readonly minReaderVersion: number;
  readonly minWriterVersion: number;
  readonly readerFeatures?: readonly string[];
  readonly writerFeatures?: readonly string[] | null | undefined;
}

/** A table at one version of its log. Never changed in place. */
export interface TableState {
  /** -1: the table has no commit yet. */
  readonly version: number;
  /** The version of the checkpoint that it was read from on; null: from the first commit on. */
  readonly checkpoint: number | null;
  readonly protocol: Protocol;
  readonly metaData: MetaData | null;
  /** Seq of our last commit, 0 before the first: rows at or below it are in files. */
  readonly flushedTo: number;
  /** Paths of the files of that commit, whatever took their place since; null: a checkpoint stands for it, or there is none. */
  readonly lastFiles: readonly string[] | null;
  /** The newest commit is this node's: nothing of ours can be missing behind it but whole commits at the end. */
  readonly endsWithOurs: boolean;
  /** Paths of live files of whose rows a deletion vector deletes some. */
  readonly deletedFrom: readonly string[];
}

/** What a state takes besides its texts, about. */
const STATE_BYTES = 2000;
const PATH_BYTES = 80;

/** The table's log is one that sluice cannot read or must not write. */
export class TableRefused extends Error {
  /** The seq of our last commit, where the log tells it all the same; 0 where it does not. */
  readonly flushedTo: number;
  constructor(folder: string, reason: string, flushedTo = 0) {
    super(`table ${folder}: ${reason}`);
    this.name = 'TableRefused';
    this.flushedTo = flushedTo;
  }
}

/** Whose commits count for `flushedTo`, what is known of the seqs that it gave, and who reads checkpoints. */
export interface OwnNode {
  /** 8 hex digits. */
  readonly node: string;
  /** No seq above it was given yet. */
  readonly seqMax: () => number;
  /** The rows of a checkpoint. @param paths of its parts, below the store's root @param version of the table, by its name */
  readonly readCheckpoint: (paths: readonly string[], version: number) => Promise<CheckpointRows>;
}

export const NO_COMMIT: TableState = {
  version: -1, checkpoint: null, protocol: PROTOCOL, metaData: null, flushedTo: 0, lastFiles: null, endsWithOurs: false, deletedFrom: [],
};

/** The columns of a table as its metaData describes them. */
export function fieldsOf({ metaData }: TableState): SchemaField[] {
  return metaData === null ? [] : parseSchema(metaData.schemaString);
}

/** Memory of a state, about. */
export function bytesOf({ deletedFrom, lastFiles, metaData }: TableState): number {
  const paths = deletedFrom.length + (lastFiles?.length ?? 0);
  return STATE_BYTES + (metaData === null ? 0 : JSON.stringify(metaData).length) + paths * PATH_BYTES;
}

/** The state after one more commit, and what the commit does to the files. @throws Error with a sentence when it is damaged */
export function afterCommit(state: TableState, { actions, own: mark }: Commit, own: OwnNode): { state: TableState; change: FileChange } {
  const change = fileChangeOf(actions);
  const isOurs = mark?.node === own.node;
  const next = { ...actions.reduce(withAction, state), version: state.version + 1, endsWithOurs: isOurs, deletedFrom: deletedAfter(state, change) };
  if (!isOurs) return { state: next, change };
  if (isReplacement(mark)) {
    assertFollows(state.flushedTo, mark);
    return { state: next, change };
  }
  const flushedTo = nextFlushedTo(state.flushedTo, mark, own.seqMax());
  return { state: { ...next, flushedTo, lastFiles: change.added.map(({ path }) => path) }, change };
}

/** The state with a row of a checkpoint. @throws as `afterCommit` */
export function withCheckpointRow(state: TableState, action: Action, own: OwnNode): { state: TableState; change: FileChange } {
  const change = fileChangeOf([action]);
  const next = { ...withAction(state, action), deletedFrom: deletedAfter(state, change) };
  if (action.txn?.appId !== appIdOf(own.node)) return { state: next, change };
  const flushedTo = safeSeq(action.txn.version); // 0 where all our commits replaced files of others
  assertGiven(flushedTo, own.seqMax());
  return { state: { ...next, flushedTo }, change };
}

/** The state of a checkpoint with what the commit of its version says besides. @throws Error when that says another seq */
export function withItsCommit(state: TableState, { actions, own: mark }: Commit, own: OwnNode): TableState {
  if (mark?.node !== own.node) return state;
  if (mark.seq !== state.flushedTo) throw new Error(`it is of seq ${state.flushedTo}, and its commit of ${mark.seq}`);
  const lastFiles = isReplacement(mark) ? null : fileChangeOf(actions).added.map(({ path }) => path);
  return { ...state, endsWithOurs: true, lastFiles };
}

/** Actions that are not known here change nothing that is kept. @throws when the schema cannot be read */
function withAction(state: TableState, { protocol, metaData }: Action): TableState {
  if (metaData) parseSchema(metaData.schemaString);
  return !protocol && !metaData ? state : { ...state, protocol: protocol ?? state.protocol, metaData: metaData ?? state.metaData };
}

function deletedAfter({ deletedFrom }: TableState, { added, deletedFrom: deleted, removed }: FileChange): readonly string[] {
  if (deletedFrom.length + deleted.length === 0) return deletedFrom;
  const settled = new Set([...removed, ...added.map(({ path }) => path)]);
  return [...deletedFrom.filter((path) => !settled.has(path)), ...deleted];
}

/** The seq of a commit of ours, held against what else is known. @throws when it cannot be the one that was written */
function nextFlushedTo(flushedTo: number, mark: OwnMark, seqMax: number): number {
  const { seq } = mark;
  assertFollows(flushedTo, mark);
  if (seq <= flushedTo) throw new Error(`it is of seq ${seq}, which is not above ${flushedTo} of our commit before`);
  assertGiven(seq, seqMax);
  return seq;
}

/** @throws when a commit of ours says that another one than the last one found was before it */
function assertFollows(flushedTo: number, { previous }: OwnMark): void {
  if (previous !== null && previous !== flushedTo) throw new Error(`our commit before it was of seq ${previous}, and the last one found is of ${flushedTo}`);
}

/** @throws when no record of the log can have a seq */
export function assertGiven(seq: number, seqMax: number): void {
  if (seq > seqMax) throw new Error(`it is of seq ${seq}, which was never given: the last one is ${seqMax}`);
}

/** Features of readers whose tables are read where the feature has no effect; its effects are looked for. */
const FEATURES_WITHOUT_EFFECT: ReadonlySet<string> = new Set(['columnMapping', 'deletionVectors', 'timestampNtz', 'v2Checkpoint', 'vacuumProtocolCheck']);

/** @throws TableRefused saying what the table asks of readers that sluice does not do */
export function assertReadable(folder: string, { deletedFrom, metaData, protocol, flushedTo }: TableState): void {
  const refuse = (reason: string): never => {
    throw new TableRefused(folder, reason, flushedTo);
  };
  const { minReaderVersion, readerFeatures = [] } = protocol;
  const unknown = readerFeatures.filter((feature) => !FEATURES_WITHOUT_EFFECT.has(feature));
  if (minReaderVersion > 3 || unknown.length > 0) refuse(`it needs a reader of version ${minReaderVersion}${unknown.length > 0 ? ` with ${unknown.join(', ')}` : ''}, sluice is one of version 1`);
  const partitionColumns = metaData?.partitionColumns ?? [];
  const mapping = configurationOf(metaData)['delta.columnMapping.mode'] ?? 'none';
  if (minReaderVersion > 1 && mapping !== 'none') refuse(`another writer gave it column mapping (${mapping}), which sluice does not read`);
  if (partitionColumns.length > 0) refuse(`another writer gave it partition columns (${partitionColumns.join(', ')}), and sluice reads and writes none`);
  const [deleted] = minReaderVersion < 3 ? [] : deletedFrom;
  if (deleted !== undefined) refuse(`another writer deleted rows of ${deleted} by a deletion vector, which sluice does not read`);
}

/** Whether rows may be added and never removed. */
export function isAppendOnly({ metaData }: TableState): boolean {
  return String(configurationOf(metaData)['delta.appendOnly']).toLowerCase() === 'true';
}

/** What a table sets for those who use it. */
function configurationOf(metaData: MetaData | null): Readonly<Record<string, string>> {
  return (metaData?.['configuration'] ?? {}) as Readonly<Record<string, string>>;
}

/** What writers of each version before 7 must know; from there on a table names it. */
const FEATURES_OF_VERSION: readonly (readonly string[])[] = [
  [], [], ['appendOnly', 'invariants'], ['checkConstraints'], ['changeDataFeed', 'generatedColumns'], ['columnMapping'], ['identityColumns'],
];

/** By feature, what in a table makes that a file which is only added does not satisfy it; null where it always does. */
const UNSATISFIED: Readonly<Record<string, (state: TableState, fields: readonly SchemaField[]) => string | null>> = {
  // Only a replacement removes rows, and asks.
  appendOnly: () => null,
  // Rows that are added are changes by themselves.
  changeDataFeed: () => null,
  invariants: (_, fields) => columnWith(fields, 'delta.invariants', 'has an invariant that sluice does not check'),
  generatedColumns: (_, fields) => columnWith(fields, 'delta.generationExpression', 'is computed from others, which sluice does not do'),
  identityColumns: (_, fields) => columnWith(fields, 'delta.identity.start', 'is counted up, which sluice does not do'),
  checkConstraints: ({ metaData }) => {
    const constraint = Object.keys(configurationOf(metaData)).find((key) => key.startsWith('delta.constraints.'));
    return constraint === undefined ? null : `it has the constraint ${constraint.slice('delta.constraints.'.length)}, which sluice does not check`;
  },
  columnMapping: ({ metaData }) => ((configurationOf(metaData)['delta.columnMapping.mode'] ?? 'none') === 'none' ? null : 'it has column mapping, which sluice does not write'),
};

function columnWith(fields: readonly SchemaField[], key: string, words: string): string | null {
  const column = fields.find(({ metadata }) => metadata[key] !== undefined);
  return column === undefined ? null : `column ${column.name} ${words}`;
}

/**
 * A table that asks for more than sluice does is left as it is; what files that are added satisfy by themselves is no reason.
 * @param fields its columns
 * @throws TableRefused saying what it asks for
 */
export function assertWritable(folder: string, state: TableState, fields: readonly SchemaField[]): void {
  const { minWriterVersion, writerFeatures } = state.protocol;
  const named = minWriterVersion < FEATURES_OF_VERSION.length ? FEATURES_OF_VERSION.slice(0, minWriterVersion + 1).flat() : writerFeatures;
  const unknown = minWriterVersion > 7 || named == null ? [] : named.filter((feature) => UNSATISFIED[feature] === undefined);
  if (minWriterVersion > 7 || named == null || unknown.length > 0) {
    const features = unknown.length === 0 ? '' : ` with ${unknown.join(', ')}`;
    throw new TableRefused(folder, `it is read-only: it needs a writer of version ${minWriterVersion}${features}, sluice is one of version 2`);
  }
  // An invariant is looked for whatever the version is: who wrote it means it.
  for (const feature of new Set(['invariants', ...named])) {
    const reason = UNSATISFIED[feature]!(state, fields);
    if (reason !== null) throw new TableRefused(folder, `it is read-only: ${reason}`);
  }
}

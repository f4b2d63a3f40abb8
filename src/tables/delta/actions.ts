/** The actions of a Delta commit, as lines of JSON. https://github.com/delta-io/delta/blob/master/PROTOCOL.md, reader 1, writer 2. */
import { VERSION } from '../../version.js';
import type { FileStatistics, FlushedFile } from '../../model/flushed-file.js';

/** The protocol of tables sluice makes, and the highest it reads and writes. */
export const PROTOCOL = { minReaderVersion: 1, minWriterVersion: 2 } as const;

const APP_ID = /^sluice-([0-9a-f]{8})$/;
/** What our commits are signed with. */
export const ENGINE = `sluice/${VERSION}`;

/** What a table says of itself, besides its columns. */
export interface TableIdentity {
  readonly tableId: number;
  readonly measurement: string;
  readonly database: string;
}

/** The metaData action's content. Others may have put more into it: what is not named here is kept. */
export interface MetaData {
  /** UUID, the same for the table's whole life. */
  readonly id: string;
  readonly schemaString: string;
  readonly partitionColumns: readonly string[];
  readonly [other: string]: unknown;
}

export function protocolAction(): string {
  return JSON.stringify({ protocol: PROTOCOL });
}

/** The metaData of a new table. @param id a new UUID */
export function newMetaData(id: string, identity: TableIdentity, schemaString: string, createdMs: number): MetaData {
  return {
    id,
    name: identity.measurement,
    description: `sluice table ${identity.tableId} of database ${identity.database}`, // identityOf reads it back
    format: { provider: 'parquet', options: {} },
    schemaString,
    partitionColumns: [],
    configuration: {},
    createdTime: createdMs,
  };
}

/** Whose table it is, as `newMetaData` wrote it, or null when it is none of ours. */
export function identityOf({ name, description }: MetaData): TableIdentity | null {
  const [, tableId, database] = /^sluice table ([1-9]\d{0,9}) of database (.+)$/s.exec(String(description)) ?? [];
  if (database === undefined || typeof name !== 'string' || name === '') return null;
  return { tableId: Number(tableId), measurement: name, database };
}

export function metaDataAction(metaData: MetaData): string {
  return JSON.stringify({ metaData });
}

/** A path as actions have it. @param path relative to the table's folder */
export function uriOf(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** What a commit says of all its files. */
interface ChangeOfFiles {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** Whether the rows of the table become others. */
  readonly dataChange: boolean;
}

/**
 * Adds a file.
 * @param path relative to the table's folder
 * @param columns every column name of the schema, for `nullCount` of those the file does not have
 */
export function addAction(path: string, { bytes, statistics, tags }: AddedFile, columns: readonly string[], { dataChange, timeMs }: ChangeOfFiles): string {
  return JSON.stringify({
    add: {
      path: uriOf(path),
      partitionValues: {},
      size: bytes,
      modificationTime: timeMs,
      dataChange,
      stats: statisticsText(statistics, columns),
      ...(tags === undefined ? {} : { tags }),
    },
  });
}

/** Says that compaction made a file: of all versions of its points, so that each stands in it once, or only of some. */
export const MERGED_TAG = 'sluice.merged';
export const MERGED_TAG_VALUES = { points: 'points', rows: 'rows' } as const;
/** Says that all rows of a file are before a millisecond since 1970: statistics round the last time up. */
export const BEFORE_TAG = 'sluice.before';

/** Says that rows of deletes up to a seq are gone from a file. */
export const DELETED_TAG = 'sluice.deleted';

/** A data file and what its `add` says besides, which is kept as long as the file is part of the table. */
export interface AddedFile extends FlushedFile {
  readonly tags?: Readonly<Record<string, string>>;
}

/** Removes a file. @param path relative to the table's folder @param uri as its `add` has it, where `uriOf` writes it in another way */
export function removeAction(path: string, uri: string | undefined, bytes: number, { dataChange, timeMs }: ChangeOfFiles): string {
  return JSON.stringify({
    remove: { path: uri ?? uriOf(path), deletionTimestamp: timeMs, dataChange, extendedFileMetadata: true, partitionValues: {}, size: bytes },
  });
}

/** Values are already JSON text: integers beyond 2^53 would not survive JSON.stringify. A column not in the file is all null. */
function statisticsText(statistics: FileStatistics, columns: readonly string[]): string {
  const nulls = new Map(Object.entries(statistics.nullCount));
  const nullCount = columns.map((name) => [name, String(nulls.get(name) ?? statistics.numRecords)] as const);
  return `{"numRecords":${statistics.numRecords},"minValues":${objectText(Object.entries(statistics.minValues))},`
    + `"maxValues":${objectText(Object.entries(statistics.maxValues))},"nullCount":${objectText(nullCount)}}`;
}

function objectText(entries: readonly (readonly [name: string, text: string])[]): string {
  return `{${entries.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
}

/** The application that our commits name in `txn`; its version is a seq. @param node 8 hex digits */
export function appIdOf(node: string): string {
  return `sluice-${node}`;
}

/** Whether `appIdOf` made it, for whatever node. */
export function isOurAppId(appId: string): boolean {
  return APP_ID.test(appId);
}

/** The node of an app id that `appIdOf` made. */
export function nodeOf(appId: string): string {
  return APP_ID.exec(appId)?.[1] ?? '';
}

/** Whether a `commitInfo.engineInfo` says that a sluice, of whatever version, made the commit. */
export function isOurEngine(engineInfo: unknown): boolean {
  return typeof engineInfo === 'string' && engineInfo.startsWith('sluice/');
}

export function txnAction(appId: string, seq: number, timeMs: number): string {
  return JSON.stringify({ txn: { appId, version: seq, lastUpdated: timeMs } });
}

/** What a commit says that it does, in the words that Delta has for it. */
export interface Operation {
  readonly operation: string;
  readonly operationParameters: Readonly<Record<string, string>>;
  /** Counts, as texts. */
  readonly operationMetrics: Readonly<Record<string, string>>;
  readonly isBlindAppend: boolean;
}

/** A flush as an operation. */
export function appendOf(files: readonly FlushedFile[]): Operation {
  const sum = (of: (file: FlushedFile) => number): string => String(files.reduce((total, file) => total + of(file), 0));
  return {
    operation: 'WRITE',
    operationParameters: { mode: 'Append', partitionBy: '[]' },
    operationMetrics: { numFiles: String(files.length), numOutputRows: sum(({ rows }) => rows), numOutputBytes: sum(({ bytes }) => bytes) },
    isBlindAppend: true,
  };
}

/**
 * @param commitId a UUID: no two commits have the same bytes, so their writer can tell whose stands
 * @param previous the seq of our commit before, 0 for none
 */
export function commitInfoAction(operation: Operation, commitId: string, previous: number, timeMs: number): string {
  return JSON.stringify({
    commitInfo: {
      timestamp: timeMs,
      ...operation,
      engineInfo: ENGINE,
      txnId: commitId,
      sluicePrevious: previous,
    },
  });
}

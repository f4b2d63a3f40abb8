/** What main and a worker say to each other. Types and constants alone; both sides import this file. */
import type { MessagePort } from 'node:worker_threads';

/** How a body is packed on the wire; the numbers stand in log frames. */
export const ENCODING_IDENTITY = 0;
export const ENCODING_GZIP = 1;
export type Encoding = typeof ENCODING_IDENTITY | typeof ENCODING_GZIP;

/** In the ring of numbers instead of a number: main could not log the body. */
export const GIVEN_UP = -1;

/** One body to parse: where it lies in body memory and what decides its meaning. */
export interface BodyTask {
  /** Indices of body-memory blocks, in order. */
  readonly blocks: readonly number[];
  /** Bytes as received. */
  readonly bytes: number;
  readonly encoding: Encoding;
  readonly databaseId: number;
  /** PRECISION_* of the ABI. */
  readonly precision: number;
  /** Nanoseconds since 1970 for lines without a timestamp; already truncated to the precision. */
  readonly defaultTime: bigint;
  /** false: one rejected line refuses the body. */
  readonly acceptPartial: boolean;
  /** RULE_* of the ABI: those of the database when the write began, on replay those of the frame. */
  readonly rules: number;
  /** Set when the body comes out of the log. */
  readonly replay?: ReplayOf;
}

/** What a replayed frame already decided. */
interface ReplayOf {
  readonly number: number;
  /** (first, last) physical line pairs to skip. */
  readonly rejectedRuns: Uint32Array;
}

/** A rejected line, with everything an answer says of it. Texts are shortened to 256 bytes on a character boundary. */
export interface LineError {
  /** Physical line, from 1, of the line's first byte. */
  readonly line: number;
  /** Byte column, from 1. */
  readonly column: number;
  /** LINE_* of the ABI. */
  readonly code: number;
  readonly source: string;
  readonly measurement: string;
  readonly key: string;
  readonly value: string;
  /** KIND_* the column has and that came, for conflicts. */
  readonly kindHas: number;
  readonly kindCame: number;
}

/** A table that needs columns. */
export interface NeededTable {
  /** 0: it is new itself. */
  readonly id: number;
  readonly measurement: string;
}

export interface Need {
  /** One object for all needs of the table in a body: a long measurement crosses to main once. */
  readonly table: NeededTable;
  readonly kind: number;
  readonly key: string;
}

/** The rejected lines of a body that is not replayed. */
export interface RejectedLines {
  /** Records of as many as there was room for (src/rejects/reject-record.ts). */
  readonly text: Uint8Array;
  /** Lines in the text. */
  readonly kept: number;
  /** Number and LINE_* of lines behind those that stand among the errors, as many as an answer may have room for. */
  readonly more: readonly (readonly [line: number, code: number])[];
  /** How many lines were rejected for each LINE_*, those without room too. */
  readonly codes: readonly (readonly [code: number, lines: number])[];
}

interface LineCounts {
  readonly lines: number;
  readonly accepted: number;
  readonly rejected: number;
  /** The first ERRORS_MAX of the rejected lines. */
  readonly errors: readonly LineError[];
  readonly rejectedRuns: Uint32Array;
  /** null when none was rejected. */
  readonly rejectedLines: RejectedLines | null;
}

/** Rows wait in the memtables of the worker under `ordinal`. */
export interface AcceptedBody extends LineCounts {
  readonly state: 'accepted';
  /** Counts the accepted bodies of this worker, from 1; never used again. */
  readonly ordinal: number;
  readonly inflatedBytes: number;
  readonly checksum: bigint;
  /** Rows added, a pair (table id, rows) each. */
  readonly rows: readonly (readonly [tableId: number, rows: number])[];
}
/** All or nothing was asked and a line was rejected: rolled back. */
export interface RefusedBody extends LineCounts {
  readonly state: 'refused';
}
/** Rolled back until main has decided the tables and columns. */
interface NeedyBody {
  readonly state: 'needs';
  readonly needs: readonly Need[];
}
/** Not a body at all: bad gzip, or over a limit; or there is no room for its rows now. Nothing is stored. */
export interface BadBody {
  readonly state: 'bad';
  readonly problem: 'gzip' | 'body-too-large' | 'too-many-lines' | 'overloaded';
  readonly detail: string;
}
export type BodyOutcome = AcceptedBody | RefusedBody | NeedyBody | BadBody;

/** Result of the task `parse`: one outcome a body, in the order of the list. */
export interface ParseResult {
  readonly slot: number;
  readonly outcomes: readonly BodyOutcome[];
}

/** A table as workers know it. */
export interface TableDefinition {
  readonly id: number;
  readonly databaseId: number;
  readonly measurement: string;
  /** Log number of its creation. */
  readonly created: number;
  /** Rows at or below this number are in files. */
  readonly flushedTo: number;
  readonly columns: readonly ColumnDefinition[];
}
export interface ColumnDefinition {
  readonly id: number;
  /** KIND_TAG or a field kind. */
  readonly kind: number;
  /** The key as sent. */
  readonly key: string;
  /** Its column in the files. */
  readonly name: string;
}

/** What an adopted worker gets with its first task. */
export interface Adoption {
  readonly slot: number;
  readonly port: MessagePort;
  /** Body memory: blocks of `blockBytes`. */
  readonly bodyMemory: SharedArrayBuffer;
  readonly blockBytes: number;
  /** BigInt64Array of log numbers by ordinal modulo its length; 0 = not decided yet, -1 = given up. */
  readonly numbers: SharedArrayBuffer;
  /** What all workers let see (gauges.ts), and the row that is this one's. */
  readonly gauges: SharedArrayBuffer;
  readonly gauge: number;
  /** This worker's share of the memory for rows: over it, its linear memory is made small again after a flush. */
  readonly memoryBytesMax: number;
  /** The memory for rows of all workers: a body that would take more is refused. */
  readonly rowBytesMax: number;
  /** For the linear memory of all workers, what is free in it too: a body that would make it larger is refused. */
  readonly linearBytesMax: number;
  readonly limits: WorkerLimits;
  readonly dataDir: string;
  readonly start: string;
  readonly inflate: 'wasm' | 'zlib' | 'zlib-sync' | 'zlib-sync-whole';
}
export interface WorkerLimits {
  readonly bodyBytesMax: number;
  readonly bodyLinesMax: number;
  readonly tablesMax: number;
  readonly columnsMax: number;
  readonly columnNameBytesMax: number;
  readonly namesBytesMax: number;
  /** For the entries of the series cache. */
  readonly seriesBytesMax: number;
}
/** Those that the parser judges by. */
export type ParserLimits = Omit<WorkerLimits, 'bodyBytesMax' | 'bodyLinesMax'>;

/** Main → worker over the adopted port. Applied in order, before the next task at the latest. */
export type ToWorker =
  | { readonly say: 'define'; readonly tables: readonly TableDefinition[] }
  | { readonly say: 'drop'; readonly tableIds: readonly number[] }
  /** New lines of these tables are refused, or taken again; lines that are read back are taken always. */
  | { readonly say: 'set-aside'; readonly tableIds: readonly number[]; readonly isSetAside: boolean }
  | { readonly say: 'flush'; readonly order: FlushOrder }
  /** The commit stands: rows at or below `number` leave the memtable. */
  | { readonly say: 'flushed'; readonly tableId: number; readonly number: number }
  /** Rows of bodies above ordinal `keptTo` are given up; the answer is 'rolled-back'. */
  | { readonly say: 'roll-back'; readonly keptTo: number }
  /** A body found no room: make memory smaller, where that can be. */
  | { readonly say: 'tidy' }
  /** Show a sign of life, and take the numbers that were given. */
  | { readonly say: 'ask' };

/** A file of the rows of a table up to a number. */
export interface FileOrder {
  readonly tableId: number;
  readonly number: number;
  /** Below the root of its store. */
  readonly path: string;
  /** Columns in the order of the file, our own three apart. */
  readonly columns: readonly ColumnDefinition[];
}

/** Write the file. */
export interface FlushOrder extends FileOrder {
  /** The store that it goes to: that of the tables, or of rows that cannot go there. */
  readonly into: 'tables' | 'quarantine';
  /** JSON lines: without the encoder. */
  readonly as: 'parquet' | 'json';
}

/** Worker → main over the adopted port. */
export type FromWorker =
  | { readonly say: 'file'; readonly tableId: number; readonly file: FlushedFile | null }
  /** `isFatal`: the slot ends with it. */
  | { readonly say: 'flush-failed'; readonly tableId: number; readonly reason: string; readonly isFatal: boolean }
  /** For the log of the server: what became of the worker's memory. */
  | { readonly say: 'memory'; readonly sentence: string }
  | { readonly say: 'rolled-back'; readonly nextOrdinal: number };

/** A published data file. */
export interface FlushedFile {
  readonly path: string;
  readonly bytes: number;
  readonly rows: number;
  readonly statistics: FileStatistics;
}

/** Statistics of a file for Delta, by column name of the file; every value is already JSON text (docs/tables.md R1–R7). */
export interface FileStatistics {
  readonly numRecords: number;
  /** Column name → JSON text of the value. */
  readonly minValues: Readonly<Record<string, string>>;
  readonly maxValues: Readonly<Record<string, string>>;
  readonly nullCount: Readonly<Record<string, number>>;
}

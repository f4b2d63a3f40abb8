/** What main and a worker say to each other. Types and constants alone; both sides import this file. */
import type { MessagePort } from 'node:worker_threads';
import type { Encoding } from '../model/encoding.js';
import type { FlushedFile } from '../model/flushed-file.js';
import type { WorkerLimits } from '../model/limits.js';
import type { LineError, RejectedLines } from '../model/line-error.js';
import type { ColumnDefinition, Need, TableDefinition } from '../model/schema.js';

/** In the ring of seqs instead of a seq: main could not log the body. */
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
  /** Nanoseconds since 1970 of the oldest timestamp that is taken, fixed when the write began; absent, all are. Not judged on replay. */
  readonly keptSince?: bigint;
  /** RULE_* of the ABI: those of the database when the write began, on replay those of the frame. */
  readonly rules: number;
  /** Set when the body comes out of the log. */
  readonly replay?: ReplayOf;
}

/** What a replayed frame already decided. */
interface ReplayOf {
  readonly seq: number;
  /** Bytes of the body, unpacked: so much room it is given, whatever the limit is now. */
  readonly inflatedBytes: number;
  /** (first, last) physical line pairs to skip. */
  readonly rejectedRuns: Uint32Array;
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

/** What an adopted worker gets with its first task. */
export interface Adoption {
  readonly slot: number;
  readonly port: MessagePort;
  /** Body memory: blocks of `blockBytes`. */
  readonly bodyMemory: SharedArrayBuffer;
  readonly blockBytes: number;
  /** BigInt64Array of seqs by ordinal modulo its length; 0 = not decided yet, -1 = given up. */
  readonly seqs: SharedArrayBuffer;
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

/** Main → worker over the adopted port. Applied in order, before the next task at the latest. */
export type ToWorker =
  | { readonly say: 'define'; readonly tables: readonly TableDefinition[] }
  | { readonly say: 'drop'; readonly tableIds: readonly number[] }
  /** New lines of these tables are refused, or taken again; lines that are read back are taken always. */
  | { readonly say: 'set-aside'; readonly tableIds: readonly number[]; readonly isSetAside: boolean }
  | { readonly say: 'flush'; readonly order: FlushOrder }
  /** The commit stands: rows at or below `seq` leave the memtable. */
  | { readonly say: 'flushed'; readonly tableId: number; readonly seq: number }
  /** Rows of live bodies with a seq above `keptTo`, and with none yet, are given up; the answer is 'rolled-back'. */
  | { readonly say: 'roll-back'; readonly keptTo: number }
  /** A body found no room: make memory smaller, where that can be. */
  | { readonly say: 'tidy' }
  /** Show a sign of life, and take the seqs that were given. */
  | { readonly say: 'ask' };

/** A file of the rows of a table up to a seq. */
export interface FileOrder {
  readonly tableId: number;
  readonly seq: number;
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


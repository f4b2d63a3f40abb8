/** What a server and a process that runs queries say to each other. Types and constants alone; both sides import this file. */
import type { DuckLimits, Parameters } from './duckdb.js';
import type { Format } from './format.js';
import type { NamedTable, QueryTable } from './views.js';

/** Formats of results over HTTP. */
type AnswerFormat = Exclude<Format, 'tsv'> | 'parquet';

/** Pieces that are on their way at once: who has not taken them gets no more. */
export const PIECES_MAX = 4;
export const PIECE_BYTES = 64 * 1024;

/** What is asked of a database. */
export interface Question {
  readonly database: string;
  readonly sql: string;
  readonly parameters: Parameters;
  readonly format: AnswerFormat;
}

/** A query to run. */
export interface QueryOrder extends Question {
  /** Those of the database. */
  readonly tables: readonly NamedTable[];
  /** Its folder is that of this query, and removed by whoever gave the order. */
  readonly limits: DuckLimits;
}

/** Server → process. One order at a time. */
export type ToQuery =
  | { readonly say: 'run'; readonly order: QueryOrder }
  /** The answer to 'load'. */
  | { readonly say: 'tables'; readonly tables: readonly QueryTable[] }
  | { readonly say: 'no-tables'; readonly reason: string }
  /** A piece was taken. */
  | { readonly say: 'more' }
  /** The query is to end: nobody wants it, or its time is over. */
  | { readonly say: 'stop' };

/** Whose fault it is that a query failed. */
export type Fault = 'refused' | 'failed' | 'memory';

/** Process → server. An order ends with 'done' or 'failed'. */
export type FromQuery =
  /** The files of these tables are wanted, and what is not in files yet. */
  | { readonly say: 'load'; readonly tables: readonly { readonly database: string; readonly measurement: string }[] }
  | { readonly say: 'piece'; readonly bytes: Uint8Array }
  | { readonly say: 'done'; readonly heldBytes: number }
  | { readonly say: 'failed'; readonly fault: Fault; readonly reason: string; readonly heldBytes: number };

/** What the front end hands to the way of a write, and what it gets back. */
import type { Encoding } from '../model/encoding.js';
import type { LineError, RejectedLines } from '../model/line-error.js';
import type { ErrorCode } from '../errors.js';

/** Which API asked; it decides the shape of the answer. */
export type Dialect = 'v1' | 'v2' | 'v3';

/** A write, after parameters and credentials were checked and before its body is read. */
export interface WriteRequest {
  readonly dialect: Dialect;
  /** Valid database name. */
  readonly database: string;
  /** PRECISION_* of the ABI. */
  readonly precision: number;
  readonly encoding: Encoding;
  /** false: one bad line refuses the request. */
  readonly acceptPartial: boolean;
  /** Answer when the frame is written; its sync follows. */
  readonly noSync: boolean;
  /** A float may be infinite: rows that earlier programs stored are written again. */
  readonly infinities?: boolean;
}

/** A body in body memory. Whoever holds it frees it exactly once. */
export interface Body {
  readonly blocks: number[];
  bytes: number;
}

/** The end of a write, in the terms of no dialect. */
export type WriteOutcome =
  /** Every line was accepted (also: there was none). */
  | { readonly kind: 'stored' }
  /** Lines were rejected; the others are stored, unless `stored` is false (all or nothing). */
  | {
      readonly kind: 'partial';
      readonly stored: boolean;
      readonly accepted: number;
      readonly rejected: number;
      readonly errors: readonly LineError[];
      /** Pairs (first, last) of the physical lines of all rejected lines. */
      readonly rejectedRuns: Uint32Array;
      readonly rejectedLines: RejectedLines | null;
    }
  /** The request as a whole was not stored. */
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly detail: string };

/** The way of a write, as the front end sees it. */
export interface Writer {
  /**
   * Takes a whole body. Owns `body` from here on and frees it. Never rejects.
   * @param waitedMs how long the request was held back already: it settles within the time that an answer may take, less this
   */
  write(request: WriteRequest, body: Body, waitedMs: number): Promise<WriteOutcome>;
}

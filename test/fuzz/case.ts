/** What is done to a parser, step by step, what it answers, and the form in which such cases are kept in test/fuzz/cases/. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Precision } from '../oracle/numbers.js';
import type { Kind, Rejection } from '../oracle/point.js';
import type { DatabaseRules } from '../oracle/schema.js';
import { root } from '../root.js';

export interface Request {
  /** Any positive number: each database has tables of its own. */
  readonly database: number;
  readonly precision: Precision;
  readonly acceptPartial: boolean;
  /** Those of the database at this moment; plain when absent. */
  readonly rules?: DatabaseRules;
  /** Lines that the body may have; two million when absent. */
  readonly linesMax?: number;
  readonly body: Buffer;
}

/** What happens to the rows of a database between requests; the seed chooses which (changes.ts). */
export interface Change {
  readonly database: number;
  /**
   * Some rows of a table are given up; some tables are flushed, which takes all their rows; a table is dropped. The parser
   * lets go of what no row needs; all its rows move into a fresh instance: both change nothing that can be seen.
   */
  readonly change: 'remove' | 'flush' | 'drop' | 'free' | 'move';
  readonly seed: number;
}

export type Step = Request | Change;

/** Steps of one parser, in order. */
export type Case = readonly Step[];

/** Time of the lines that name none, in nanoseconds since 1970. */
export const DEFAULT_TIME_NS = 1_700_000_000_123_456_789n;

/** What one request did. */
export interface Outcome {
  readonly status: 'accepted' | 'refused' | 'too many lines';
  /** Rejected lines in order; a subject may stop after the first `ERRORS_MAX`. Of a body of too many lines there is no saying. */
  readonly errors: readonly Rejection[];
  readonly rejected: number;
  /** Of the accepted lines as they were sent; 0 when none was stored. */
  readonly checksum: bigint;
  /** New rows of each measurement, in line order, as `rowText` writes them. */
  readonly rows: ReadonlyMap<string, readonly string[]>;
  /** Physical lines of the stored points; null when the subject does not tell. */
  readonly lines: readonly number[] | null;
  /** Every answer to this request in full, which all builds of the parser must give alike; null of the oracle. */
  readonly answers: unknown;
}

/** All rows of each measurement and the kind of each key, by database. */
export interface State {
  readonly rows: ReadonlyMap<string, readonly string[]>;
  readonly schema: ReadonlyMap<string, ReadonlyMap<string, Kind>>;
}

/** What can be asked to do the steps of a case; the oracle is one, each build of the parser another. */
export interface Subject {
  write(request: Request): Outcome;
  change(change: Change): void;
  state(database: number): State;
}

/** A row as text: its time, and for each key that has a value the kind and the value, in the order of the keys. */
export function rowText(timestampNs: bigint, cells: Iterable<readonly [key: string, kind: Kind, text: string]>): string {
  return Array.from(cells, ([key, kind, text]) => `${key}\x01${kind}\x02${text}`).sort().join('\x03') + `\x04${timestampNs}`;
}

/** Adds to the list under a key. */
export function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

interface StoredRequest extends Omit<Request, 'body'> {
  /** The body when it is UTF-8, else `hex`. */
  readonly text?: string;
  readonly hex?: string;
}

/** A file of test/fuzz/cases/: why it is kept, and its steps. */
export interface StoredCase {
  readonly why: string;
  readonly steps: readonly (StoredRequest | Change)[];
}

export function toStored(why: string, steps: Case): StoredCase {
  return {
    why,
    steps: steps.map((step) => {
      if ('change' in step) return step;
      const { body, ...rest } = step;
      const text = body.toString();
      return Buffer.from(text).equals(body) ? { ...rest, text } : { ...rest, hex: body.toString('hex') };
    }),
  };
}

export function fromStored({ steps }: StoredCase): Case {
  return steps.map((step) => {
    if ('change' in step) return step;
    const { text, hex, ...rest } = step;
    return { ...rest, body: hex === undefined ? Buffer.from(text ?? '') : Buffer.from(hex, 'hex') };
  });
}

/** Every kept case by its file's name. */
export function readCases(): { name: string; steps: Case }[] {
  const folder = join(root, 'test/fuzz/cases');
  return readdirSync(folder).filter((name) => name.endsWith('.json')).sort().map((name) => {
    return { name, steps: fromStored(JSON.parse(readFileSync(join(folder, name), 'utf8')) as StoredCase) };
  });
}

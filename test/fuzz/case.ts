/** A sequence of requests with what the oracle says of it, and the form in which it is kept in test/fuzz/cases/. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseBody } from '../oracle/line-protocol.js';
import { canonicalRow, splitTime } from '../oracle/model.js';
import type { Precision } from '../oracle/numbers.js';
import { type Kind, type Parsed, type Point, type Rejection, valueText } from '../oracle/point.js';
import { type DatabaseRules, type SchemaLimits, SchemaOracle } from '../oracle/schema.js';
import { root } from '../root.js';

export interface Request {
  /** Any positive number: each database has tables of its own. */
  readonly database: number;
  readonly precision: Precision;
  readonly acceptPartial: boolean;
  /** Those of the database at this moment; plain when absent. */
  readonly rules?: DatabaseRules;
  readonly body: Buffer;
}

/** Requests to one parser, in order. */
export type Case = readonly Request[];

/** Time of the lines that name none, in nanoseconds since 1970. */
export const DEFAULT_TIME_NS = 1_700_000_000_123_456_789n;

/** What one request did. */
export interface Outcome {
  /** Rejected lines in order; a subject may stop after the first `ERRORS_MAX`. */
  readonly errors: readonly Rejection[];
  readonly rejected: number;
  /** New rows of each measurement, in line order, as `rowText` writes them. */
  readonly rows: ReadonlyMap<string, readonly string[]>;
  /** Physical lines of the stored points; null when the subject does not tell. */
  readonly lines: readonly number[] | null;
}

/** All rows of each measurement and the kind of each key, by database. */
export interface State {
  readonly rows: ReadonlyMap<string, readonly string[]>;
  readonly schema: ReadonlyMap<string, ReadonlyMap<string, Kind>>;
}

/** What can be asked to do the requests of a case; the oracle is one, the parser another. */
export interface Subject {
  write(request: Request): Outcome;
  state(database: number): State;
}

/** A row as text: its time, and for each key that has a value the kind and the value. */
export function rowText(timestampNs: bigint, cells: Iterable<readonly [key: string, kind: Kind, text: string]>): string {
  const { timeMicros, remainderNs } = splitTime(timestampNs);
  return canonicalRow(timeMicros, remainderNs, [...cells].map(([key, kind, text]) => [key, `${kind} ${text}`] as const));
}

/** The oracle as a subject. */
export class OracleSubject implements Subject {
  readonly #databases = new Map<number, { schema: SchemaOracle; rows: Map<string, string[]> }>();
  /** Lines of all requests so far that were neither blank nor comments, and those of them that were stored. */
  lines = 0;
  accepted = 0;
  readonly #limits: SchemaLimits;

  constructor(limits: SchemaLimits = {}) {
    this.#limits = limits;
  }

  write(request: Request): Outcome {
    const { schema, rows } = this.#database(request.database);
    const parsed = parseBody(request.body, { precision: request.precision, defaultTimeNs: DEFAULT_TIME_NS });
    const { points, errors }: Parsed = schema.write(parsed, request.acceptPartial, request.rules);
    this.lines += parsed.points.length + parsed.errors.length;
    this.accepted += points.length;
    const added = new Map<string, string[]>();
    for (const point of points) push(added, point.measurement, pointText(point));
    for (const [measurement, texts] of added) for (const text of texts) push(rows, measurement, text);
    return { errors, rejected: errors.length, rows: added, lines: points.map(({ line }) => line) };
  }

  state(database: number): State {
    const { schema, rows } = this.#database(database);
    return { rows, schema: schema.tables };
  }

  #database(id: number): { schema: SchemaOracle; rows: Map<string, string[]> } {
    let database = this.#databases.get(id);
    if (database === undefined) this.#databases.set(id, (database = { schema: new SchemaOracle(this.#limits), rows: new Map() }));
    return database;
  }
}

function pointText(point: Point): string {
  return rowText(point.timestampNs, [
    ...point.tags.map(([key, value]) => [key, 'tag', value] as const),
    ...point.fields.map(([key, value]) => [key, value.type, valueText(value)] as const),
  ]);
}

/** Adds to the list under a key. */
export function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

interface StoredRequest {
  readonly database: number;
  readonly precision: Precision;
  readonly acceptPartial: boolean;
  readonly rules?: DatabaseRules;
  /** The body when it is UTF-8, else `hex`. */
  readonly text?: string;
  readonly hex?: string;
}

/** A file of test/fuzz/cases/: why it is kept, and its requests. */
export interface StoredCase {
  readonly why: string;
  readonly requests: readonly StoredRequest[];
}

export function toStored(why: string, requests: Case): StoredCase {
  return {
    why,
    requests: requests.map(({ body, ...rest }) => {
      const text = body.toString();
      return Buffer.from(text).equals(body) ? { ...rest, text } : { ...rest, hex: body.toString('hex') };
    }),
  };
}

export function fromStored({ requests }: StoredCase): Case {
  return requests.map(({ text, hex, ...rest }) => ({ ...rest, body: hex === undefined ? Buffer.from(text ?? '') : Buffer.from(hex, 'hex') }));
}

/** Every kept case by its file's name. */
export function readCases(): { name: string; requests: Case }[] {
  const folder = join(root, 'test/fuzz/cases');
  return readdirSync(folder).filter((name) => name.endsWith('.json')).sort().map((name) => {
    return { name, requests: fromStored(JSON.parse(readFileSync(join(folder, name), 'utf8')) as StoredCase) };
  });
}

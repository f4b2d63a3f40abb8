/** From path, parameters and headers to the one request that the rest of the server knows. Pure. */
import {
  PRECISION_AUTO, PRECISION_H, PRECISION_M, PRECISION_MS, PRECISION_NS, PRECISION_S, PRECISION_US,
} from '../../../assembly/layout/codes.js';
import { bucketDatabase, joinPolicy } from '../../database-names.js';
import { SluiceError } from '../../errors.js';
import { checkDatabaseName, type DatabaseNameRule } from '../../names.js';
import type { Dialect, WriteRequest } from '../../ingest/request.js';
import { ENCODING_GZIP, ENCODING_IDENTITY } from '../../model/encoding.js';
import type { Encoding } from '../../model/encoding.js';
import type { QueryParameters } from './query-string.js';

export interface DialectOptions {
  /** What a v1 or v2 write means that names no precision: its size decides, or nanoseconds as InfluxDB has it. */
  readonly legacyPrecision: 'auto' | 'ns';
  readonly databaseNames: DatabaseNameRule;
}

/** How much of a client's own text an error repeats. */
const QUOTE_CHARACTERS_MAX = 80;

/** Parameters with a meaning; they may not stand twice. */
const PARAMETERS: Readonly<Record<Dialect, readonly string[]>> = {
  v1: ['db', 'rp', 'precision', 'accept_partial', 'p'],
  v2: ['bucket', 'precision', 'accept_partial'],
  v3: ['db', 'precision', 'accept_partial', 'no_sync'],
};

const PRECISIONS: ReadonlyMap<string, number> = new Map([
  ['', PRECISION_AUTO], ['auto', PRECISION_AUTO],
  ['n', PRECISION_NS], ['ns', PRECISION_NS], ['nanosecond', PRECISION_NS],
  // The micro sign and the Greek letter.
  ['u', PRECISION_US], ['us', PRECISION_US], ['\u00b5', PRECISION_US], ['\u00b5s', PRECISION_US],
  ['\u03bc', PRECISION_US], ['\u03bcs', PRECISION_US], ['microsecond', PRECISION_US],
  ['ms', PRECISION_MS], ['millisecond', PRECISION_MS],
  ['s', PRECISION_S], ['second', PRECISION_S],
  ['m', PRECISION_M], ['minute', PRECISION_M],
  ['h', PRECISION_H], ['hour', PRECISION_H],
]);

/** Telegraf by its User-Agent. */
export function isTelegraf(userAgent: string): boolean {
  return userAgent.startsWith('Telegraf/');
}

/**
 * influxdb-client-js, by its User-Agent, takes the seconds of Retry-After for milliseconds: all its retries would be over
 * within one second, and its points lost. Without the header it waits for 5 s and then for longer.
 */
export function misreadsRetryAfter(userAgent: string): boolean {
  return userAgent.startsWith('influxdb-client-js/');
}

function quote(text: string): string {
  return JSON.stringify(text.length > QUOTE_CHARACTERS_MAX ? `${text.slice(0, QUOTE_CHARACTERS_MAX)}…` : text);
}

/** @throws SluiceError bad-database-name */
function goodDatabaseName(name: string, rule: DatabaseNameRule): string {
  const problem = checkDatabaseName(name, rule);
  if (problem !== null) throw new SluiceError('bad-database-name', `${quote(name)} ${problem}`);
  return name;
}

/**
 * The database that a write names: v1 with `db` and `rp`, v2 with `bucket`, v3 with `db` alone.
 * @throws SluiceError database-missing, bad-database-name
 */
function readDatabase(dialect: Dialect, query: QueryParameters, { databaseNames }: DialectOptions): string {
  const parameter = dialect === 'v2' ? 'bucket' : 'db';
  const name = query.get(parameter) ?? '';
  if (name === '') throw new SluiceError('database-missing', `add ${parameter}=NAME to the query string`);
  if (dialect === 'v1') return goodDatabaseName(joinPolicy(name, query.get('rp') ?? ''), databaseNames);
  return goodDatabaseName(dialect === 'v2' ? bucketDatabase(name) : name, databaseNames);
}

/** @throws SluiceError bad-parameter */
function readPrecision(dialect: Dialect, value: string, userAgent: string, options: DialectOptions): number {
  if (value === '' && (isTelegraf(userAgent) || (dialect !== 'v3' && options.legacyPrecision === 'ns'))) return PRECISION_NS;
  const precision = PRECISIONS.get(value);
  if (precision === undefined) {
    throw new SluiceError('bad-parameter', `precision=${quote(value)} is none of auto, ns, us, ms, s, m, h`);
  }
  return precision;
}

/** @throws SluiceError bad-parameter */
function readBoolean(query: QueryParameters, name: string, absent: boolean): boolean {
  const value = query.get(name);
  if (value === undefined) return absent;
  if (value !== 'true' && value !== 'false') {
    throw new SluiceError('bad-parameter', `${name}=${quote(value)} is neither true nor false`);
  }
  return value === 'true';
}

/** @throws SluiceError bad-encoding */
function readEncoding(header: string): Encoding {
  switch (header.trim().toLowerCase()) {
    case '':
    case 'identity':
      return ENCODING_IDENTITY;
    case 'gzip':
    case 'x-gzip':
      return ENCODING_GZIP;
    default:
      throw new SluiceError('bad-encoding', `it says ${quote(header)}`);
  }
}

/**
 * Reads a write.
 * @param header value of a header by its lower-case name, '' when absent
 * @throws SluiceError with what is wrong
 */
export function readWrite(
  dialect: Dialect,
  query: QueryParameters,
  header: (name: string) => string,
  options: DialectOptions,
): WriteRequest {
  const repeated = PARAMETERS[dialect].find((name) => query.isRepeated(name));
  if (repeated !== undefined) throw new SluiceError('bad-parameter', `${repeated} stands twice in the query string`);
  return {
    dialect,
    database: readDatabase(dialect, query, options),
    precision: readPrecision(dialect, query.get('precision') ?? '', header('user-agent'), options),
    acceptPartial: readBoolean(query, 'accept_partial', true),
    noSync: dialect === 'v3' && readBoolean(query, 'no_sync', false),
    encoding: readEncoding(header('content-encoding')),
  };
}

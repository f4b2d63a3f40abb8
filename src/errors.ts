/** Every error a client can be told: code, HTTP status, and its sentence. Line errors have no status of their own (400). */
import * as abi from '../assembly/layout/codes.js';

/** Request errors. `retryable` ones carry Retry-After. The detail given at the call site follows the sentence. */
export const ERRORS = {
  'not-found': { status: 404, sentence: 'there is nothing at this path' },
  'method-not-allowed': { status: 405, sentence: 'this path does not take this method' },
  'bad-request': { status: 400, sentence: 'the request is malformed' },
  'bad-query': { status: 400, sentence: 'error parsing query' },
  'query-refused': { status: 400, sentence: 'this SQL is not answered here' },
  'query-failed': { status: 400, sentence: 'the query failed' },
  'query-too-large': { status: 400, sentence: 'the query needs more memory than it may have' },
  'query-too-slow': { status: 400, sentence: 'the query took too long' },
  'queries-full': { status: 503, sentence: 'too many queries run at once; send again' },
  'rows-unreadable': { status: 503, sentence: 'not all rows of a table can be read now; send again' },
  'query-died': { status: 500, sentence: 'the process of the query died' },
  'not-offered': { status: 400, sentence: 'sluice does not offer this' },
  'unsupported-media-type': { status: 415, sentence: 'the Content-Type is not supported' },
  'bad-parameter': { status: 400, sentence: 'a parameter has a wrong value' },
  'database-missing': { status: 400, sentence: 'the request names no database' },
  'bad-database-name': { status: 400, sentence: 'the database name is not allowed' },
  'too-many-databases': { status: 400, sentence: 'the limit of databases is reached' },
  'database-exists': { status: 409, sentence: 'there is already a database of this name' },
  'bucket-exists': { status: 422, sentence: 'there is already a bucket of this name' },
  'database-not-found': { status: 404, sentence: 'database not found' },
  'database-dropped': { status: 400, sentence: 'the database was dropped while this was written' },
  'too-many-deletes': { status: 422, sentence: 'too many deletes are pending' },
  'unauthorized': { status: 401, sentence: 'authorization failed' },
  'forbidden': { status: 403, sentence: 'the token does not allow this' },
  'foreign-origin': { status: 403, sentence: 'web pages of other origins may write and ask for the health, and nothing else' },
  'token-exists': { status: 409, sentence: 'there is already a token of this name' },
  'token-not-found': { status: 404, sentence: 'there is no token of this name' },
  'token-protected': { status: 405, sentence: 'this token cannot be deleted' },
  'bad-authorization': { status: 400, sentence: 'the Authorization header is malformed' },
  'bad-encoding': { status: 400, sentence: 'the Content-Encoding is not supported; use gzip or identity' },
  'bad-gzip': { status: 400, sentence: 'the body is not valid gzip' },
  'body-too-large': { status: 413, sentence: 'the body is too large' },
  'too-many-lines': { status: 413, sentence: 'the body has too many lines' },
  'took-too-long': { status: 400, sentence: 'parsing the body takes too long' },
  'overloaded': { status: 503, sentence: 'too much is being written at once; send again' },
  'too-slow': { status: 503, sentence: 'the write was not on disk in time; it may be stored or not: send again' },
  'log-failed': { status: 503, sentence: 'the log could not be written; send again' },
  'disk-full': { status: 503, sentence: 'the disk is nearly full; send again later' },
  'stopping': { status: 503, sentence: 'the server is stopping; send again' },
  'worker-died': { status: 503, sentence: 'the worker that parsed this died; send again' },
  'internal': { status: 500, sentence: 'internal error' },
} as const satisfies Record<string, { status: number; sentence: string }>;

export type ErrorCode = keyof typeof ERRORS;

const lineErrors: readonly (readonly [code: number, name: string, sentence: string])[] = [
  [abi.LINE_OK, 'ok', 'nothing is wrong'],
  [abi.LINE_MEASUREMENT_MISSING, 'measurement-missing', 'the line has no measurement'],
  [abi.LINE_FIELDS_MISSING, 'fields-missing', 'the line has no valid field'],
  [abi.LINE_TAG_KEY_MISSING, 'tag-key-missing', 'a tag has no key'],
  [abi.LINE_TAG_WITHOUT_EQUALS, 'tag-without-equals', 'a tag has no ='],
  [abi.LINE_TAG_VALUE_MISSING, 'tag-value-missing', 'a tag has no value'],
  [abi.LINE_ENDS_WITH_BACKSLASH, 'ends-with-backslash', 'a name or tag value ends with a backslash'],
  [abi.LINE_TRAILING_CONTENT, 'trailing-content', 'the line goes on after it should end'],
  [abi.LINE_UNTERMINATED_STRING, 'unterminated-string', 'a string is not closed'],
  [abi.LINE_INTEGER_OUT_OF_RANGE, 'integer-out-of-range', 'the integer does not fit 64 bits'],
  [abi.LINE_UNSIGNED_OUT_OF_RANGE, 'unsigned-out-of-range', 'the unsigned integer does not fit 64 bits'],
  [abi.LINE_TIMESTAMP_OUT_OF_RANGE, 'timestamp-out-of-range', 'the timestamp is out of range for its precision'],
  [abi.LINE_NAME_TOO_LONG, 'name-too-long', 'a name or tag value is over 64 KiB'],
  [abi.LINE_STRING_TOO_LONG, 'string-too-long', 'a string is over 1 MiB'],
  [abi.LINE_NOT_UTF8, 'not-utf8', 'the line is not valid UTF-8'],
  [abi.LINE_DUPLICATE_TAG, 'duplicate-tag', 'a tag key stands twice'],
  [abi.LINE_DUPLICATE_FIELD, 'duplicate-field', 'a field key stands twice'],
  [abi.LINE_TAG_AND_FIELD, 'tag-and-field', 'one name is both tag and field'],
  [abi.LINE_RESERVED_NAME, 'reserved-name', 'time is reserved and cannot be a key'],
  [abi.LINE_TYPE_CONFLICT, 'type-conflict', 'field type conflict'],
  [abi.LINE_TOO_MANY_COLUMNS, 'too-many-columns', 'the table is at its limit of columns'],
  [abi.LINE_TOO_MANY_TABLES, 'too-many-tables', 'the server is at its limit of tables'],
  [abi.LINE_NAMES_FULL, 'names-full', 'the names of tables and columns are at their limit, and this line needs a new one'],
  [abi.LINE_TABLE_SET_ASIDE, 'table-set-aside', 'the table is set aside, for it cannot be written to its files: /health says why'],
  [abi.LINE_FLOAT_OUT_OF_RANGE, 'float-out-of-range', 'the number is too large for a float'],
  [abi.LINE_BEYOND_RETENTION, 'beyond-retention', 'the point is older than the retention period of its database'],
  [abi.LINE_TAGS_FIXED, 'tags-fixed', 'the tags of a table are fixed after its first write, and this one is new'],
];

/** Line errors by LINE_* number: the name clients see and what is wrong. */
export const LINE_ERRORS: readonly { readonly name: string; readonly sentence: string }[] = lineErrors
  .toSorted((a, b) => a[0] - b[0])
  .map(([, name, sentence]) => ({ name, sentence }));

/** Names of KIND_*, as messages say them. */
export const KIND_NAMES = ['tag', 'float', 'integer', 'unsigned', 'boolean', 'string'] as const;

/** An error with a code of ERRORS; thrown on main, never on the hot path. */
export class SluiceError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  constructor(code: ErrorCode, detail: string) {
    super(`${ERRORS[code].sentence}: ${detail}`);
    this.name = 'SluiceError';
    this.code = code;
    this.detail = detail;
  }
}

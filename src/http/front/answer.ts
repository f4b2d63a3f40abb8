/** From outcome or error to the answer in the dialect that asked. Pure. The words decide what clients do. */
import { LINE_BEYOND_RETENTION, LINE_TYPE_CONFLICT } from '../../../assembly/layout/codes.js';
import { ERRORS } from '../../errors.js';
import type { ErrorCode } from '../../errors.js';
import type { Dialect, WriteOutcome } from '../../ingest/request.js';
import type { LineError } from '../../model/line-error.js';
import { codeName, lineCountsText, lineErrorArray, lineErrorText } from '../../line-errors.js';
import type { Answer } from '../listener/listener.js';

/** Who asked, as far as it changes the answer. */
export interface Asker {
  readonly dialect: Dialect;
  readonly telegraf: boolean;
  /** Seconds of Retry-After; null for a client that misreads it. */
  readonly retryAfterS: number | null;
}

type Partial = Extract<WriteOutcome, { kind: 'partial' }>;
type Header = readonly [name: string, value: string];

/** With headers an answer stays under the 16 KiB that Telegraf's v2 output reads. */
const BODY_BYTES_MAX = 15_000;
const ERROR_HEADER_CHARACTERS_MAX = 256;

const V2_CODES: Readonly<Record<number, string>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not found',
  405: 'method not allowed',
  413: 'request too large',
  422: 'conflict',
  500: 'internal error',
  503: 'unavailable',
};

/** Words in a v2 `message` at which influxdb-client-go drops a batch without a word. */
const V2_FORBIDDEN = /partial write|unable to parse|points beyond retention policy|hinted handoff queue not empty/i;

/** The answer to a write that stored everything. */
export const STORED: Answer = { status: 204, headers: [], body: '' };

/**
 * The status that is sent. Telegraf's v2 output with `bucket_tag` forgets points of other buckets at every 429 or 503
 * and none at 500.
 */
function sentStatus(status: number, asker: Asker): number {
  const harms = asker.telegraf && asker.dialect === 'v2' && (status === 429 || status === 503);
  return harms ? 500 : status;
}

/** JSON with the headers of every error. `text` is what the body says, for clients that show headers alone. */
function errorAnswer(status: number, body: string, text: string, more: readonly Header[] = []): Answer {
  const line = text.replace(/[^\x20-\x7e]/g, '?').slice(0, ERROR_HEADER_CHARACTERS_MAX);
  return { status, headers: [['Content-Type', 'application/json'], ['X-Influxdb-Error', line], ...more], body };
}

/**
 * The answer to a request that was refused as a whole.
 * @param more headers that belong to this error, as Allow
 */
export function failure(code: ErrorCode, detail: string, asker: Asker, more: readonly Header[] = []): Answer {
  const text = `${ERRORS[code].sentence}: ${detail}`;
  const status = sentStatus(ERRORS[code].status, asker);
  const headers = [...more];
  if (status === 503 && asker.retryAfterS !== null) headers.push(['Retry-After', String(asker.retryAfterS)]);
  if (status === 401) headers.push(['WWW-Authenticate', 'Basic realm="sluice"']);
  const body = asker.dialect === 'v2'
    ? { code: V2_CODES[status] ?? 'invalid', message: text }
    : { error: text, code };
  return { ...errorAnswer(status, JSON.stringify(body), text, headers), refusal: code };
}

/** The first rejected line, in the words that make v1 clients give up on it. */
function v1Reason(first: LineError | undefined): string {
  if (first === undefined) return 'unable to parse';
  const place = `(line ${first.line}, column ${first.column})`;
  // The sentence of a conflict begins with the words `field type conflict`.
  if (first.code === LINE_TYPE_CONFLICT) return `${lineErrorText(first)} ${place}`;
  // The words of InfluxDB 1, by which its clients know that sending again helps nothing.
  if (first.code === LINE_BEYOND_RETENTION) return `points beyond retention policy: ${lineErrorText(first)} ${place}`;
  return `unable to parse '${first.source}': ${lineErrorText(first)} ${place}`;
}

function v1Text(outcome: Partial): string {
  const reason = v1Reason(outcome.errors[0]);
  return outcome.stored ? `partial write: ${reason} dropped=${outcome.rejected}` : `${reason}; nothing was stored`;
}

function v2Text(outcome: Partial): string {
  const counts = lineCountsText(outcome.rejected, outcome.stored ? outcome.accepted : null);
  const first = outcome.errors[0];
  if (first === undefined) return counts;
  const place = `line ${first.line}, column ${first.column}: ${codeName(first.code)}`;
  const text = `${counts}; ${place}: ${lineErrorText(first)}`;
  return V2_FORBIDDEN.test(text) ? `${counts}; ${place}` : text;
}

function v3Text(outcome: Partial): string {
  return outcome.stored ? 'partial write of line protocol occurred' : 'line protocol parsing error';
}

/** The answer to a write of which lines were rejected: 400 even when the others are stored. */
function rejection(outcome: Partial, asker: Asker): Answer {
  const total = outcome.rejected;
  const first = outcome.errors[0];
  let text: string;
  let keys: Record<string, unknown>;
  switch (asker.dialect) {
    case 'v1':
      text = v1Text(outcome);
      keys = { error: text, total };
      break;
    case 'v2':
      // One body for the v2 clients and for the v3 clients, which write here too.
      text = v2Text(outcome);
      keys = { code: 'invalid', message: text, line: first?.line, error: v3Text(outcome), total };
      break;
    case 'v3':
      text = v3Text(outcome);
      keys = { error: text, total };
      break;
  }
  const head = JSON.stringify(keys).slice(0, -1);
  const data = lineErrorArray(outcome.errors, outcome.rejectedLines?.more ?? [], BODY_BYTES_MAX - Buffer.byteLength(head) - ',"data":}'.length);
  return errorAnswer(400, `${head},"data":${data}}`, text);
}

/** The answer to the end of a write. */
export function outcomeAnswer(outcome: WriteOutcome, asker: Asker): Answer {
  switch (outcome.kind) {
    case 'stored':
      return STORED;
    case 'partial':
      return rejection(outcome, asker);
    case 'failed':
      return failure(outcome.code, outcome.detail, asker);
  }
}

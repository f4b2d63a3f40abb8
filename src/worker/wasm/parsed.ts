/** What a parsed body came to, read out of the WASM memory: the OUTCOME_* header of assembly/layout/codes.ts and its lists. */
import * as abi from '../../../assembly/layout/codes.js';
import type { LineError } from '../../model/line-error.js';
import type { Need, NeededTable } from '../../model/schema.js';

/** Row ranges of one table. */
export interface RowRange {
  readonly rowFirst: number;
  /** One past the last. */
  readonly rowEnd: number;
}

/** The rows a body added to a table. */
export interface TableSpan extends RowRange {
  readonly tableId: number;
}

/** What a body came to. Spans are there when it was accepted, needs when tables or columns are missing. */
export interface Parsed {
  /** What parse returned: PARSE_ACCEPTED, PARSE_NEEDS, PARSE_REFUSED, PARSE_TOO_MANY_LINES. */
  readonly status: number;
  readonly lines: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly errors: readonly LineError[];
  readonly rejectedRuns: Uint32Array;
  readonly spans: readonly TableSpan[];
  readonly needs: readonly Need[];
  /** Of the accepted rows (assembly/parse/checksum.ts). */
  readonly checksum: bigint;
}

/** Texts in errors are shortened to this, on a character boundary. */
const TEXT_BYTES_MAX = 256;
const SPAN_WORDS = abi.SPAN_BYTES / 4;

/** Where things stand in memory after a parse. */
export interface OutcomePlace {
  readonly buffer: ArrayBuffer;
  /** Address of the outcome header. */
  readonly outcomeAt: number;
  /** Address of the body that was parsed. */
  readonly bodyAt: number;
}

/** Reads the u32 at an offset of a struct. */
type Entry = (offset: number) => number;

/** Copies an outcome out of memory. @param status what parse returned @param precision PRECISION_* that it was asked with */
export function readParsed({ buffer, outcomeAt, bodyAt }: OutcomePlace, status: number, precision: number): Parsed {
  const view = new DataView(buffer);
  const entryAt = (at: number): Entry => (offset) => view.getUint32(at + offset, true);
  const word = entryAt(outcomeAt);
  const list = <T>(at: number, count: number, bytes: number, read: (entry: Entry) => T): T[] => {
    const first = word(at);
    return Array.from({ length: word(count) }, (_, index) => read(entryAt(first + index * bytes)));
  };
  return {
    status,
    lines: word(abi.OUTCOME_LINES),
    accepted: word(abi.OUTCOME_ACCEPTED),
    rejected: word(abi.OUTCOME_REJECTED),
    errors: list(abi.OUTCOME_ERRORS_AT, abi.OUTCOME_ERRORS, abi.ERROR_BYTES, (entry) => readError(buffer, bodyAt, entry, precision)),
    rejectedRuns: new Uint32Array(buffer, word(abi.OUTCOME_RUNS_AT), word(abi.OUTCOME_RUNS) * 2).slice(),
    spans: readSpans(new Uint32Array(buffer, word(abi.OUTCOME_SPANS_AT), word(abi.OUTCOME_SPANS) * SPAN_WORDS)),
    needs: list(abi.OUTCOME_NEEDS_AT, abi.OUTCOME_NEEDS, abi.NEED_BYTES, needReader(buffer)),
    checksum: view.getBigUint64(outcomeAt + abi.OUTCOME_CHECKSUM, true),
  };
}

/** A body may have thousands. */
function readSpans(words: Uint32Array): TableSpan[] {
  const spans: TableSpan[] = [];
  for (let at = 0; at < words.length; at += SPAN_WORDS) {
    spans.push({ tableId: words[at + abi.SPAN_TABLE / 4]!, rowFirst: words[at + abi.SPAN_ROW_FIRST / 4]!, rowEnd: words[at + abi.SPAN_ROW_END / 4]! });
  }
  return spans;
}

/** Reads needs one after another. A table has one place for its measurement, whatever it needs. */
function needReader(buffer: ArrayBuffer): (entry: Entry) => Need {
  const tables = new Map<number, NeededTable>();
  return (entry) => {
    const text = (at: number, bytes: number): string => Buffer.from(buffer, entry(at), entry(bytes)).toString();
    const place = entry(abi.NEED_TABLE_AT);
    const table = tables.get(place) ?? { id: entry(abi.NEED_TABLE_ID), measurement: text(abi.NEED_TABLE_AT, abi.NEED_TABLE_BYTES) };
    tables.set(place, table);
    return { table, kind: entry(abi.NEED_KIND), key: text(abi.NEED_KEY_AT, abi.NEED_KEY_BYTES) };
  };
}

function readError(buffer: ArrayBuffer, bodyAt: number, entry: Entry, precision: number): LineError {
  const text = (at: number, bytes: number): string => cutText(Buffer.from(buffer, bodyAt + entry(at), entry(bytes)));
  return {
    line: entry(abi.ERROR_LINE),
    column: entry(abi.ERROR_COLUMN),
    code: entry(abi.ERROR_CODE),
    ...(entry(abi.ERROR_CODE) === abi.LINE_TIMESTAMP_OUT_OF_RANGE ? { precision } : {}),
    source: text(abi.ERROR_LINE_AT, abi.ERROR_LINE_BYTES),
    measurement: text(abi.ERROR_MEASUREMENT_AT, abi.ERROR_MEASUREMENT_BYTES),
    key: text(abi.ERROR_KEY_AT, abi.ERROR_KEY_BYTES),
    value: text(abi.ERROR_VALUE_AT, abi.ERROR_VALUE_BYTES),
    kindHas: entry(abi.ERROR_KIND_HAS),
    kindCame: entry(abi.ERROR_KIND_CAME),
  };
}

/** Up to TEXT_BYTES_MAX bytes as text, no character in two halves; bytes that are not UTF-8 are replaced. */
function cutText(bytes: Buffer): string {
  let end = Math.min(bytes.length, TEXT_BYTES_MAX);
  for (let back = 0; back < 3 && ((bytes[end] ?? 0) & 0xc0) === 0x80; back++) end--;
  return bytes.toString('utf8', 0, end);
}

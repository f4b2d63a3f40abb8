/** Rejected lines in words and in JSON. Pure. */
import { LINE_RESERVED_NAME, LINE_TAG_AND_FIELD, LINE_TAGS_FIXED, LINE_TYPE_CONFLICT } from '../assembly/layout/codes.js';
import { KIND_NAMES, LINE_ERRORS } from './errors.js';
import { faultText } from './line-faults.js';
import type { LineError, RejectedLines } from './model/line-error.js';

function kindName(kind: number): string {
  return KIND_NAMES[kind] ?? 'unknown';
}

/** Name of a LINE_* that clients see. */
export function codeName(code: number): string {
  return LINE_ERRORS[code]?.name ?? 'unknown';
}

/** What would let lines through whose keys are no columns of theirs. */
const SPLIT_HINT = '; with --types split it goes to a column of its own, where that is free';

/** What is wrong with a line, in one sentence that does not say where. */
export function lineErrorText(error: LineError): string {
  const about = withSubject(error, LINE_ERRORS[error.code]?.sentence ?? 'the line was rejected');
  const fault = faultText(error);
  const isSplittable = error.code === LINE_TAG_AND_FIELD || error.code === LINE_RESERVED_NAME;
  return (fault === '' ? about : `${about}: ${fault}`) + (isSplittable ? SPLIT_HINT : '');
}

/** The sentence with the column, tag or table that it is about. */
function withSubject(error: LineError, sentence: string): string {
  const column = `column "${error.key}" of table "${error.measurement}"`;
  if (error.code === LINE_TYPE_CONFLICT || error.kindHas !== error.kindCame) {
    return `${sentence}: ${column} has type ${kindName(error.kindHas)}, ${kindName(error.kindCame)} came`;
  }
  if (error.code === LINE_TAGS_FIXED) return `${sentence}: tag "${error.key}" of table "${error.measurement}"`;
  if (error.key !== '') return `${sentence}: ${error.measurement === '' ? `key "${error.key}"` : column}`;
  return error.measurement === '' ? sentence : `${sentence}: table "${error.measurement}"`;
}

/** How many lines were rejected and stored, as answers say it. @param stored null when nothing was, whatever was good */
export function lineCountsText(rejected: number, stored: number | null): string {
  const lines = rejected === 1 ? '1 line was rejected' : `${rejected} lines were rejected`;
  return `${lines}, ${stored === null ? 'nothing was' : stored === 1 ? '1 was' : `${stored} were`} stored`;
}

/** Keys of InfluxDB 3 (error_message, line_number, original_line), and ours. */
function whole(error: LineError): string {
  return JSON.stringify({
    error_message: lineErrorText(error),
    line_number: error.line,
    original_line: error.source,
    line: error.line,
    column: error.column,
    code: codeName(error.code),
    measurement: error.measurement,
    key: error.key,
    value: error.value,
  });
}

function short(line: number, code: number): string {
  return JSON.stringify({ line_number: line, line, code: codeName(code) });
}

/**
 * A JSON array of rejected lines: of those of which all is known as many whole as fit, such that each other one of them
 * is still named by number and code; then number and code of the rest as far as they fit.
 * @param more lines behind them
 * @param bytesMax limit of the array's UTF-8 bytes
 */
export function lineErrorArray(errors: readonly LineError[], more: RejectedLines['more'], bytesMax: number): string {
  const shorts = [...errors.map(({ line, code }) => short(line, code)), ...more.map(([line, code]) => short(line, code))];
  // Codes and numbers are ASCII; each entry brings its comma.
  let owed = shorts.slice(0, errors.length).reduce((sum, entry) => sum + entry.length + 1, 0);
  let left = bytesMax - 2;
  const entries: string[] = [];
  for (const [i, brief] of shorts.entries()) {
    const error = errors[i];
    let entry = brief;
    if (error !== undefined) {
      owed -= brief.length + 1;
      const full = whole(error);
      if (Buffer.byteLength(full) + 1 + owed <= left) entry = full;
    }
    left -= Buffer.byteLength(entry) + 1;
    if (left < 0) break;
    entries.push(entry);
  }
  return `[${entries.join(',')}]`;
}

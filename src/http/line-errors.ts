/** Rejected lines in words and in JSON. Pure. */
import { LINE_TYPE_CONFLICT } from '../../assembly/abi.js';
import { KIND_NAMES, LINE_ERRORS } from '../errors.js';
import type { LineError } from '../worker/protocol.js';

/** So many of the first errors are shown whole where they fit. */
const WHOLE_MAX = 100;

function kindName(kind: number): string {
  return KIND_NAMES[kind] ?? 'unknown';
}

/** Name of the code that clients see. */
export function lineErrorName(error: LineError): string {
  return LINE_ERRORS[error.code]?.name ?? 'unknown';
}

/** What is wrong with a line, in one sentence that does not say where. */
export function lineErrorText(error: LineError): string {
  const sentence = LINE_ERRORS[error.code]?.sentence ?? 'the line was rejected';
  const column = `column "${error.key}" of table "${error.measurement}"`;
  if (error.code === LINE_TYPE_CONFLICT || error.kindHas !== error.kindCame) {
    return `${sentence}: ${column} has type ${kindName(error.kindHas)}, ${kindName(error.kindCame)} came`;
  }
  if (error.key !== '') return `${sentence}: ${error.measurement === '' ? `key "${error.key}"` : column}`;
  return error.measurement === '' ? sentence : `${sentence}: table "${error.measurement}"`;
}

/** Keys of InfluxDB 3 (error_message, line_number, original_line), and ours. */
function whole(error: LineError): string {
  return JSON.stringify({
    error_message: lineErrorText(error),
    line_number: error.line,
    original_line: error.source,
    line: error.line,
    column: error.column,
    code: lineErrorName(error),
    value: error.value,
  });
}

function short(error: LineError): string {
  return JSON.stringify({ line_number: error.line, line: error.line, code: lineErrorName(error) });
}

/**
 * A JSON array of rejected lines: of the first 100 as many whole as fit, such that each other one of them is still
 * named by number and code; then number and code of the rest as far as they fit.
 * @param bytesMax limit of the array's UTF-8 bytes
 */
export function lineErrorArray(errors: readonly LineError[], bytesMax: number): string {
  const shorts = errors.map(short);
  // Codes and numbers are ASCII; each entry brings its comma.
  let owed = shorts.slice(0, WHOLE_MAX).reduce((sum, entry) => sum + entry.length + 1, 0);
  let left = bytesMax - 2;
  const entries: string[] = [];
  for (const [i, error] of errors.entries()) {
    const brief = shorts[i]!;
    let entry = brief;
    if (i < WHOLE_MAX) {
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

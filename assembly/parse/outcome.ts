// What a body came to: counts, errors, rejected runs; the OUTCOME_* header of layout/codes.ts and the lists it points to.
import {
  ERROR_BYTES, ERROR_CODE, ERROR_COLUMN, ERROR_KEY_AT, ERROR_KEY_BYTES, ERROR_KIND_CAME, ERROR_KIND_HAS, ERROR_LINE,
  ERROR_LINE_AT, ERROR_LINE_BYTES, ERROR_MEASUREMENT_AT, ERROR_MEASUREMENT_BYTES, ERROR_VALUE_AT, ERROR_VALUE_BYTES,
  ERRORS_MAX, LINE_CODES, OUTCOME_ACCEPTED, OUTCOME_BYTES, OUTCOME_CHECKSUM, OUTCOME_CODES_AT, OUTCOME_ERRORS,
  OUTCOME_ERRORS_AT, OUTCOME_LINES, OUTCOME_NEEDS, OUTCOME_NEEDS_AT, OUTCOME_LISTED, OUTCOME_LISTED_AT, OUTCOME_REJECTED,
  OUTCOME_RUNS, OUTCOME_RUNS_AT, OUTCOME_SPANS, OUTCOME_SPANS_AT, REJECTED_AT, REJECTED_BYTES, REJECTED_CODE, REJECTED_COLUMN,
  REJECTED_ENTRY_BYTES, REJECTED_LINE, REJECTED_MAX,
} from '../layout/codes';
import { cutList, extendList, LIST_BYTES, listAt, listUsed } from '../base/list';
import { faultAt, faultBytes, faultKeyAt, faultKeyBytes, faultKindCame, faultKindHas } from './grammar/fault';
import { rawNameAt, rawNameBytes } from './grammar/cells';

/** The header, whose counts are kept there from the first line on. */
const header: usize = memory.data(OUTCOME_BYTES, 8);
const errors: usize = memory.data(ERRORS_MAX * ERROR_BYTES, 8);
const runs: usize = memory.data(LIST_BYTES, 8);
const RUN_BYTES: u32 = 8;
const listed: usize = memory.data(LIST_BYTES, 8);
const codes: usize = memory.data(LINE_CODES * 4, 8);

/** The line before was rejected: the next rejected one joins its run. */
let inRun: bool = false;

/** Address of the outcome header (OUTCOME_*) of the body parsed last. */
export function outcome(): usize {
  return header;
}

/** Begins a body. */
export function beginOutcome(): void {
  if (rejectedLines() != 0) memory.fill(codes, 0, LINE_CODES * 4);
  memory.fill(header, 0, OUTCOME_BYTES);
  inRun = false;
  cutList(runs, 0);
  cutList(listed, 0);
}

/** Adds to a count of the header; returns what it is then. */
@inline
function add(count: usize, lines: u32): u32 {
  const sum = load<u32>(header + count) + lines;
  store<u32>(header + count, sum);
  return sum;
}

/** Counts a line that is neither blank nor a comment; returns how many there were. */
@inline
export function countLine(): u32 {
  return add(OUTCOME_LINES, 1);
}

/** Counts one accepted line, which countLine has counted. */
@inline
export function countAccepted(): void {
  add(OUTCOME_ACCEPTED, 1);
  inRun = false;
}

/** Counts accepted lines. */
@inline
export function countAcceptedLines(lines: u32): void {
  add(OUTCOME_LINES, lines);
  add(OUTCOME_ACCEPTED, lines);
  if (lines != 0) inRun = false;
}

/** Lines seen so far. */
@inline
export function linesSeen(): u32 {
  return load<u32>(header, OUTCOME_LINES);
}

/** Lines rejected so far. */
@inline
export function rejectedLines(): u32 {
  return load<u32>(header, OUTCOME_REJECTED);
}

/** Counts a rejected line that spans the physical lines `first` to `last`. */
export function countRejected(first: u32, last: u32): void {
  add(OUTCOME_REJECTED, 1);
  if (!inRun) store<u32>(extendList(runs, RUN_BYTES), first);
  store<u32>(listAt(runs) + listUsed(runs) - 4, last);
  inRun = true;
}

/** Adds the fault of a line at [start, end) to the rejected lines and to the errors, while there is room. */
export function addError(line: u32, code: u32, body: usize, start: usize, end: usize): void {
  listRejected(line, code, <u32>(start - body), <u32>(end - start), <u32>(faultAt - start) + 1);
  const count = load<u32>(header, OUTCOME_ERRORS);
  if (count == ERRORS_MAX) return;
  const entry = errors + count * ERROR_BYTES;
  add(OUTCOME_ERRORS, 1);
  store<u32>(entry, line, ERROR_LINE);
  store<u32>(entry, <u32>(faultAt - start) + 1, ERROR_COLUMN);
  store<u32>(entry, code, ERROR_CODE);
  store<u32>(entry, <u32>(start - body), ERROR_LINE_AT);
  store<u32>(entry, <u32>(end - start), ERROR_LINE_BYTES);
  putSlice(entry + ERROR_VALUE_AT, body, faultAt, faultBytes);
  putSlice(entry + ERROR_MEASUREMENT_AT, body, rawNameAt, rawNameBytes);
  putSlice(entry + ERROR_KEY_AT, body, faultKeyAt, faultKeyBytes);
  store<u32>(entry, faultKindHas, ERROR_KIND_HAS);
  store<u32>(entry, faultKindCame, ERROR_KIND_CAME);
}

/** Counts a rejected line by its code, and lists it while there is room. @param at offset in the body */
function listRejected(line: u32, code: u32, at: u32, bytes: u32, column: u32): void {
  const counter = codes + (code << 2);
  store<u32>(counter, load<u32>(counter) + 1);
  if (listUsed(listed) == REJECTED_MAX * REJECTED_ENTRY_BYTES) return;
  const entry = extendList(listed, REJECTED_ENTRY_BYTES);
  store<u32>(entry, line, REJECTED_LINE);
  store<u32>(entry, column, REJECTED_COLUMN);
  store<u32>(entry, code, REJECTED_CODE);
  store<u32>(entry, at, REJECTED_AT);
  store<u32>(entry, bytes, REJECTED_BYTES);
}

/** Writes an offset from the body's start and a length. */
function putSlice(to: usize, body: usize, at: usize, bytes: u32): void {
  store<u32>(to, bytes == 0 ? 0 : <u32>(at - body));
  store<u32>(to, bytes, 4);
}

/** Writes what the header holds besides the counts. */
export function endOutcome(spansAt: usize, spans: u32, needsAt: usize, needs: u32, checksum: u64): void {
  store<u32>(header, <u32>errors, OUTCOME_ERRORS_AT);
  store<u32>(header, listUsed(runs) / RUN_BYTES, OUTCOME_RUNS);
  store<u32>(header, <u32>listAt(runs), OUTCOME_RUNS_AT);
  store<u32>(header, spans, OUTCOME_SPANS);
  store<u32>(header, <u32>spansAt, OUTCOME_SPANS_AT);
  store<u32>(header, needs, OUTCOME_NEEDS);
  store<u32>(header, <u32>needsAt, OUTCOME_NEEDS_AT);
  store<u64>(header, checksum, OUTCOME_CHECKSUM);
  store<u32>(header, listUsed(listed) / REJECTED_ENTRY_BYTES, OUTCOME_LISTED);
  store<u32>(header, <u32>listAt(listed), OUTCOME_LISTED_AT);
  store<u32>(header, <u32>codes, OUTCOME_CODES_AT);
}

// The grammar of a line, exactly: measurement, tags, fields, timestamp, as InfluxDB 3 reads them, and with trailing
// spaces (L2). What the line says goes into its cells (cells.ts); names, values and how old it is are checked, the schema is not.
import {
  KIND_TAG, LINE_BEYOND_RETENTION, LINE_FIELDS_MISSING, LINE_MEASUREMENT_MISSING, LINE_OK, LINE_TAG_KEY_MISSING, LINE_TAG_VALUE_MISSING,
  LINE_TAG_WITHOUT_EQUALS, LINE_TIMESTAMP_OUT_OF_RANGE, LINE_TRAILING_CONTENT,
} from '../../layout/codes';
import { keptSince } from '../body-settings';
import { COMMA, EQUALS, isDigit, MINUS, NEWLINE, SPACE } from './characters';
import { digitsValue, readDigits, readSigned } from './number/digits';
import { fault } from './fault';
import { finalAt, finalBytes, finishName, nameEnd } from './name';
import {
  beginCells, CELL_KEY_AT, CELL_KEY_BYTES, CELL_KIND, CELL_RAW_AT, CELL_RAW_BYTES, CELL_RAW_KEY_AT, CELL_RAW_KEY_BYTES,
  CELL_TEXT_AT, CELL_TEXT_BYTES, keepCell, lastCell, nextCell, setName, setTime,
} from './cells';
import { scaledTime, scaleTime } from './time';
import { beginText } from './unescaped';
import { readValue, valueFault } from './value';

/** What the line did not say yet when a step ended well: where the next begins. */
let next: usize = 0;

/**
 * Parses the line in [at, end), which starts with a byte that is not blank, into its cells.
 * @param unit nanoseconds of the timestamps' unit, 0 for auto
 * @param cellsMax tags and fields that are kept
 * @returns LINE_OK, or what is wrong, with the fault set
 */
export function parseLine(at: usize, end: usize, unit: i64, cellsMax: u32): u32 {
  beginText();
  beginCells(cellsMax);
  let code = parseMeasurement(at, end);
  if (code != LINE_OK) return code;
  while (load<u8>(next) == COMMA) {
    code = parseTag(next + 1, end);
    if (code != LINE_OK) return code;
  }
  if (load<u8>(next) != SPACE || next >= end) return fault(LINE_FIELDS_MISSING, next, wordEnd(next, end), 0, 0);
  code = parseFields(skipSpaces(next), end);
  if (code != LINE_OK) return code;
  return next == end ? LINE_OK : parseTimestamp(next, end, unit);
}

@inline
function skipSpaces(at: usize): usize {
  while (load<u8>(at) == SPACE) at++;
  return at;
}

/** The end of what a reader would call a word: the next space, comma or newline from `at` on. */
function wordEnd(at: usize, end: usize): usize {
  for (; at < end; at++) {
    const c = <u32>load<u8>(at);
    if (c == SPACE || c == COMMA || c == NEWLINE) break;
  }
  return at;
}

function parseMeasurement(at: usize, end: usize): u32 {
  const to = nameEnd(at, end, COMMA, true);
  if (to == at) return fault(LINE_MEASUREMENT_MISSING, at, at, 0, 0);
  const code = finishName(at, to, true);
  setName(at, <u32>(to - at), finalAt, finalBytes);
  next = to;
  return code == LINE_OK ? LINE_OK : fault(code, at, to, 0, 0);
}

@inline
function setKey(cell: usize, at: usize, bytes: u32): void {
  store<u32>(cell, <u32>at, CELL_RAW_KEY_AT);
  store<u32>(cell, bytes, CELL_RAW_KEY_BYTES);
  store<u32>(cell, <u32>finalAt, CELL_KEY_AT);
  store<u32>(cell, finalBytes, CELL_KEY_BYTES);
}

function parseTag(at: usize, end: usize): u32 {
  const keyEnd = nameEnd(at, end, EQUALS, false);
  if (keyEnd == at) return fault(LINE_TAG_KEY_MISSING, at, at, 0, 0);
  const keyBytes = <u32>(keyEnd - at);
  let code = finishName(at, keyEnd, false);
  if (code != LINE_OK) return fault(code, at, keyEnd, at, keyBytes);
  if (load<u8>(keyEnd) != EQUALS || keyEnd >= end) return fault(LINE_TAG_WITHOUT_EQUALS, at, keyEnd, at, keyBytes);
  const cell = nextCell();
  setKey(cell, at, keyBytes);
  const value = keyEnd + 1;
  const to = nameEnd(value, end, COMMA, false);
  if (to == value) return fault(LINE_TAG_VALUE_MISSING, value, value, at, keyBytes);
  code = finishName(value, to, false);
  if (code != LINE_OK) return fault(code, value, to, at, keyBytes);
  store<u32>(cell, KIND_TAG, CELL_KIND);
  store<u32>(cell, <u32>value, CELL_RAW_AT);
  store<u32>(cell, <u32>(to - value), CELL_RAW_BYTES);
  store<u32>(cell, <u32>finalAt, CELL_TEXT_AT);
  store<u32>(cell, finalBytes, CELL_TEXT_BYTES);
  keepCell();
  next = to;
  return LINE_OK;
}

/** What a field's parse found, apart from an error: a field, or text that is none. */
const NO_FIELD: u32 = 0xFFFF;

function parseFields(at: usize, end: usize): u32 {
  let code = parseField(at, end);
  if (code != LINE_OK) return code == NO_FIELD ? LINE_FIELDS_MISSING : code;
  for (let isSecond = true; load<u8>(next) == COMMA; isSecond = false) {
    const comma = next;
    code = parseField(comma + 1, end);
    if (code == LINE_OK) continue;
    if (code != NO_FIELD) return code;
    // One comma may stand behind the first field, if it is all that is left before the timestamp.
    next = comma + 1;
    return isSecond && (next == end || load<u8>(next) == SPACE) ? LINE_OK : LINE_TRAILING_CONTENT;
  }
  if (next == end || load<u8>(next) == SPACE) return LINE_OK;
  const last = lastCell();
  return fault(LINE_TRAILING_CONTENT, load<u32>(last, CELL_RAW_AT), wordEnd(next, end), load<u32>(last, CELL_RAW_KEY_AT), load<u32>(last, CELL_RAW_KEY_BYTES));
}

/** LINE_OK, NO_FIELD or what is wrong for good; a fault is set for both. */
function parseField(at: usize, end: usize): u32 {
  const keyEnd = nameEnd(at, end, EQUALS, false);
  if (keyEnd == at) return fault(NO_FIELD, at, wordEnd(at, end), 0, 0);
  const keyBytes = <u32>(keyEnd - at);
  const code = finishName(at, keyEnd, false);
  if (code != LINE_OK) return fault(code, at, keyEnd, at, keyBytes);
  if (load<u8>(keyEnd) != EQUALS || keyEnd >= end) return fault(NO_FIELD, at, keyEnd, at, keyBytes);
  const cell = nextCell();
  setKey(cell, at, keyBytes);
  const value = keyEnd + 1;
  const to = readValue(value, end, cell);
  if (to == 0) return fault(valueFault == LINE_OK ? NO_FIELD : valueFault, value, wordEnd(value, end), at, keyBytes);
  store<u32>(cell, <u32>value, CELL_RAW_AT);
  store<u32>(cell, <u32>(to - value), CELL_RAW_BYTES);
  keepCell();
  next = to;
  return LINE_OK;
}

/** What stands behind the fields, from a space on: a timestamp, spaces, or nothing but spaces. */
function parseTimestamp(at: usize, end: usize, unit: i64): u32 {
  at = skipSpaces(at);
  if (at >= end) return LINE_OK;
  const negative = load<u8>(at) == MINUS;
  const first = at + <usize>negative;
  if (!isDigit(load<u8>(first))) return fault(LINE_TRAILING_CONTENT, at, wordEnd(at + 1, end), 0, 0);
  const digitsEnd = readDigits(first, 0);
  let inRange = true;
  if (digitsEnd - first > 18) inRange = readSigned(first, digitsEnd, negative);
  const number = <i64>(negative && digitsEnd - first <= 18 ? 0 - digitsValue : digitsValue);
  if (!inRange || !scaleTime(number, unit)) return fault(LINE_TIMESTAMP_OUT_OF_RANGE, at, digitsEnd, 0, 0);
  setTime(scaledTime);
  const rest = skipSpaces(digitsEnd);
  if (rest < end) return fault(LINE_TRAILING_CONTENT, at, wordEnd(rest, end), 0, 0);
  return scaledTime < keptSince ? fault(LINE_BEYOND_RETENTION, at, digitsEnd, 0, 0) : LINE_OK;
}

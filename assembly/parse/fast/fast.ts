// The fast path: lines whose series is cached and whose fields are known columns with values of their kinds, guessed from
// the lines before and checked byte by byte. A line that surprises it leaves no trace in rows and series and is parsed in the exact path, from
// its beginning. What passes here is what the exact path would accept, with the same rows and the same checksum:
//  - the bytes up to the first space are those of a line that was accepted before, in the same database by rules that put tags alike, or a measurement
//    and tags that differ from such a line's in the values alone (tags.ts);
//  - no quote or backslash is met outside of them and of keys that are compared whole, but the two quotes of a string, and
//    no newline but the last: so the line ends there for lines.ts as well;
//  - all other bytes were looked at, and none is over 7F.
import {
  TABLE_BODY, TABLE_FIELDS, TABLE_FIELDS_AT, TABLE_ROWS, TABLE_ROWS_CAPACITY, TABLE_SERIES_AT, TABLE_TIMES,
} from '../../layout/table';
import { removeValue } from '../../memtable/column';
import {
  findSeries, isGood, NO_SERIES, SERIES_CHECKSUM, SERIES_NEXT, SERIES_NUMBER, SERIES_TABLE, SERIES_TAGS, SERIES_TEXT,
  SERIES_TEXT_BYTES, seriesHash,
} from '../../memtable/cache/series-cache';
import { countLook, isLookedUp, rareTables } from '../../memtable/cache/one-off-series';
import { isHead, isSame, maskOf3, maskOfSame } from '../../base/simd-bytes';
import { BACKSLASH, NEWLINE, RETURN, SPACE } from '../grammar/characters';
import { isReplayedInto, touch } from '../append-line';
import { bodySerial, cellsMax, defaultTime, isReplay, keptSince, replaySeq, seriesScope, unit } from '../body-settings';
import { beginRow, endRow } from '../checksum';
import { digitsIn, numberIn, powerOfTen } from '../grammar/number/digits';
import { stopField } from './fields';
import { cacheSeries, lastSeries, setLastSeries } from '../line-series';
import { appendAllFields } from './fallback';
import { beginTags, namedTable, readName, readTags, storeTags, tagCount } from './tags';
import { scaledTime, scaleTime } from '../grammar/time';

/** Credit of the guess that a series is followed by the one that followed it last time: no guess below 0. */
let credit: i32 = 0;
const CREDIT_MAX: i32 = 32;
/** What a wrong guess costs; a right one, made or not, brings 1: guesses stop when fewer than two of three are right. */
const WRONG: i32 = 2;
const CREDIT_MIN: i32 = -32;

/** Lines that acceptLines accepted. */
export let acceptedLines: u32 = 0;

/** Begins a body. */
export function beginFast(): void {
  timeAt = 0;
  beginTags();
}

/** Stores lines from `at` on, at most `linesMax`; returns where the first line starts that it did not accept. Sets acceptedLines. */
export function acceptLines(at: usize, end: usize, linesMax: u32): usize {
  let entry = lastSeries;
  let count: u32 = 0;
  for (; count < linesMax; count++) {
    const series = seriesAt(entry, at, end);
    const isNew = series == NO_SERIES;
    const from = isNew ? readTags(at) : at + load<u32>(series, SERIES_TEXT_BYTES);
    if (from == 0) break;
    const table = isNew ? namedTable() : <usize>load<u32>(series, SERIES_TABLE);
    const row = load<u32>(table, TABLE_ROWS);
    if (row == load<u32>(table, TABLE_ROWS_CAPACITY) || (isReplay && !isReplayedInto(table, replaySeq))) break;
    if (!isNew) beginRow(load<u64>(series, SERIES_CHECKSUM));
    const next = finishLine(from, end, table, row, isNew ? tagCount : load<u32>(series, SERIES_TAGS));
    if (next == 0) {
      undoFields(table, row);
      break;
    }
    if (load<u64>(table, TABLE_BODY) != bodySerial) touch(table);
    entry = isNew ? storeNew(entry, at, <u32>(from - at), table, row) : series;
    if (!isNew) store<u32>(load<u32>(table, TABLE_SERIES_AT) + (row << 2), load<u32>(series, SERIES_NUMBER));
    store<i64>(load<u32>(table, TABLE_TIMES) + (row << 3), lineTime);
    store<u32>(table, row + 1, TABLE_ROWS);
    endRow(lineTime);
    at = next;
  }
  setLastSeries(entry);
  acceptedLines = count;
  return at;
}

/** Makes the series that readTags read, for a row behind one of `entry`; returns the entry to go on from. */
function storeNew(entry: usize, at: usize, bytes: u32, table: usize, row: u32): usize {
  const number = storeTags();
  store<u32>(load<u32>(table, TABLE_SERIES_AT) + (row << 2), number);
  if (!hasLooked) return entry;
  if (lookedEntry == NO_SERIES) countLook(table, false);
  setLastSeries(entry);
  cacheSeries(lookedEntry, at, bytes, lookedHash, table, number, tagCount);
  return lastSeries;
}

/** The entry of the series whose line starts at `at`, given that of the line before; NO_SERIES when none is good. */
@inline
function seriesAt(entry: usize, at: usize, end: usize): usize {
  const guess = <usize>load<u32>(entry, SERIES_NEXT);
  if (credit >= 0) {
    const bytes = <usize>load<u32>(guess, SERIES_TEXT_BYTES);
    if (bytes < end - at && isText(guess + SERIES_TEXT, at, bytes)) {
      if (isGood(guess)) {
        credit = min(credit + 1, CREDIT_MAX);
        return guess;
      }
    }
  }
  return lookUp(entry, guess, at, end);
}

@inline
function isText(text: usize, at: usize, bytes: usize): bool {
  return bytes < 16 ? isHead(text, at, bytes) : isSame(text, at, bytes);
}

/** Whether lookUp looked, for what, and what it found, good or not. */
let hasLooked: bool = false;
let lookedHash: u64 = 0;
let lookedEntry: usize = NO_SERIES;

function lookUp(entry: usize, guess: usize, at: usize, end: usize): usize {
  hasLooked = rareTables == 0 || isWorthALook(at);
  if (!hasLooked) return NO_SERIES;
  const bytes = <u32>(seriesEnd(at, end) - at);
  lookedHash = seriesHash(seriesScope, at, bytes);
  lookedEntry = bytes == 0 ? NO_SERIES : findSeries(seriesScope, at, bytes, lookedHash);
  if (lookedEntry == NO_SERIES) return NO_SERIES;
  countLook(load<u32>(lookedEntry, SERIES_TABLE), true);
  if (!isGood(lookedEntry)) return NO_SERIES;
  credit = lookedEntry == guess ? min(credit + 1, CREDIT_MAX) : max(credit - WRONG, CREDIT_MIN);
  store<u32>(entry, <u32>lookedEntry, SERIES_NEXT);
  return lookedEntry;
}

/** Whether the line at `at` is to be looked up: hardly one is when the series of its table never return. */
function isWorthALook(at: usize): bool {
  return readName(at) == 0 || isLookedUp(namedTable());
}

/**
 * One past the first space that no backslash hides; `at` when there is none in the physical line: no series that is cached
 * has a newline, hidden or not, and whoever looked beyond would look at the same bytes again for the next line.
 */
@inline
function seriesEnd(at: usize, end: usize): usize {
  let to = at;
  while (to < end) {
    const hits = maskOf3(to, SPACE, BACKSLASH, NEWLINE);
    if (hits == 0) {
      to += 16;
      continue;
    }
    to += <usize>ctz(hits);
    const c = <u32>load<u8>(to);
    if (c == SPACE) return to < end ? to + 1 : at;
    if (c == NEWLINE || <u32>load<u8>(to, 1) == NEWLINE) return at;
    to += 2;
  }
  return at;
}

/** Nanoseconds since 1970 of the line that finishLine read. */
let lineTime: i64 = 0;

/**
 * Reads the rest of a line, from its first field at `at`, and appends the values of `row`; sets lineTime.
 * @param tags how many tags the line has
 * @returns where the next line begins, or 0 when this one is not for the fast path
 */
function finishLine(at: usize, end: usize, table: usize, row: u32, tags: u32): usize {
  at = appendAllFields(at, end, table, row);
  // The last field may not be counted yet.
  if (at == 0 || tags + stopField >= cellsMax) return 0;
  lineTime = defaultTime;
  let c = <u32>load<u8>(at);
  if (c == SPACE) {
    at = readLineTime(at + 1);
    if (at == 0 || lineTime < keptSince) return 0;
    c = <u32>load<u8>(at);
  }
  if (c == RETURN) c = <u32>load<u8>(++at);
  return c == NEWLINE && at < end ? at + 1 : 0;
}

/** The timestamp read last in this body, with the byte behind it (0: none), its bytes, and its nanoseconds. */
let timeAt: usize = 0;
let timeBytes: usize = 0;
let timeNanos: i64 = 0;

/** Reads a timestamp of 1 to 19 digits into lineTime; returns where it ends, or 0. */
@inline
function readLineTime(at: usize): usize {
  if (timeAt != 0 && (maskOfSame(at, timeAt) & maskOfSame(at + timeBytes - 16, timeAt + timeBytes - 16)) == ALL) {
    lineTime = timeNanos;
    return at + timeBytes - 1;
  }
  const to = readTime(at);
  if (to - at >= 15 && to != 0) {
    timeAt = at;
    timeBytes = to - at + 1;
    timeNanos = lineTime;
  }
  return to;
}

const ALL: u32 = 0xFFFF;

function readTime(at: usize): usize {
  const first = at;
  let word = load<u64>(at);
  let digits = digitsIn(word);
  let value = numberIn(word, digits);
  at += digits;
  if (digits == 8) {
    word = load<u64>(at);
    digits = digitsIn(word);
    value = value * powerOfTen(digits) + numberIn(word, digits);
    at += digits;
    if (digits == 8) {
      word = load<u64>(at);
      digits = digitsIn(word);
      value = value * powerOfTen(digits) + numberIn(word, digits);
      at += digits;
    }
  }
  digits = at - first;
  if (digits == 0 || digits > 19 || <i64>value < 0) return 0;
  if (unit == 1) {
    lineTime = <i64>value;
    return at;
  }
  if (!scaleTime(<i64>value, unit)) return 0;
  lineTime = scaledTime;
  return at;
}

/** Takes back the values of a row that does not come to be: all stand in columns among the expected fields it came past. */
function undoFields(table: usize, row: u32): void {
  const fields = <usize>load<u32>(table, TABLE_FIELDS_AT);
  // The last field may not be counted yet.
  const end = fields + (<usize>min(stopField + 1, load<u32>(table, TABLE_FIELDS)) << 2);
  for (let at = fields; at < end; at += 4) removeValue(load<u32>(at), row);
}

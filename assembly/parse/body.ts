// A body, line by line: where lines stand, what each is worth, and what the body comes to.
import {
  INPUT_PADDING, LINE_NOT_UTF8, LINE_OK, LINE_UNTERMINATED_STRING, PARSE_ACCEPTED, PARSE_ALL_OR_NOTHING, PARSE_NEEDS,
  PARSE_NO_ROOM, PARSE_REFUSED, PARSE_TOO_MANY_LINES, RULE_GRAMMAR_1,
} from '../layout/codes';
import { growthOf } from '../memtable/growth';
import { isOverRoom } from '../memtable/memory';
import { NEWLINE } from './grammar/characters';
import {
  beginAppending, checkLine, listSpans, rollBack, bodySpanCount, bodySpansAt, storeLine, isReplayedInto,
} from './append-line';
import { beginBody, cellsMax, defaultTime, isDumped, isReplay, replaySeq, rules, unit } from './body-settings';
import { checksum } from './checksum';
import { beginFast, acceptedLines, acceptLines } from './fast/fast';
import { fault } from './grammar/fault';
import { beginJudging, columnsMax, judgedTable, judgeLine } from './schema/judge';
import { parseLine } from './grammar/line';
import {
  beginLines, blankLineEnd, findLineEnd, lineEnd, lineIsOpen, lineIsWide, lineNewlines, markEnd, nextLine, openQuoteAt, skipBlanks,
} from './grammar/lines';
import { beginDump, dumpLine } from './dump';
import { inputAt } from './input';
import { addError, beginOutcome, countAccepted, countLine, countRejected, countAcceptedLines, endOutcome, linesSeen, rejectedLines } from './outcome';
import { beginSkipping, isSkipped, linesToSkipped } from './skipped-lines';
import { listNeeds, needCount, needsAt, provisionalMark, undoProvisional } from './schema/needed';
import { beginCells, hasTime, time } from './grammar/cells';
import { newlinesEnd } from './grammar/newlines';
import { unitOf } from './grammar/time';
import { isUtf8 } from './grammar/utf8';

/** Rows are still of use: false once the body is bound to be rolled back. */
let isStoring: bool = false;
/** There was no room for a line. */
let isOutOfRoom: bool = false;

/**
 * Parses the body in the input buffer into the memtables.
 * @param databaseId the catalog's id of the database that the lines go to
 * @param bytes of the body, which stands at input(bytes)
 * @param precision PRECISION_*
 * @param defaultNanos nanoseconds since 1970 of lines without a timestamp
 * @param flags PARSE_ALL_OR_NOTHING, PARSE_REPLAY, PARSE_DUMP; RULE_*
 * @param linesMax lines, blank ones and comments apart, that the body may have; not judged on replay
 * @param runsAt on replay, `runs` pairs (first, last) of physical lines to skip, u32 each, ascending
 * @param frameSeq on replay, the seq of the body
 * @param sinceNanos nanoseconds since 1970 of the oldest timestamp that is taken; not judged on replay
 * @returns PARSE_*; the rest stands in the header at outcome()
 */
export function parse(
  databaseId: u32, bytes: u32, precision: u32, defaultNanos: i64, flags: u32, linesMax: u32, runsAt: usize, runs: u32, frameSeq: f64,
  sinceNanos: i64,
): u32 {
  memory.fill(inputAt + bytes, 0, INPUT_PADDING);
  // A string that is open at the end of the body ends here for those who look for its end sixteen bytes at a time.
  store<u8>(inputAt + bytes + INPUT_PADDING - 1, <u8>NEWLINE);
  isStoring = true;
  isOutOfRoom = false;
  beginBody(databaseId, unitOf(precision), defaultNanos, sinceNanos, flags, columnsMax, frameSeq);
  beginSkipping(runsAt, runs);
  beginLines(bytes);
  beginOutcome();
  beginJudging();
  beginAppending();
  beginFast();
  beginDump();
  const status = parseLines(inputAt + bytes, flags, isReplay ? u32.MAX_VALUE : linesMax);
  if (status == PARSE_NEEDS) listNeeds();
  if (status == PARSE_ACCEPTED) listSpans();
  else rollBack();
  undoProvisional(0);
  endOutcome(bodySpansAt(), bodySpanCount(), needsAt(), status == PARSE_NEEDS ? needCount() : 0, checksum());
  return status;
}

/** Lines that the fast path accepts in one go, at most: what memtables hold is looked at between. Rows get more room in the exact path alone. */
const RUN_LINES_MAX: u32 = 8192;
/** Lines parsed in the exact path alone, at most, after the fast path took none. */
const PAUSE_MAX: u32 = 31;

/** Parses all lines up to `end`; returns what the body comes to. */
function parseLines(end: usize, flags: u32, linesMax: u32): u32 {
  const refusesAll = (flags & PARSE_ALL_OR_NOTHING) != 0;
  let line: u32 = 1;
  let start = (rules & RULE_GRAMMAR_1) != 0 ? inputAt : markEnd(inputAt, end);
  let pause: u32 = 0;
  let pauseNext: u32 = 0;
  while (start < end) {
    if (isOutOfRoom || isOverRoom(0)) return PARSE_NO_ROOM;
    if (pause != 0) {
      pause--;
    } else if (isStoring && !isDumped) {
      start = acceptLines(start, end, min(min(linesMax - linesSeen(), linesToSkipped(line)), RUN_LINES_MAX));
      countAcceptedLines(acceptedLines);
      line += acceptedLines;
      pauseNext = acceptedLines == 0 ? min((pauseNext << 1) + 1, PAUSE_MAX) : 0;
      pause = pauseNext;
      if (start >= end) break;
    }
    const at = skipBlanks(start);
    const blankEnd = blankLineEnd(at, end);
    if (blankEnd != 0) {
      start = newlinesEnd(blankEnd, end);
      line += 1 + <u32>(start - blankEnd);
      continue;
    }
    if (countLine() > linesMax) return PARSE_TOO_MANY_LINES;
    findLineEnd(start, at, end);
    if (isSkipped(line)) {
      countRejected(line, line + lineNewlines);
    } else if (!acceptLine(line, start, at)) {
      countRejected(line, line + lineNewlines);
      if (refusesAll) isStoring = false;
    }
    line += lineNewlines + 1;
    start = nextLine;
  }
  if (isOutOfRoom) return PARSE_NO_ROOM;
  if (refusesAll && rejectedLines() != 0) return PARSE_REFUSED;
  return !isReplay && provisionalMark() != 0 ? PARSE_NEEDS : PARSE_ACCEPTED;
}

/** Judges the line found last and stores it; returns whether it was accepted. */
function acceptLine(line: u32, start: usize, at: usize): bool {
  let code = parseFound(at);
  if (code == LINE_OK) code = judgeLine();
  if (code != LINE_OK) {
    addError(line, code, inputAt, start, lineEnd);
    return false;
  }
  countAccepted();
  if (isDumped) dumpLine(line);
  if (!isReplay && provisionalMark() != 0) isStoring = false;
  const rowTime = hasTime ? time : defaultTime;
  if (isReplay && !isReplayedInto(judgedTable(), replaySeq)) checkLine(judgedTable(), rowTime);
  else if (isStoring) keepLine(judgedTable(), rowTime);
  return true;
}

function keepLine(table: usize, rowTime: i64): void {
  if (isOverRoom(growthOf(table))) isOutOfRoom = true;
  else storeLine(table, rowTime);
}

/** Parses the line found last, whose first byte that is not blank is `at`; returns LINE_OK or what is wrong. */
function parseFound(at: usize): u32 {
  if (lineIsWide && !isUtf8(at, lineEnd)) {
    beginCells(0);
    return fault(LINE_NOT_UTF8, at, at, 0, 0);
  }
  const code = parseLine(at, lineEnd, unit, cellsMax);
  if (!lineIsOpen || code == LINE_UNTERMINATED_STRING) return code;
  const quote = openQuoteAt < lineEnd ? openQuoteAt : at;
  return fault(LINE_UNTERMINATED_STRING, quote, lineEnd, 0, 0);
}

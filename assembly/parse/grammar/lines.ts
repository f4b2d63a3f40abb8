// Where lines end. A newline ends a line unless it is escaped or stands inside a string, and whether a quote opens a
// string is told by counting: InfluxDB 3 splits a body before it parses a line, and so do we, with the same rule.
import { maskOf, maskOf2, maskOf3, maskOfHigh } from '../../base/simd-bytes';
import { BACKSLASH, COMMA, EQUALS, HASH, NEWLINE, QUOTE, RETURN, SPACE, TAB } from './characters';
import { countNewlines, findNewline } from './newlines';

/** One past the last byte of the line, its newline and one CR before that apart; and where the next line starts. */
export let lineEnd: usize = 0;
export let nextLine: usize = 0;
/** Newlines inside the line. */
export let lineNewlines: u32 = 0;
/** The line has bytes over 7F. */
export let lineIsWide: bool = false;
/** The line has an open string (L6): it costs its first physical line, which is what stands in lineEnd. */
export let lineIsOpen: bool = false;
/** Where the quote stands that opened the string left open. */
export let openQuoteAt: usize = 0;

/** Bytes scanned past open quotes in a body, over its length, after which no more are followed. */
const OPEN_BYTES_OVER: u64 = 8 << 20;
/**
 * Bytes scanned in this body for lines whose string was found open at the end (L6), and how many are enough. Lines that
 * the fast path may accept count for nothing, so that it makes no difference to what other lines come to.
 */
let openBytes: u64 = 0;
let openBytesMax: u64 = 0;

/** Begins a body of `bytes` bytes. */
export function beginLines(bytes: usize): void {
  openBytes = 0;
  openBytesMax = <u64>bytes + OPEN_BYTES_OVER;
}

/** Bytes scanned for L6 in the last body. */
export function openQuoteBytes(): f64 {
  return <f64>openBytes;
}

/** The bytes of a UTF-8 byte order mark as a little-endian integer. */
const BYTE_ORDER_MARK: u32 = 0xBFBBEF;
const BYTE_ORDER_MARK_BYTES: usize = 3;

/** Where the first line of a body in [at, end) starts: behind its byte order mark (L9), if it has one. */
export function markEnd(at: usize, end: usize): usize {
  return end - at >= BYTE_ORDER_MARK_BYTES && (load<u32>(at) & 0xFFFFFF) == BYTE_ORDER_MARK ? at + BYTE_ORDER_MARK_BYTES : at;
}

/** The first byte at or after `at` that is neither space nor tab. */
@inline
export function skipBlanks(at: usize): usize {
  while (load<u8>(at) == SPACE || load<u8>(at) == TAB) at++;
  return at;
}

/** When nothing or a comment (L4) stands from `at` to the end of its physical line: where the next begins, else 0. */
@inline
export function blankLineEnd(at: usize, end: usize): usize {
  const c = <u32>load<u8>(at);
  if (c == NEWLINE) return at + 1;
  if (c == HASH) return findNewline(at, end) + 1;
  if (c == RETURN && (load<u8>(at, 1) == NEWLINE || at + 1 == end)) return at + 2;
  return at >= end ? end : 0;
}

/**
 * Finds the end of the line that starts at `start` and whose first byte that is not blank is `at`; sets line*.
 * Zeros stand behind `end`. Past the bound of L6 a line ends at its first newline, open or not.
 */
export function findLineEnd(start: usize, at: usize, end: usize): void {
  lineIsOpen = false;
  let high: u32 = 0;
  for (; at < end; at += 16) {
    const hits = maskOf3(at, NEWLINE, QUOTE, BACKSLASH);
    if (hits != 0) {
      const to = at + ctz(hits);
      if (load<u8>(to) != NEWLINE) return findQuotedLineEnd(start, end);
      lineIsWide = (high | (maskOfHigh(at) & (hits - 1) & ~hits)) != 0;
      return setLine(to, end, 0);
    }
    high |= maskOfHigh(at);
  }
  lineIsWide = high != 0;
  setLine(end, end, 0);
}

/** The line ends at `to`, a newline or the end of the body. */
@inline
function setLine(to: usize, end: usize, newlines: u32): void {
  lineNewlines = newlines;
  nextLine = to < end ? to + 1 : end;
  lineEnd = load<u8>(to - 1) == RETURN ? to - 1 : to;
}

/** The same for a line with quotes or backslashes. */
function findQuotedLineEnd(start: usize, end: usize): void {
  lineIsWide = true;
  const limit = openBytes < openBytesMax ? end : findNewline(start, end);
  const to = scanQuoted(start, limit);
  lineIsOpen = openQuoteAt != 0;
  if (lineIsOpen) {
    if (openBytes < openBytesMax) openBytes += <u64>(end - start);
    setLine(findNewline(start, end), end, 0);
  } else {
    setLine(to, end, countNewlines(start, to));
  }
}

/**
 * The newline that ends the line starting at `at`, or `limit`; sets openQuoteAt (0: no string is open). A backslash
 * hides the next byte. After the first space, `=` and `,` outside strings are counted, and a quote opens a string only
 * when there were more `=` than `,`.
 */
function scanQuoted(at: usize, limit: usize): usize {
  openQuoteAt = 0;
  at = firstSpace(at, limit);
  if (at >= limit || <u32>load<u8>(at) == NEWLINE) return min(at, limit);
  let more: i32 = 0;
  while (at < limit) {
    const hits = maskOf3(at, BACKSLASH, NEWLINE, QUOTE);
    const before = hits == 0 ? 0xFFFF : (hits & (0 - hits)) - 1;
    if (before != 0) more += popcnt<i32>(maskOf(at, EQUALS) & before) - popcnt<i32>(maskOf(at, COMMA) & before);
    if (hits == 0) {
      at += 16;
      continue;
    }
    at += <usize>ctz(hits);
    if (at >= limit) break;
    const c = <u32>load<u8>(at);
    if (c == NEWLINE) return at;
    if (c == BACKSLASH) {
      at = hiddenEnd(at, limit);
      continue;
    }
    if (more > 0) {
      const close = stringEnd(at + 1, limit);
      if (close >= limit) {
        openQuoteAt = at;
        return limit;
      }
      at = close;
    }
    at++;
  }
  return limit;
}

/** The first space or newline from `at` on that no backslash hides; `limit` or more when there is none before it. */
function firstSpace(at: usize, limit: usize): usize {
  while (at < limit) {
    const hits = maskOf3(at, BACKSLASH, NEWLINE, SPACE);
    if (hits == 0) {
      at += 16;
      continue;
    }
    at += <usize>ctz(hits);
    if (at >= limit || <u32>load<u8>(at) != BACKSLASH) return at;
    at = hiddenEnd(at, limit);
  }
  return at;
}

/** Past the backslash at `at` and the byte that it hides; of a run of backslashes, which are pairs, past sixteen at a time. */
@inline
export function hiddenEnd(at: usize, limit: usize): usize {
  const end = pairsEnd(at, limit);
  return end == at || <u32>load<u8>(end) == BACKSLASH ? end + 2 : end;
}

/** The end of a run of backslashes from `at` on, in steps of sixteen. */
@inline
export function pairsEnd(at: usize, limit: usize): usize {
  // Most backslashes stand alone.
  if (<u32>load<u8>(at, 1) != BACKSLASH) return at;
  while (at + 16 <= limit && maskOf(at, BACKSLASH) == 0xFFFF) at += 16;
  return at;
}

/** The text that stringEnd saw holds a backslash. */
export let stringIsEscaped: bool = false;

/** Where the quote stands that closes the string whose text starts at `at`; `limit` or more when there is none. */
export function stringEnd(at: usize, limit: usize): usize {
  stringIsEscaped = false;
  while (at < limit) {
    const hits = maskOf2(at, QUOTE, BACKSLASH);
    if (hits == 0) {
      at += 16;
      continue;
    }
    at += ctz(hits);
    if (at >= limit || load<u8>(at) == QUOTE) return at;
    stringIsEscaped = true;
    at = hiddenEnd(at, limit);
  }
  return at;
}

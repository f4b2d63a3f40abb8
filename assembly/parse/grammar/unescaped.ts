// The unescaped names and strings of the line being parsed: those with a backslash are written here, the others stay
// where they are in the body.
import { allocate, blockBytes, release } from '../../base/arena';
import { BACKSLASH, COMMA, EQUALS, QUOTE, SPACE } from './characters';
import { copyWide, firstOf } from '../../base/simd-bytes';
import { lineEnd, pairsEnd } from './lines';

/** Copies in steps of 16 bytes write up to here behind a text. */
const MARGIN_BYTES: usize = 16;
/** The block of texts (0: none yet), its bytes, and how many of them the texts of this line take. */
let textAt: usize = 0;
let textCapacity: usize = 0;
let textUsed: usize = 0;

/** Length of the text unescaped last. */
export let unescapedBytes: u32 = 0;

/** Forgets the texts of the line before. */
@inline
export function beginText(): void {
  textUsed = 0;
}

/** Where the next text goes. The line's first one makes room for the rest of the line, so that none has to move. */
function roomForText(at: usize): usize {
  const bytes = lineEnd - at + MARGIN_BYTES;
  if (textUsed == 0 && textCapacity < bytes) {
    if (textAt != 0) release(textAt, textCapacity);
    textCapacity = blockBytes(bytes);
    textAt = allocate(textCapacity);
  }
  return textAt + textUsed;
}

@inline
function finish(from: usize, to: usize): usize {
  textUsed += to - from;
  unescapedBytes = <u32>(to - from);
  return from;
}

/**
 * Undoes the escapes of a name: a backslash goes before comma, space and backslash, and before `=` in all names but
 * the measurement. Returns where the text stands until the next line; its length is in unescapedBytes.
 */
export function unescapeName(at: usize, end: usize, isMeasurement: bool): usize {
  const from = roomForText(at);
  let to = from;
  for (let plain = upToBackslash(at, end); ; plain = upToBackslash(at, end)) {
    copyWide(to, at, plain - at);
    to += plain - at;
    at = pairsEnd(plain, end);
    if (at != plain) {
      to = halve(to, at - plain);
      continue;
    }
    at++;
    if (at >= end) break;
    const next = <u32>load<u8>(at++);
    if (!(next == COMMA || next == SPACE || next == BACKSLASH || (next == EQUALS && !isMeasurement))) {
      store<u8>(to++, <u8>BACKSLASH);
    }
    store<u8>(to++, <u8>next);
  }
  return finishAt(from, to, at, end);
}

/** The same for the inside of a string: a backslash goes before a quote and before a backslash. */
export function unescapeString(at: usize, end: usize): usize {
  const from = roomForText(at);
  let to = from;
  for (let plain = upToBackslash(at, end); ; plain = upToBackslash(at, end)) {
    copyWide(to, at, plain - at);
    to += plain - at;
    at = pairsEnd(plain, end);
    if (at != plain) {
      to = halve(to, at - plain);
      continue;
    }
    at++;
    if (at >= end) break;
    const next = <u32>load<u8>(at++);
    if (next != QUOTE && next != BACKSLASH) store<u8>(to++, <u8>BACKSLASH);
    store<u8>(to++, <u8>next);
  }
  return finishAt(from, to, at, end);
}

/** Writes the backslashes that pairs of `bytes` bytes stand for; returns the end. */
@inline
function halve(to: usize, bytes: usize): usize {
  memory.fill(to, <u8>BACKSLASH, bytes >> 1);
  return to + (bytes >> 1);
}

/** The first backslash from `at` on, or `end`. */
@inline
function upToBackslash(at: usize, end: usize): usize {
  while (at < end) {
    const hits = firstOf(at, BACKSLASH);
    if (hits != 0) return min(at + <usize>ctz(hits), end);
    at += 16;
  }
  return end;
}

/** Ends a text whose last byte read stands before `at`; a backslash with nothing behind it stays. */
@inline
function finishAt(from: usize, to: usize, at: usize, end: usize): usize {
  if (at == end) store<u8>(to++, <u8>BACKSLASH);
  return finish(from, to);
}

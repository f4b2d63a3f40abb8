// Names: measurement, tag key, tag value, field key. A name runs to a blank or its own delimiter; a backslash hides the
// next byte, and is dropped before the characters the name could not hold otherwise.
import { BACKSLASH, COMMA, EQUALS, NEWLINE, SPACE, TAB } from './characters';

/** Names are at most 64 KiB, escapes undone. */
export const NAME_BYTES_MAX: u32 = 65536;

/** The name that nameEnd saw holds a backslash. */
export let nameIsEscaped: bool = false;

/**
 * One past the last byte of the name at `at`: where an unescaped space, tab, newline or `delimiter` stands, or `end`.
 * A NUL ends a measurement only.
 */
@inline
export function nameEnd(at: usize, end: usize, delimiter: u32, isMeasurement: bool): usize {
  const blank = i8x16.splat(<i8>SPACE);
  const stop = i8x16.splat(<i8>delimiter);
  const backslash = i8x16.splat(<i8>BACKSLASH);
  nameIsEscaped = false;
  for (;;) {
    const bytes = v128.load(at);
    const hits = i8x16.bitmask(v128.or(i8x16.le_u(bytes, blank), v128.or(i8x16.eq(bytes, stop), i8x16.eq(bytes, backslash))));
    if (hits == 0) {
      at += 16;
      continue;
    }
    at += ctz(hits);
    if (at >= end) return end;
    const c = <u32>load<u8>(at);
    if (c == delimiter || c == SPACE || c == TAB || c == NEWLINE || (isMeasurement && c == 0)) return at;
    if (c == BACKSLASH) {
      nameIsEscaped = true;
      at++;
    }
    at++;
    if (at >= end) return end;
  }
}

/** Unescaped bytes of the line being parsed; room for the whole line is made before its first byte. */
let textAt: usize = 0;
let textCapacity: usize = 0;
let textUsed: usize = 0;

/** Forgets the unescaped bytes of the line before. */
@inline
export function beginText(): void {
  textUsed = 0;
}

/**
 * Undoes the escapes of a name of at most `bytes` bytes. Returns where the unescaped name stands until the next line;
 * its length is `textBytes`. Which characters may be escaped differs between a measurement and the other names.
 */
export function unescapeName(at: usize, bytes: usize, isMeasurement: bool): usize {
  const from = textAt + textUsed;
  const end = at + bytes;
  let to = from;
  while (at < end) {
    let c = <u32>load<u8>(at++);
    if (c == BACKSLASH && at < end) {
      const next = <u32>load<u8>(at++);
      if (next == COMMA || next == SPACE || next == BACKSLASH || (next == EQUALS && !isMeasurement)) {
        c = next;
      } else {
        store<u8>(to++, <u8>c);
        c = next;
      }
    }
    store<u8>(to++, <u8>c);
  }
  textUsed += to - from;
  textBytes = <u32>(to - from);
  return from;
}

// The unescaped names and strings of the line being parsed: those with a backslash are written here, the others stay
// where they are in the body.
import { allocate, blockBytes, release } from '../arena';
import { BACKSLASH, COMMA, EQUALS, QUOTE, SPACE } from './characters';
import { lineEnd } from './lines';

let textAt: usize = 0;
let textCapacity: usize = 0;
let textUsed: usize = 0;

/** Length of the text unescaped last. */
export let textBytes: u32 = 0;

/** Forgets the texts of the line before. */
@inline
export function beginText(): void {
  textUsed = 0;
}

/** Where the next text goes. The line's first one makes room for the rest of the line, so that none has to move. */
function place(at: usize): usize {
  if (textUsed == 0 && textCapacity < lineEnd - at) {
    if (textAt != 0) release(textAt, textCapacity);
    textCapacity = blockBytes(lineEnd - at);
    textAt = allocate(textCapacity);
  }
  return textAt + textUsed;
}

@inline
function finish(from: usize, to: usize): usize {
  textUsed += to - from;
  textBytes = <u32>(to - from);
  return from;
}

/**
 * Undoes the escapes of a name: a backslash goes before comma, space and backslash, and before `=` in all names but
 * the measurement. Returns where the text stands until the next line; its length is in textBytes.
 */
export function unescapeName(at: usize, end: usize, isMeasurement: bool): usize {
  const from = place(at);
  let to = from;
  while (at < end) {
    const c = <u32>load<u8>(at++);
    if (c == BACKSLASH && at < end) {
      const next = <u32>load<u8>(at++);
      if (!(next == COMMA || next == SPACE || next == BACKSLASH || (next == EQUALS && !isMeasurement))) {
        store<u8>(to++, <u8>c);
      }
      store<u8>(to++, <u8>next);
    } else {
      store<u8>(to++, <u8>c);
    }
  }
  return finish(from, to);
}

/** The same for the inside of a string: a backslash goes before a quote and before a backslash. */
export function unescapeString(at: usize, end: usize): usize {
  const from = place(at);
  let to = from;
  while (at < end) {
    const c = <u32>load<u8>(at++);
    if (c == BACKSLASH && at < end) {
      const next = <u32>load<u8>(at++);
      if (next != QUOTE && next != BACKSLASH) store<u8>(to++, <u8>c);
      store<u8>(to++, <u8>next);
    } else {
      store<u8>(to++, <u8>c);
    }
  }
  return finish(from, to);
}

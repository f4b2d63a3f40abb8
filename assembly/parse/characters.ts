// The characters of line protocol, and the wide compares that find them.

export const TAB: u32 = 9;
export const NEWLINE: u32 = 10;
export const RETURN: u32 = 13;
export const SPACE: u32 = 32;
export const QUOTE: u32 = 34;
export const HASH: u32 = 35;
export const COMMA: u32 = 44;
export const MINUS: u32 = 45;
export const DOT: u32 = 46;
export const EQUALS: u32 = 61;
export const BACKSLASH: u32 = 92;

@inline
export function isDigit(c: u32): bool {
  return c - 48 < 10;
}

/** Where the next newline at or after `at` stands; `end` when there is none before it. Reads up to 15 bytes past `end`. */
export function findNewline(at: usize, end: usize): usize {
  const newline = i8x16.splat(<i8>NEWLINE);
  while (at < end) {
    const hits = i8x16.bitmask(i8x16.eq(v128.load(at), newline));
    if (hits != 0) return min(at + ctz(hits), end);
    at += 16;
  }
  return end;
}

/** Newlines in [at, end). */
export function countNewlines(at: usize, end: usize): u32 {
  let count: u32 = 0;
  for (at = findNewline(at, end); at < end; at = findNewline(at + 1, end)) count++;
  return count;
}

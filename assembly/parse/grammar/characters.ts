// The characters of line protocol.

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

/** Whether a byte is 0 to 9. */
@inline
export function isDigit(c: u32): bool {
  return c - 48 < 10;
}

// How lines spell the key of a field or tag: with a backslash before comma, space and `=`, and `=` behind it. The fast path compares
// these bytes; any other spelling of the key goes the exact way, and so does a key of more than SPELLED_BYTES_MAX.
import {
  COLUMN_HEAD, COLUMN_HEAD_MASK, COLUMN_KEY_AT, COLUMN_KEY_BYTES, COLUMN_SPELLED_AT, COLUMN_SPELLED_BYTES,
} from '../layout/column';
import { give, take } from './memory';

const BACKSLASH: u32 = 92;
const COMMA: u32 = 44;
const EQUALS: u32 = 61;
const NEWLINE: u32 = 10;
const SPACE: u32 = 32;
const TAB: u32 = 9;
const HEAD_BYTES: u32 = 16;
/** Three times 16: what isSpelled compares. */
const SPELLED_BYTES_MAX: u32 = 48;

/** Sets what the fast path compares; COLUMN_SPELLED_BYTES stays 0 for a key that is never to be compared. */
export function findSpelling(column: usize): void {
  const key = <usize>load<u32>(column, COLUMN_KEY_AT);
  const keyBytes = load<u32>(column, COLUMN_KEY_BYTES);
  const bytes = spelledBytes(key, keyBytes);
  if (bytes == 0 || bytes > SPELLED_BYTES_MAX) return;
  store<u16>(column, <u16>bytes, COLUMN_SPELLED_BYTES);
  store<u16>(column, <u16>(((<u32>1) << min(bytes, HEAD_BYTES)) - 1), COLUMN_HEAD_MASK);
  if (bytes <= HEAD_BYTES) return spell(column + COLUMN_HEAD, key, keyBytes);
  const whole = take(bytes);
  spell(whole, key, keyBytes);
  memory.copy(column + COLUMN_HEAD, whole, HEAD_BYTES);
  store<u32>(column, <u32>whole, COLUMN_SPELLED_AT);
}

/** Frees the spelling of a column that is to be freed. */
export function freeSpelling(column: usize): void {
  give(load<u32>(column, COLUMN_SPELLED_AT), load<u16>(column, COLUMN_SPELLED_BYTES));
}

@inline
function isEscaped(c: u32): bool {
  return c == COMMA || c == SPACE || c == EQUALS;
}

/** Bytes of the spelling with its `=`; 0 when it has bytes that would have to be looked at. */
function spelledBytes(key: usize, keyBytes: u32): u32 {
  let bytes = keyBytes + 1;
  for (let i: u32 = 0; i < keyBytes; i++) {
    const c = <u32>load<u8>(key + i);
    if (c == BACKSLASH || c == NEWLINE || c == TAB) return 0;
    bytes += <u32>isEscaped(c);
  }
  return bytes;
}

function spell(to: usize, key: usize, keyBytes: u32): void {
  for (let i: u32 = 0; i < keyBytes; i++) {
    const c = <u32>load<u8>(key + i);
    if (isEscaped(c)) store<u8>(to++, <u8>BACKSLASH);
    store<u8>(to++, <u8>c);
  }
  store<u8>(to, <u8>EQUALS);
}

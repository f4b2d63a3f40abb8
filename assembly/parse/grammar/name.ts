// Names: measurement, tag key, tag value, field key. A name runs to a blank or its own delimiter; a backslash hides the
// next byte, and is dropped before the characters the name could not hold otherwise.
import { LINE_ENDS_WITH_BACKSLASH, LINE_NAME_TOO_LONG, LINE_OK } from '../../layout/codes';
import { maskOfNameEnds } from '../../base/simd-bytes';
import { BACKSLASH, NEWLINE, SPACE, TAB } from './characters';
import { hiddenEnd } from './lines';
import { unescapedBytes, unescapeName } from './unescaped';

/** Names are at most 64 KiB, escapes undone. */
const NAME_BYTES_MAX: u32 = 65536;

/** The name that nameEnd saw holds a backslash. */
export let nameIsEscaped: bool = false;

/**
 * One past the last byte of the name at `at`: where an unescaped space, tab, newline or `delimiter` stands, or `end`.
 * A NUL ends a measurement only.
 */
@inline
export function nameEnd(at: usize, end: usize, delimiter: u32, isMeasurement: bool): usize {
  nameIsEscaped = false;
  while (at < end) {
    const hits = maskOfNameEnds(at, delimiter);
    if (hits == 0) {
      at += 16;
      continue;
    }
    at += ctz(hits);
    if (at >= end) break;
    const c = <u32>load<u8>(at);
    if (c == delimiter || c == SPACE || c == TAB || c == NEWLINE || (isMeasurement && c == 0)) return at;
    if (c == BACKSLASH) {
      nameIsEscaped = true;
      at = hiddenEnd(at, end);
    } else {
      at++;
    }
  }
  return end;
}

/** The unescaped name that finishName made of the one written. */
export let finalAt: usize = 0;
export let finalBytes: u32 = 0;

/**
 * Undoes the escapes of the name in [at, end) that nameEnd saw last, and checks it; sets final*.
 * @returns LINE_OK or what is wrong with it
 */
@inline
export function finishName(at: usize, end: usize, isMeasurement: bool): u32 {
  finalAt = at;
  finalBytes = <u32>(end - at);
  if (nameIsEscaped) {
    finalAt = unescapeName(at, end, isMeasurement);
    finalBytes = unescapedBytes;
    if (load<u8>(finalAt + finalBytes - 1) == BACKSLASH) return LINE_ENDS_WITH_BACKSLASH;
  }
  return finalBytes > NAME_BYTES_MAX ? LINE_NAME_TOO_LONG : LINE_OK;
}

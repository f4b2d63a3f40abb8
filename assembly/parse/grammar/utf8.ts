// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing over U+10FFFF.
import { maskOfHigh } from '../../base/simd-bytes';

/** Whether the bytes in [at, end) are valid UTF-8. Up to 15 bytes behind them are read. */
export function isUtf8(at: usize, end: usize): bool {
  while (at < end) {
    const high = maskOfHigh(at);
    if (high == 0) {
      at += 16;
      continue;
    }
    at += ctz(high);
    if (at >= end) return true;
    const bytes = sequenceBytes(at);
    if (bytes == 0 || at + bytes > end) return false;
    at += bytes;
  }
  return true;
}

/** Bytes of the sequence that starts at `at` with a byte over 7F; 0 when it is not valid. */
function sequenceBytes(at: usize): usize {
  const lead = <u32>load<u8>(at);
  const second = <u32>load<u8>(at, 1);
  if (lead < 0xC2 || lead > 0xF4) return 0;
  if (lead < 0xE0) return isContinuation(second) ? 2 : 0;
  if (!isContinuation(load<u8>(at, 2))) return 0;
  if (lead < 0xF0) {
    const low: u32 = lead == 0xE0 ? 0xA0 : 0x80;
    const high: u32 = lead == 0xED ? 0x9F : 0xBF;
    return second >= low && second <= high ? 3 : 0;
  }
  const low: u32 = lead == 0xF0 ? 0x90 : 0x80;
  const high: u32 = lead == 0xF4 ? 0x8F : 0xBF;
  return second >= low && second <= high && isContinuation(load<u8>(at, 3)) ? 4 : 0;
}

@inline
function isContinuation(byte: u32): bool {
  return (byte & 0xC0) == 0x80;
}

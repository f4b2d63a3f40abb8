// Newlines, found and counted.
import { firstOf, maskOf } from '../../base/simd-bytes';
import { NEWLINE } from './characters';

/** Where the next newline at or after `at` stands; `end` when there is none before it. Reads up to 15 bytes past `end`. */
export function findNewline(at: usize, end: usize): usize {
  while (at < end) {
    const hits = firstOf(at, NEWLINE);
    if (hits != 0) return min(at + ctz(hits), end);
    at += 16;
  }
  return end;
}

/** Newlines in [at, end). */
export function countNewlines(at: usize, end: usize): u32 {
  let count: u32 = 0;
  for (; at + 16 <= end; at += 16) count += popcnt(maskOf(at, NEWLINE));
  return at < end ? count + popcnt(maskOf(at, NEWLINE) & ((1 << <u32>(end - at)) - 1)) : count;
}

/** The end of a run of newlines from `at` on, in steps of sixteen. */
@inline
export function newlinesEnd(at: usize, end: usize): usize {
  while (at + 16 <= end && <u32>load<u8>(at) == NEWLINE && maskOf(at, NEWLINE) == 0xFFFF) at += 16;
  return at;
}

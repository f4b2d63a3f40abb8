// Byte strings compared and copied.
import { copy16 } from '../../base/simd-bytes';

/** Order of two byte strings, unsigned bytes: below 0, 0 or above 0. */
export function compareBytes(a: usize, aBytes: usize, b: usize, bBytes: usize): i32 {
  const order = memory.compare(a, b, min(aBytes, bBytes));
  if (order != 0) return order;
  return aBytes < bBytes ? -1 : aBytes > bBytes ? 1 : 0;
}

/**
 * The first 8 of `bytes` as a big-endian number, filled up with zeros: unsigned numbers then stand in byte order. 8 bytes
 * are read in any case.
 */
@inline
export function prefixOf(at: usize, bytes: usize): u64 {
  const prefix = bswap<u64>(load<u64>(at));
  return bytes >= 8 ? prefix : bytes == 0 ? 0 : prefix & (~(<u64>0) << (64 - (<u64>bytes << 3)));
}

/** Copies a value that is mostly short, which `memory.copy` is slow at. Up to 15 bytes are read and written beyond it. */
@inline
export function copyValue(to: usize, from: usize, bytes: usize): void {
  if (bytes > 128) {
    memory.copy(to, from, bytes);
    return;
  }
  for (let i: usize = 0; i < bytes; i += 16) copy16(to + i, from + i);
}

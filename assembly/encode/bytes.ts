/** Order of two byte strings, unsigned bytes: below 0, 0 or above 0. */
export function compareBytes(a: usize, aBytes: usize, b: usize, bBytes: usize): i32 {
  const order = memory.compare(a, b, min(aBytes, bBytes));
  if (order != 0) return order;
  return aBytes < bBytes ? -1 : aBytes > bBytes ? 1 : 0;
}

/** The first 8 of `bytes` as a big-endian number, filled up with zeros: unsigned numbers then stand in byte order. */
export function prefixOf(at: usize, bytes: usize): u64 {
  if (bytes >= 8) return bswap<u64>(load<u64>(at));
  let prefix: u64 = 0;
  for (let i: usize = 0; i < bytes; i++) prefix |= <u64>load<u8>(at + i) << (56 - (i << 3));
  return prefix;
}

/** Copies a value that is mostly short, which `memory.copy` is slow at. Up to 16 bytes are read and written beyond it. */
@inline
export function copyValue(to: usize, from: usize, bytes: usize): void {
  if (bytes <= 16) v128.store(to, v128.load(from));
  else memory.copy(to, from, bytes);
}

// Hashing and comparing bytes. The hash is part of the accepted-rows checksum that stands in log frames: its
// definition is final for a grammar number.
//
// hash(bytes): h = n * HASH_C + B, n being the number of bytes; for each 8 bytes w (little-endian; the last 1 to 8 bytes
// filled up with zeros at the high end): h = (h ^ w) * HASH_A; h ^= h >> 29; at the end h = (h ^ h >> 32) * HASH_C; h ^= h >> 29.
// All arithmetic is modulo 2^64.

export const HASH_A: u64 = 0x9E6C63D0876A9A47;
const B: u64 = 0x2545F4914F6CDD1D;
export const HASH_C: u64 = 0xD6E8FEB86659FD93;

/** The hash of `bytes` bytes at `at`; up to 7 bytes after them are read and ignored. */
@inline
export function hashBytes(at: usize, bytes: usize): u64 {
  let h = <u64>bytes * HASH_C + B;
  while (bytes > 8) {
    h = (h ^ load<u64>(at)) * HASH_A;
    h ^= h >> 29;
    at += 8;
    bytes -= 8;
  }
  if (bytes > 0) {
    h = (h ^ (load<u64>(at) & (~(<u64>0) >> ((8 - <u64>bytes) << 3)))) * HASH_A;
    h ^= h >> 29;
  }
  h = (h ^ (h >> 32)) * HASH_C;
  return h ^ (h >> 29);
}

/** Whether `bytes` bytes are equal; up to 7 bytes after them are read and ignored. */
export function equalBytes(a: usize, b: usize, bytes: usize): bool {
  while (bytes > 8) {
    if (load<u64>(a) != load<u64>(b)) return false;
    a += 8;
    b += 8;
    bytes -= 8;
  }
  return bytes == 0 || ((load<u64>(a) ^ load<u64>(b)) << ((8 - <u64>bytes) << 3)) == 0;
}

/** What the checksum of a tag or field (parse/checksum.ts) has of its key and kind. @param kind KIND_* */
@inline
export function cellSeed(keyHash: u64, kind: u32): u64 {
  return keyHash + <u64>kind * B;
}

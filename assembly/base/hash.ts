// Hashing and comparing bytes. The hash is part of the accepted-rows checksum that stands in log frames: its
// definition is final for a grammar number.
//
// hash(bytes): h = n * C + B, n being the number of bytes; for each 8 bytes w (little-endian; the last 1 to 8 bytes
// filled up with zeros at the high end): h = (h ^ w) * A; h ^= h >> 29; at the end h = (h ^ h >> 32) * C; h ^= h >> 29.
// All arithmetic is modulo 2^64.

const A: u64 = 0x9E6C63D0876A9A47;
const B: u64 = 0x2545F4914F6CDD1D;
const C: u64 = 0xD6E8FEB86659FD93;

/** The hash of `bytes` bytes at `at`; up to 7 bytes after them are read and ignored. */
@inline
export function hashBytes(at: usize, bytes: usize): u64 {
  let h = <u64>bytes * C + B;
  while (bytes > 8) {
    h = (h ^ load<u64>(at)) * A;
    h ^= h >> 29;
    at += 8;
    bytes -= 8;
  }
  if (bytes > 0) {
    h = (h ^ (load<u64>(at) & (~(<u64>0) >> ((8 - <u64>bytes) << 3)))) * A;
    h ^= h >> 29;
  }
  h = (h ^ (h >> 32)) * C;
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

// The checksum. cell(key, kind, value) = c ^ c >> 32 with c = ((hash(key) + kind * B) ^ rotl(value, 32)) * A.
// row: r = hash(measurement); for each tag and field in the line's order r = rotl(r, 7) + cell(...);
// at last r = rotl(r, 7) + cell of the time in nanoseconds, with 0 for hash(key) and 0 for kind.
// body: s = 0; for each accepted row in order s = (s ^ r) * C; s ^= s >> 29.
// Key, kind and value are those of the line as sent, also where the rules of its database put the value into a wider
// column or one of another key: so it does not depend on them.

/** What the checksum of a cell has of its key and kind. */
@inline
export function cellSeed(keyHash: u64, kind: u32): u64 {
  return keyHash + <u64>kind * B;
}

/** The same as foldCell, given the cell's seed. */
@inline
export function foldSeeded(row: u64, seed: u64, bits: u64): u64 {
  const c = (seed ^ rotl<u64>(bits, 32)) * A;
  return rotl<u64>(row, 7) + (c ^ (c >> 32));
}

/** Adds a cell to a row's hash. `bits`: f64 bits, i64, u64, 0 or 1, or the hash of a string or tag value. */
@inline
export function foldCell(row: u64, keyHash: u64, kind: u32, bits: u64): u64 {
  return foldSeeded(row, cellSeed(keyHash, kind), bits);
}

/** Adds a row's hash to the checksum of its body. */
@inline
export function foldRow(sum: u64, row: u64): u64 {
  const s = (sum ^ row) * C;
  return s ^ (s >> 29);
}

// Where a list of words changes, four at a time; a build without SIMD does the same one by one.

/** Sets in the word of each of `rows` rows of `changes`, but for the first, the bits in which its word differs from the one before; up to 3 more are written. */
@inline
export function addChanges(changes: usize, words: usize, rows: u32): void {
  const end = words + (<usize>rows << 2);
  let to = changes + 4;
  if (ASC_FEATURE_SIMD) {
    for (let at = words + 4; at < end; at += 16) {
      v128.store(to, v128.or(v128.load(to), v128.xor(v128.load(at), v128.load(at - 4))));
      to += 16;
    }
  } else {
    for (let at = words + 4; at < end; at += 4) {
      store<u32>(to, load<u32>(to) | (load<u32>(at) ^ load<u32>(at - 4)));
      to += 4;
    }
  }
}

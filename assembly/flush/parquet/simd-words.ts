// Four words (u32) at a time, for the encoders, in this file alone. With SIMD each is a few instructions; a build without it
// does the same by halves, and gives the same files.

/** Whether 8 words (u32) are all `word`. */
@inline
export function isRun8(words: usize, word: u32): bool {
  if (ASC_FEATURE_SIMD) {
    const first = v128.splat<u32>(word);
    return !v128.any_true(v128.or(v128.xor(first, v128.load(words)), v128.xor(first, v128.load(words, 16))));
  } else {
    const twice = (<u64>word << 32) | word;
    const low = (load<u64>(words) ^ twice) | (load<u64>(words, 8) ^ twice);
    return (low | (load<u64>(words, 16) ^ twice) | (load<u64>(words, 24) ^ twice)) == 0;
  }
}

/** The largest of `count` words (u32); 0 for none. */
export function maxWord(words: usize, count: u32): u32 {
  const end = words + (<usize>count << 2);
  let most: u32 = 0;
  if (ASC_FEATURE_SIMD) {
    let four = v128.splat<u32>(0);
    for (; words + 16 <= end; words += 16) four = v128.max<u32>(four, v128.load(words));
    most = max(max(v128.extract_lane<u32>(four, 0), v128.extract_lane<u32>(four, 1)), max(v128.extract_lane<u32>(four, 2), v128.extract_lane<u32>(four, 3)));
  }
  for (; words < end; words += 4) most = max(most, load<u32>(words));
  return most;
}

/** Sets `count` words (u32); up to 3 more are written. */
@inline
export function fillWords(to: usize, word: u32, count: u32): void {
  const end = to + (<usize>count << 2);
  if (ASC_FEATURE_SIMD) {
    const four = v128.splat<u32>(word);
    for (; to < end; to += 16) v128.store(to, four);
  } else {
    const two = (<u64>word << 32) | word;
    for (; to < end; to += 8) store<u64>(to, two);
  }
}

/** Writes each of `count` words plus `offset`; up to 3 more are read and written. */
@inline
export function addToWords(to: usize, from: usize, offset: u32, count: u32): void {
  const end = to + (<usize>count << 2);
  if (ASC_FEATURE_SIMD) {
    const four = v128.splat<u32>(offset);
    for (; to < end; to += 16) {
      v128.store(to, i32x4.add(v128.load(from), four));
      from += 16;
    }
  } else {
    for (; to < end; to += 4) {
      store<u32>(to, load<u32>(from) + offset);
      from += 4;
    }
  }
}

/** All bits that occur in 32 numbers of 8 bytes. */
@inline
export function bitsOf32(numbers: usize): u64 {
  if (ASC_FEATURE_SIMD) {
    let all = v128.load(numbers);
    for (let i: usize = 16; i < 256; i += 16) all = v128.or(all, v128.load(numbers + i));
    return v128.extract_lane<u64>(all, 0) | v128.extract_lane<u64>(all, 1);
  } else {
    let all: u64 = 0;
    for (let i: usize = 0; i < 256; i += 8) all |= load<u64>(numbers + i);
    return all;
  }
}

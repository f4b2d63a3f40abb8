// PLAIN numbers of every width, read to 8 bytes each.

/** Reads `count` values of `width` bytes, 4, 8 or 9, to `out`; false when a decimal of 9 bytes is no u64. */
export function readPlain(at: usize, count: u32, width: usize, out: usize): bool {
  const end = out + (<usize>count << 3);
  if (width == 8) {
    memory.copy(out, at, end - out);
    return true;
  }
  if (width == 4) {
    for (; out < end; out += 8) {
      store<i64>(out, <i64>load<i32>(at));
      at += 4;
    }
    return true;
  }
  let upper: u32 = 0;
  for (; out < end; out += 8) {
    upper |= <u32>load<u8>(at);
    store<u64>(out, bswap<u64>(load<u64>(at, 1)));
    at += 9;
  }
  return upper == 0;
}

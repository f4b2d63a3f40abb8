// PLAIN values of every width.

/** Bytes of an unsigned 64-bit number as DECIMAL(20,0): a fixed-length two's complement, big-endian. */
export const DECIMAL_BYTES: usize = 9;

/** Writes `count` values (8 bytes each) at `width` bytes each: 4, 8, or DECIMAL_BYTES; returns the address after them. */
export function writePlain(values: usize, count: u32, width: usize, out: usize): usize {
  const end = values + (<usize>count << 3);
  if (width == 8) {
    memory.copy(out, values, end - values);
    return out + (end - values);
  }
  for (; values < end; values += 8) {
    if (width == 4) {
      store<u32>(out, load<u32>(values));
    } else {
      store<u8>(out, 0);
      store<u64>(out, bswap<u64>(load<u64>(values)), 1);
    }
    out += width;
  }
  return out;
}

// LEB128 numbers, and zigzag for signed ones, read with a look at where the bytes end.

/** Where the number that was read last ends; 0 when it was none: too long, or cut off. */
export let varintEnd: usize = 0;

/** Reads an unsigned number of at most 64 bits. */
export function readVarint(at: usize, end: usize): u64 {
  let value: u64 = 0;
  for (let shift: u64 = 0; shift < 64 && at < end; shift += 7) {
    const byte = <u64>load<u8>(at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      varintEnd = at;
      return value;
    }
  }
  varintEnd = 0;
  return 0;
}

/** Reads a signed number in zigzag form. */
export function readZigzag(at: usize, end: usize): i64 {
  const value = readVarint(at, end);
  return <i64>(value >> 1) ^ -<i64>(value & 1);
}

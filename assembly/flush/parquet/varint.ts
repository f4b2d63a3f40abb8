// Numbers of variable length: LEB128, and zigzag for signed ones.
/** Writes an unsigned LEB128 number; returns the address after it. */
export function writeVarint(at: usize, value: u64): usize {
  while (value >= 0x80) {
    store<u8>(at++, <u8>value | 0x80);
    value >>= 7;
  }
  store<u8>(at, <u8>value);
  return at + 1;
}

/** Writes a signed number in zigzag form; returns the address after it. */
export function writeZigzag(at: usize, value: i64): usize {
  return writeVarint(at, (<u64>value << 1) ^ <u64>(value >> 63));
}

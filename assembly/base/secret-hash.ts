// A hash for tables in memory: with a secret of this instance, for whoever knows a hash can send names and strings that all
// fall on one slot. It stands in no file and no frame. Both halves of a product of 64 by 64 bits are made one number,
// as in wyhash (Wang Yi, 2019).
import { upperProduct } from './mul128';

/** The secret; 0 until setSecret. */
let secretA: u64 = 0;
let secretB: u64 = 0;

/** States the secret, two random numbers; before the first table is defined. */
export function setSecret(a: u64, b: u64): void {
  secretA = a;
  secretB = b;
}

@inline
function mixed(a: u64, b: u64): u64 {
  return (a * b) ^ upperProduct(a, b);
}

/** The hash of `bytes` bytes at `at`; up to 7 bytes after them are read and ignored. */
export function secretHash(at: usize, bytes: usize): u32 {
  let h = secretA ^ <u64>bytes;
  let left = bytes;
  for (; left > 16; left -= 16) {
    h = mixed(load<u64>(at) ^ secretB, load<u64>(at, 8) ^ h);
    at += 16;
  }
  let first: u64 = 0;
  let last: u64 = 0;
  if (left > 8) {
    first = load<u64>(at);
    last = load<u64>(at + left - 8);
  } else if (left > 0) {
    first = load<u64>(at) << ((8 - <u64>left) << 3);
  }
  h = mixed(first ^ secretB, last ^ h);
  return <u32>mixed(h ^ secretB, secretA ^ 0x9E3779B97F4A7C15);
}

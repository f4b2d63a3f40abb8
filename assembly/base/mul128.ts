// What WebAssembly has no instruction for: the upper half of a product.

/** Upper 64 bits of a product of 64 by 64, out of four products of halves. */
@inline
export function upperProduct(a: u64, b: u64): u64 {
  const aLow = a & 0xFFFFFFFF;
  const aHigh = a >> 32;
  const bLow = b & 0xFFFFFFFF;
  const bHigh = b >> 32;
  const middle = aHigh * bLow + ((aLow * bLow) >> 32);
  const cross = aLow * bHigh + (middle & 0xFFFFFFFF);
  return aHigh * bHigh + (middle >> 32) + (cross >> 32);
}

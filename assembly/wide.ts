// Sixteen bytes at a time: the only file that knows how. With SIMD each of these is a few instructions; a build without
// it (--disable simd) does the same byte by byte, and must give the same answers everywhere.
import { BACKSLASH, SPACE } from './parse/characters';

/** Bytes FF up to a length, zeros after: 16 - bytes before its middle stands the mask of `bytes` bytes. */
const HEADS: usize = memory.data<u8>([
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);
const WIDTH: usize = 16;

/** One bit a byte at [at, at + 16): whether it is `a`. */
@inline
export function maskOf(at: usize, a: u32): u32 {
  if (ASC_FEATURE_SIMD) return i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(<i8>a)));
  else return scalarMask(at, a, a, a);
}

/** The same for two bytes. */
@inline
export function maskOf2(at: usize, a: u32, b: u32): u32 {
  if (ASC_FEATURE_SIMD) {
    const bytes = v128.load(at);
    return i8x16.bitmask(v128.or(i8x16.eq(bytes, i8x16.splat(<i8>a)), i8x16.eq(bytes, i8x16.splat(<i8>b))));
  } else return scalarMask(at, a, b, b);
}

/** The same for three bytes. */
@inline
export function maskOf3(at: usize, a: u32, b: u32, c: u32): u32 {
  if (ASC_FEATURE_SIMD) {
    const bytes = v128.load(at);
    const two = v128.or(i8x16.eq(bytes, i8x16.splat(<i8>a)), i8x16.eq(bytes, i8x16.splat(<i8>b)));
    return i8x16.bitmask(v128.or(two, i8x16.eq(bytes, i8x16.splat(<i8>c))));
  } else return scalarMask(at, a, b, c);
}

/** Bits of the bytes over 7F. */
@inline
export function maskOfHigh(at: usize): u32 {
  if (ASC_FEATURE_SIMD) return i8x16.bitmask(v128.load(at));
  else return scalarHigh(at);
}

/** Bits of the bytes that can end a name: space and all below it, `delimiter`, backslash. */
@inline
export function maskOfNameEnds(at: usize, delimiter: u32): u32 {
  if (ASC_FEATURE_SIMD) {
    const bytes = v128.load(at);
    const ends = v128.or(i8x16.le_u(bytes, i8x16.splat(<i8>SPACE)), i8x16.eq(bytes, i8x16.splat(<i8>delimiter)));
    return i8x16.bitmask(v128.or(ends, i8x16.eq(bytes, i8x16.splat(<i8>BACKSLASH))));
  } else return scalarMask(at, delimiter, BACKSLASH, BACKSLASH) | scalarUpTo(at, SPACE);
}

/** Bits of the bytes that need a look inside a string: its quote, a backslash, a newline, bytes over 7F. */
@inline
export function maskOfStringStops(at: usize, quote: u32, newline: u32): u32 {
  if (ASC_FEATURE_SIMD) {
    const bytes = v128.load(at);
    const two = v128.or(i8x16.eq(bytes, i8x16.splat(<i8>quote)), i8x16.eq(bytes, i8x16.splat(<i8>BACKSLASH)));
    return i8x16.bitmask(v128.or(v128.or(two, i8x16.eq(bytes, i8x16.splat(<i8>newline))), bytes));
  } else return scalarMask(at, quote, BACKSLASH, newline) | scalarHigh(at);
}

/** Whether the first `bytes` of the 16 bytes at `a` and `b` are equal; at most 16. */
@inline
export function isHead(a: usize, b: usize, bytes: usize): bool {
  if (ASC_FEATURE_SIMD) return !v128.any_true(v128.and(v128.xor(v128.load(a), v128.load(b)), v128.load(HEADS + WIDTH - bytes)));
  else return scalarEqual(a, b, bytes);
}

/** One bit a byte of the 16 bytes at `a` and `b`: whether they are equal. */
@inline
export function maskOfSame(a: usize, b: usize): u32 {
  if (ASC_FEATURE_SIMD) return i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b)));
  else return scalarSame(a, b);
}

/** Whether `bytes` bytes, 16 or more, are equal; reads no byte beyond them. */
@inline
export function isSame(a: usize, b: usize, bytes: usize): bool {
  if (ASC_FEATURE_SIMD) {
    const last = bytes - WIDTH;
    let differ = v128.xor(v128.load(a + last), v128.load(b + last));
    for (let i: usize = 0; i < last; i += WIDTH) differ = v128.or(differ, v128.xor(v128.load(a + i), v128.load(b + i)));
    return !v128.any_true(differ);
  } else return scalarEqual(a, b, bytes);
}

/** Copies `bytes` bytes in steps of 16: up to 15 more are read and written. */
@inline
export function copyWide(to: usize, from: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += WIDTH) {
    if (ASC_FEATURE_SIMD) v128.store(to + i, v128.load(from + i));
    else {
      store<u64>(to + i, load<u64>(from + i));
      store<u64>(to + i, load<u64>(from + i, 8), 8);
    }
  }
}

function scalarMask(at: usize, a: u32, b: u32, c: u32): u32 {
  let mask: u32 = 0;
  for (let i: u32 = 0; i < 16; i++) {
    const byte = <u32>load<u8>(at + i);
    mask |= <u32>(byte == a || byte == b || byte == c) << i;
  }
  return mask;
}

function scalarUpTo(at: usize, most: u32): u32 {
  let mask: u32 = 0;
  for (let i: u32 = 0; i < 16; i++) mask |= <u32>(<u32>load<u8>(at + i) <= most) << i;
  return mask;
}

function scalarHigh(at: usize): u32 {
  let mask: u32 = 0;
  for (let i: u32 = 0; i < 16; i++) mask |= (<u32>load<u8>(at + i) >> 7) << i;
  return mask;
}

function scalarSame(a: usize, b: usize): u32 {
  let mask: u32 = 0;
  for (let i: u32 = 0; i < 16; i++) mask |= <u32>(load<u8>(a + i) == load<u8>(b + i)) << i;
  return mask;
}

function scalarEqual(a: usize, b: usize, bytes: usize): bool {
  for (let i: usize = 0; i < bytes; i++) {
    if (load<u8>(a + i) != load<u8>(b + i)) return false;
  }
  return true;
}

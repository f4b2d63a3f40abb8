// Sixteen bytes at a time: the only file that knows how. With SIMD each of these is a few instructions; a build without
// it (--disable simd) does the same byte by byte, and must give the same answers everywhere. Of a mask that is said to be
// for its lowest bit the others mean nothing: without SIMD nobody looks behind it.
import { BACKSLASH, SPACE } from '../parse/grammar/characters';

/** Bytes FF up to a length, zeros after: 16 - bytes before its middle stands the mask of `bytes` bytes. */
const HEADS: usize = memory.data<u8>([
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);
const WIDTH: usize = 16;
const ALL: u32 = 0xFFFF;
/** Bytes that isSame compares before it looks at what came of it. */
const AT_ONCE_MAX: usize = 256;

/** One bit a byte at [at, at + 16): whether it is `a`. */
@inline
export function maskOf(at: usize, a: u32): u32 {
  if (ASC_FEATURE_SIMD) return i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(<i8>a)));
  else return scalarMask(at, a);
}

/** The same, for its lowest bit. */
@inline
export function firstOf(at: usize, a: u32): u32 {
  if (ASC_FEATURE_SIMD) return maskOf(at, a);
  else return scalarFirst(at, a, a, a, 0, 0);
}

/** The same for two bytes, for its lowest bit. */
@inline
export function maskOf2(at: usize, a: u32, b: u32): u32 {
  if (ASC_FEATURE_SIMD) {
    const bytes = v128.load(at);
    return i8x16.bitmask(v128.or(i8x16.eq(bytes, i8x16.splat(<i8>a)), i8x16.eq(bytes, i8x16.splat(<i8>b))));
  } else return scalarFirst(at, a, b, b, 0, 0);
}

/** The same for three bytes, for its lowest bit. */
@inline
export function maskOf3(at: usize, a: u32, b: u32, c: u32): u32 {
  if (ASC_FEATURE_SIMD) {
    const bytes = v128.load(at);
    const two = v128.or(i8x16.eq(bytes, i8x16.splat(<i8>a)), i8x16.eq(bytes, i8x16.splat(<i8>b)));
    return i8x16.bitmask(v128.or(two, i8x16.eq(bytes, i8x16.splat(<i8>c))));
  } else return scalarFirst(at, a, b, c, 0, 0);
}

/** Bits of the bytes over 7F. */
@inline
export function maskOfHigh(at: usize): u32 {
  if (ASC_FEATURE_SIMD) return i8x16.bitmask(v128.load(at));
  else return scalarHigh(at);
}

/** Bits of the bytes that can end a name: space and all below it, `delimiter`, backslash. For its lowest bit. */
@inline
export function maskOfNameEnds(at: usize, delimiter: u32): u32 {
  if (ASC_FEATURE_SIMD) {
    const bytes = v128.load(at);
    const ends = v128.or(i8x16.le_u(bytes, i8x16.splat(<i8>SPACE)), i8x16.eq(bytes, i8x16.splat(<i8>delimiter)));
    return i8x16.bitmask(v128.or(ends, i8x16.eq(bytes, i8x16.splat(<i8>BACKSLASH))));
  } else return scalarFirst(at, delimiter, BACKSLASH, BACKSLASH, SPACE + 1, 0);
}

/** Bits of the bytes that need a look inside a string: its quote, a backslash, a newline, bytes over 7F. For its lowest bit. */
@inline
export function maskOfStringStops(at: usize, quote: u32, newline: u32): u32 {
  if (ASC_FEATURE_SIMD) {
    const bytes = v128.load(at);
    const two = v128.or(i8x16.eq(bytes, i8x16.splat(<i8>quote)), i8x16.eq(bytes, i8x16.splat(<i8>BACKSLASH)));
    return i8x16.bitmask(v128.or(v128.or(two, i8x16.eq(bytes, i8x16.splat(<i8>newline))), bytes));
  } else return scalarFirst(at, quote, BACKSLASH, newline, 0, 0x80);
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

/** Whether `bytes` bytes, 16 or more, are equal; reads no byte beyond them, and few beyond the first that differ. */
@inline
export function isSame(a: usize, b: usize, bytes: usize): bool {
  if (ASC_FEATURE_SIMD) {
    if (bytes > AT_ONCE_MAX) return isLongSame(a, b, bytes);
    const last = bytes - WIDTH;
    let differ = v128.xor(v128.load(a + last), v128.load(b + last));
    for (let i: usize = 0; i < last; i += WIDTH) differ = v128.or(differ, v128.xor(v128.load(a + i), v128.load(b + i)));
    return !v128.any_true(differ);
  } else return scalarEqual(a, b, bytes);
}

function isLongSame(a: usize, b: usize, bytes: usize): bool {
  const last = bytes - WIDTH;
  for (let i: usize = 0; i < last; i += WIDTH) {
    if (maskOfSame(a + i, b + i) != ALL) return false;
  }
  return maskOfSame(a + last, b + last) == ALL;
}

/** Copies 16 bytes, which may overlap. */
@inline
export function copy16(to: usize, from: usize): void {
  if (ASC_FEATURE_SIMD) v128.store(to, v128.load(from));
  else {
    const low = load<u64>(from);
    const high = load<u64>(from, 8);
    store<u64>(to, low);
    store<u64>(to, high, 8);
  }
}

/** Copies `bytes` bytes in steps of 16: up to 15 more are read and written. */
@inline
export function copyWide(to: usize, from: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += WIDTH) copy16(to + i, from + i);
}

function scalarMask(at: usize, a: u32): u32 {
  let mask: u32 = 0;
  for (let i: u32 = 0; i < 16; i++) mask |= <u32>(<u32>load<u8>(at + i) == a) << i;
  return mask;
}

/** The bit of the first byte that is one of three, or below a bound, or has a bit of `high`; 0 for none. */
function scalarFirst(at: usize, a: u32, b: u32, c: u32, below: u32, high: u32): u32 {
  for (let i: u32 = 0; i < 16; i++) {
    const byte = <u32>load<u8>(at + i);
    if (byte == a || byte == b || byte == c || byte < below || (byte & high) != 0) return 1 << i;
  }
  return 0;
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

// Snappy block format (google/snappy, format_description.txt): greedy matches by a hash table over blocks of 64 KiB.
import { copyValue } from './bytes';
import { writeVarint } from './varint';

const BLOCK_BYTES: usize = 65536;
const TABLE_BITS: u32 = 14;
const table = memory.data(1 << (TABLE_BITS + 1));
/** Bytes before the end of a block in which no match starts, so that 8-byte loads stay inside. */
const TAIL_BYTES: usize = 15;

/** Bytes that `snappyCompress` may write for an input of `bytes`, slack of its wide stores included. */
export function snappyBytesMax(bytes: usize): usize {
  return 64 + bytes + bytes / 6;
}

/**
 * Compresses `bytes` at `source` to `out`; returns the compressed length. 16 bytes after the source must be readable,
 * and `snappyBytesMax(bytes)` at `out` writable.
 */
export function snappyCompress(source: usize, bytes: usize, out: usize): usize {
  let at = writeVarint(out, bytes);
  const end = source + bytes;
  for (let block = source; block < end; block += BLOCK_BYTES) {
    at = compressBlock(block, min(BLOCK_BYTES, end - block), at);
  }
  return at - out;
}

function compressBlock(block: usize, bytes: usize, out: usize): usize {
  const end = block + bytes;
  let emitted = block;
  if (bytes > TAIL_BYTES) {
    const bits = tableBits(bytes);
    const shift = 32 - bits;
    memory.fill(table, 0, 2 << bits);
    const limit = end - TAIL_BYTES;
    let at = block + 1;
    while (true) {
      // Looks for a match, in steps that grow while none turns up: bytes that do not compress cost little.
      let tries: usize = 32;
      let candidate: usize = 0;
      let found = false;
      while (at < limit) {
        const word = load<u32>(at);
        const slot = table + (<usize>hash(word, shift) << 1);
        candidate = block + load<u16>(slot);
        store<u16>(slot, <u16>(at - block));
        if (load<u32>(candidate) == word) {
          found = true;
          break;
        }
        at += tries++ >> 5;
      }
      if (!found) break;
      out = emitLiteral(out, emitted, at - emitted);
      do {
        const matched = <usize>4 + matchLength(candidate + 4, at + 4, end);
        out = emitCopy(out, at - candidate, matched);
        at += matched;
        emitted = at;
        if (at >= limit) break;
        store<u16>(table + (<usize>hash(load<u32>(at - 1), shift) << 1), <u16>(at - 1 - block));
        const slot = table + (<usize>hash(load<u32>(at), shift) << 1);
        candidate = block + load<u16>(slot);
        store<u16>(slot, <u16>(at - block));
      } while (load<u32>(candidate) == load<u32>(at));
      if (at >= limit) break;
      at++;
    }
  }
  return emitted < end ? emitLiteral(out, emitted, end - emitted) : out;
}

/** Small inputs get a small table, which is quicker to clear. */
function tableBits(bytes: usize): u32 {
  let bits: u32 = 8;
  while (bits < TABLE_BITS && (<usize>1 << bits) < bytes) bits++;
  return bits;
}

@inline
function hash(word: u32, shift: u32): u32 {
  return (word * 0x1e35a7bd) >> shift;
}

/** Equal bytes at `a` and `b`, where `b` is the later and ends at `end`. */
@inline
function matchLength(a: usize, b: usize, end: usize): usize {
  const start = b;
  while (b + 8 <= end) {
    const difference = load<u64>(a) ^ load<u64>(b);
    if (difference != 0) return b - start + (<usize>ctz<u64>(difference) >> 3);
    a += 8;
    b += 8;
  }
  while (b < end && load<u8>(a) == load<u8>(b)) {
    a++;
    b++;
  }
  return b - start;
}

@inline
function emitLiteral(out: usize, from: usize, bytes: usize): usize {
  const last = bytes - 1;
  if (last < 60) {
    store<u8>(out, <u8>(last << 2));
    out += 1;
  } else if (last < 256) {
    store<u8>(out, 60 << 2);
    store<u8>(out + 1, <u8>last);
    out += 2;
  } else {
    store<u8>(out, 61 << 2);
    store<u16>(out + 1, <u16>last);
    out += 3;
  }
  copyValue(out, from, bytes);
  return out + bytes;
}

@inline
function emitCopy(out: usize, distance: usize, bytes: usize): usize {
  while (bytes >= 68) {
    out = emitLongCopy(out, distance, 64);
    bytes -= 64;
  }
  // What is left must be at least 4 bytes.
  if (bytes > 64) {
    out = emitLongCopy(out, distance, 60);
    bytes -= 60;
  }
  if (bytes < 12 && distance < 2048) {
    store<u8>(out, <u8>(1 | ((bytes - 4) << 2) | ((distance >> 8) << 5)));
    store<u8>(out + 1, <u8>distance);
    return out + 2;
  }
  return emitLongCopy(out, distance, bytes);
}

@inline
function emitLongCopy(out: usize, distance: usize, bytes: usize): usize {
  store<u8>(out, <u8>(2 | ((bytes - 1) << 2)));
  store<u16>(out + 1, <u16>distance);
  return out + 3;
}

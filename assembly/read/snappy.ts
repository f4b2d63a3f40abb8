// Snappy block format (google/snappy, format_description.txt), unpacked. Nothing is read or written by what the bytes say
// before it was looked at.
import { copy16 } from '../base/simd-bytes';
import { copyValue } from '../flush/parquet/bytes';
import { readVarint, varintEnd } from './varint';

const LITERAL: u32 = 0;
const COPY_SHORT: u32 = 1;
const COPY_MIDDLE: u32 = 2;
/** Literals up to this length have it in their tag; beyond, the tag says how many bytes of length follow. */
const LITERAL_IN_TAG: usize = 60;

/**
 * Unpacks `bytes` at `source` to `out`; false when they are damaged or do not come to `outBytes`. 16 bytes after the source
 * must be readable, and 64 after the output writable.
 */
export function snappyUncompress(source: usize, bytes: usize, out: usize, outBytes: usize): bool {
  const end = source + bytes;
  if (readVarint(source, end) != <u64>outBytes || varintEnd == 0) return false;
  let at = varintEnd;
  let to = out;
  const stop = out + outBytes;
  while (at < end) {
    const tag = <u32>load<u8>(at++);
    const kind = tag & 3;
    let length = <usize>(tag >> 2) + 1;
    if (kind == LITERAL) {
      if (length > LITERAL_IN_TAG) {
        const lengthBytes = length - LITERAL_IN_TAG;
        length = <usize>(load<u32>(at) & (<u32>0xFFFFFFFF >> ((4 - <u32>lengthBytes) << 3))) + 1;
        at += lengthBytes;
      }
      if (at > end || length == 0 || length > end - at || length > stop - to) return false;
      copyValue(to, at, length);
      at += length;
      to += length;
      continue;
    }
    let distance: usize = 0;
    if (kind == COPY_SHORT) {
      length = <usize>((tag >> 2) & 7) + 4;
      distance = <usize>((tag >> 5) << 8) | <usize>load<u8>(at);
      at += 1;
    } else if (kind == COPY_MIDDLE) {
      distance = <usize>load<u16>(at);
      at += 2;
    } else {
      distance = <usize>load<u32>(at);
      at += 4;
    }
    if (at > end || distance == 0 || distance > to - out || length > stop - to) return false;
    copyBack(to, distance, length);
    to += length;
  }
  return to == stop;
}

/** Repeats what stands `distance` before; up to 15 bytes more are written. */
@inline
function copyBack(to: usize, distance: usize, length: usize): void {
  const end = to + length;
  const from = to - distance;
  if (distance >= 16) {
    for (let i: usize = 0; i < length; i += 16) copy16(to + i, from + i);
    return;
  }
  // What is written is part of what is repeated: the distance doubles until eight bytes fit it.
  let at = to;
  while (at - from < 8 && at < end) {
    const step = at - from;
    store<u64>(at, load<u64>(from));
    at += step;
  }
  for (let source = from; at < end; at += 8) {
    store<u64>(at, load<u64>(source));
    source += 8;
  }
}

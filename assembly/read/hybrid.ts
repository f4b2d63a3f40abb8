// Parquet's RLE / bit-packed hybrid, read: runs of one value, and groups of eight values packed at a fixed width.
import { fillWords } from '../flush/parquet/simd-words';
import { readVarint, varintEnd } from './varint';

/** Values of a packed group. */
const GROUP: u64 = 8;

/**
 * Reads `count` values of `width` bits, 1 to 32, into u32 each at `out`, with 32 bytes of room behind them; returns the address
 * after the runs, or 0 when they are damaged.
 */
export function readHybrid(at: usize, end: usize, width: u32, count: u32, out: usize): usize {
  const stop = out + (<usize>count << 2);
  const mask = (<u64>1 << width) - 1;
  while (out < stop) {
    const head = readVarint(at, end);
    if (varintEnd == 0 || head < 2) return 0;
    at = varintEnd;
    const left = <u64>((stop - out) >> 2);
    if (head & 1) {
      const groups = head >> 1;
      if (groups > left || groups * width > <u64>(end - at)) return 0;
      const values = min(groups * GROUP, left);
      unpack(at, width, mask, <u32>values, out);
      at += <usize>(groups * width);
      out += <usize>values << 2;
    } else {
      const values = head >> 1;
      const valueBytes = <usize>((width + 7) >> 3);
      const value = <u64>load<u32>(at) & (<u64>0xFFFFFFFF >> <u64>((4 - valueBytes) << 3));
      if (values > left || valueBytes > end - at || value > mask) return 0;
      fillWords(out, <u32>value, <u32>values);
      at += valueBytes;
      out += <usize>values << 2;
    }
  }
  return at;
}

/** Up to 7 bytes behind the values are read. */
@inline
function unpack(at: usize, width: u32, mask: u64, count: u32, out: usize): void {
  let bit: u32 = 0;
  for (const end = out + (<usize>count << 2); out < end; out += 4) {
    store<u32>(out, <u32>((load<u64>(at + (bit >> 3)) >> <u64>(bit & 7)) & mask));
    bit += width;
  }
}

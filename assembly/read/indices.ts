// The indices of a page into the dictionary of its chunk: a byte of width, then the hybrid.
import { READ_ENCODING, READ_INDEX, READ_OK, READ_VALUES } from '../layout/read';
import { maxWord } from '../flush/parquet/simd-words';
import { entryCount } from './dictionary';
import { readHybrid } from './hybrid';
import { indices } from './page-areas';

const WIDTH_MAX: u32 = 32;

/** Reads `count` indices, all below entryCount, to `indices`; the values end at `end`. Returns READ_*. */
export function readIndices(at: usize, end: usize, count: u32): u32 {
  if (entryCount == 0) return READ_ENCODING;
  if (at == end) return READ_VALUES;
  const width = <u32>load<u8>(at);
  if (width == 0 || width > WIDTH_MAX || readHybrid(at + 1, end, width, count, indices) != end) return READ_VALUES;
  return maxWord(indices, count) < entryCount ? READ_OK : READ_INDEX;
}

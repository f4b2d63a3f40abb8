// A page none of whose rows has a value.
import { ENCODING_PLAIN } from '../layout/flush';
import { READ_ENCODING, READ_OK, READ_VALUES } from '../layout/read';

/** Whether its values, which begin at `at`, are none, as the encoder writes it; returns READ_*. */
export function emptyPage(encoding: u32, at: usize, end: usize): u32 {
  if (encoding != ENCODING_PLAIN) return READ_ENCODING;
  return at == end ? READ_OK : READ_VALUES;
}

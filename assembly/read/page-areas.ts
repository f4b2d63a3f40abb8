// Where pages stand while they are read: compressed, unpacked, and what their levels and indices come to.
import { takeScratch, widen } from '../flush/scratch';
import { snappyUncompress } from './snappy';

/** Bytes behind what is read or written that wide loads and stores may touch. */
const MARGIN_BYTES: usize = 64;
/** Words behind the values of an area. */
const MARGIN_VALUES: usize = 16;

/** Snappy repeats 64 bytes by three. */
const RATIO_MAX: u64 = 22;

/** The compressed page. */
let input: usize = 0;
/** The page, unpacked. */
export let rawPage: usize = 0;
/** u32 a row of a page: the rows that have values; and of those the index in the dictionary. */
export let presentRows: usize = 0;
export let indices: usize = 0;
/** 8 bytes a row of a page. */
export let numbers: usize = 0;

/** Begins: blocks of an earlier reading are gone. */
export function startPageAreas(rowsMax: u32): void {
  input = takeScratch(MARGIN_BYTES);
  rawPage = takeScratch(MARGIN_BYTES);
  presentRows = takeScratch((<usize>rowsMax + MARGIN_VALUES) << 2);
  indices = takeScratch((<usize>rowsMax + MARGIN_VALUES) << 2);
  numbers = takeScratch((<usize>rowsMax + MARGIN_VALUES) << 3);
}

/** Where the caller puts a compressed page of so many bytes. */
export function reserveInput(bytes: u32): usize {
  input = widen(input, 0, <usize>bytes + MARGIN_BYTES);
  return input;
}

/** Unpacks the page in the input; false when it is damaged. */
export function unpackPage(bytes: u32, rawBytes: u32): bool {
  // A page that cannot unpack to so much takes no room for it.
  if (<u64>rawBytes > <u64>bytes * RATIO_MAX + MARGIN_BYTES) return false;
  rawPage = widen(rawPage, 0, <usize>rawBytes + MARGIN_BYTES);
  return snappyUncompress(input, bytes, rawPage, rawBytes);
}

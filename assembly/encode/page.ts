// Pages of a column chunk, one after another: a header in Thrift's compact protocol (parquet.thrift, PageHeader), then
// the page's bytes under Snappy.
import { ENCODING_PLAIN, ENCODING_RLE } from './abi';
import { widen } from './scratch';
import { snappyBytesMax, snappyCompress } from './snappy';
import { writeZigzag } from './varint';

const HEADER_BYTES_MAX: usize = 64;
const PAGE_TYPE_DATA: i32 = 0;
const PAGE_TYPE_DICTIONARY: i32 = 2;
// Field headers of the compact protocol: distance to the last field id in the high half, type in the low half.
const NEXT_I32: u8 = 0x15;
const DATA_HEADER: u8 = 0x2c;
const DICTIONARY_HEADER: u8 = 0x4c;

/** Where a page is put together before `endDataPage` or `endDictionaryPage`; 16 bytes after it are readable. */
export let raw: usize = 0;
/** The finished pages, and their length. */
export let pages: usize = 0;
export let pagesBytes: usize = 0;
/** Their length before compression, headers included. */
export let pagesRawBytes: usize = 0;
/** Length of the dictionary page; 0 when there is none. */
export let dictionaryPageBytes: usize = 0;

export function startPages(): void {
  raw = 0;
  pages = 0;
}

/** Starts the pages of another chunk. */
export function clearPages(): void {
  pagesBytes = 0;
  pagesRawBytes = 0;
  dictionaryPageBytes = 0;
}

/** Makes room for a page of `bytes` at `raw`; what stood there is gone. */
export function takeRaw(bytes: usize): void {
  raw = widen(raw, 0, bytes + 32);
}

/** Ends the page of `bytes` at `raw`, which holds `rows` values, nulls included. */
export function endDataPage(bytes: usize, rows: u32, encoding: i32): void {
  const body = compressRaw(bytes);
  let at = writeSizes(PAGE_TYPE_DATA, bytes, body);
  store<u8>(at++, DATA_HEADER);
  at = writeI32(at, rows);
  at = writeI32(at, encoding);
  at = writeI32(at, ENCODING_RLE);
  at = writeI32(at, ENCODING_RLE);
  endPage(at, bytes, body);
}

/** Ends the dictionary page of `bytes` at `raw`, which holds `entries` plain values. */
export function endDictionaryPage(bytes: usize, entries: u32): void {
  const body = compressRaw(bytes);
  let at = writeSizes(PAGE_TYPE_DICTIONARY, bytes, body);
  store<u8>(at++, DICTIONARY_HEADER);
  at = writeI32(at, entries);
  at = writeI32(at, ENCODING_PLAIN);
  endPage(at, bytes, body);
  dictionaryPageBytes = pagesBytes;
}

/** Compresses to where the header's longest form would end; returns the compressed length. */
function compressRaw(bytes: usize): usize {
  const needed = pagesBytes + HEADER_BYTES_MAX + snappyBytesMax(bytes);
  pages = widen(pages, pagesBytes, needed);
  return snappyCompress(raw, bytes, pages + pagesBytes + HEADER_BYTES_MAX);
}

function writeSizes(type: i32, bytes: usize, body: usize): usize {
  const at = writeI32(pages + pagesBytes, type);
  return writeI32(writeI32(at, <i32>bytes), <i32>body);
}

@inline
function writeI32(at: usize, value: i32): usize {
  store<u8>(at, NEXT_I32);
  return writeZigzag(at + 1, value);
}

/** Ends both structs of the header and moves the body up to it. */
function endPage(at: usize, bytes: usize, body: usize): void {
  store<u16>(at, 0);
  at += 2;
  const start = pages + pagesBytes;
  memory.copy(at, start + HEADER_BYTES_MAX, body);
  const headerBytes = at - start;
  pagesBytes += headerBytes + body;
  pagesRawBytes += headerBytes + bytes;
}

// A page of a column chunk: a header in Thrift's compact protocol (parquet.thrift, PageHeader), then the page's bytes
// under Snappy. The header holds the CRC-32 of these, which the caller knows how to make: a page is ended here, and sealed
// when its CRC has come.
import { ENCODING_PLAIN, ENCODING_RLE } from '../../layout/flush';
import { widen } from '../scratch';
import { snappyBytesMax, snappyCompress } from './snappy';
import { spend } from '../slice-budget';
import { writeZigzag } from './varint';

const HEADER_BYTES_MAX: usize = 64;
const PAGE_TYPE_DATA: i32 = 0;
const PAGE_TYPE_DICTIONARY: i32 = 2;
// Field headers of the compact protocol: distance to the last field id in the high half, type in the low half.
const NEXT_I32: u8 = 0x15;
const DATA_HEADER: u8 = 0x1c;
const DICTIONARY_HEADER: u8 = 0x3c;
/** Bytes that cost as much as an entry of a pass. */
const BYTES_PER_ENTRY: u32 = 8;

/** Where a page is put together before `endDataPage` or `endDictionaryPage`; 16 bytes after it are readable. */
export let raw: usize = 0;
/**
 * The finished page, its length, and its length before compression: of its compressed bytes until it is sealed, then with its
 * header; 0 when there is none.
 */
export let pageAt: usize = 0;
export let pageBytes: usize = 0;
export let pageRawBytes: usize = 0;
export let isDictionaryPage: bool = false;
/** What the header of the finished page will say: values, nulls included, and their encoding. */
let pageValues: u32 = 0;
let pageEncoding: i32 = 0;
/** The area of the finished page. */
let finished: usize = 0;
const header = memory.data(64);

/** Begins a flush: the blocks of the one before are gone. */
export function startPages(): void {
  raw = 0;
  finished = 0;
}

/** The caller has the last page. */
export function clearPage(): void {
  pageBytes = 0;
  pageRawBytes = 0;
  isDictionaryPage = false;
}

/** Makes room for a page of `bytes` at `raw`; what stood there is gone. */
export function reserveRaw(bytes: usize): void {
  raw = widen(raw, 0, bytes + 32);
}

/** Ends the page of `bytes` at `raw`, which holds `rows` values, nulls included. */
export function endDataPage(bytes: usize, rows: u32, encoding: i32): void {
  endPage(bytes, rows, encoding);
}

/** Ends the dictionary page of `bytes` at `raw`, which holds `entries` plain values. */
export function endDictionaryPage(bytes: usize, entries: u32): void {
  endPage(bytes, entries, ENCODING_PLAIN);
  isDictionaryPage = true;
}

/** Compresses to where the header's longest form would end. */
function endPage(bytes: usize, count: u32, encoding: i32): void {
  spend(<u32>bytes / BYTES_PER_ENTRY);
  finished = widen(finished, 0, HEADER_BYTES_MAX + snappyBytesMax(bytes));
  pageAt = finished + HEADER_BYTES_MAX;
  pageBytes = snappyCompress(raw, bytes, pageAt);
  pageRawBytes = bytes;
  pageValues = count;
  pageEncoding = encoding;
}

/** Puts the header right before the finished page. @param crc CRC-32 of the page's compressed bytes */
export function sealPage(crc: u32): void {
  let at = writeI32(header, isDictionaryPage ? PAGE_TYPE_DICTIONARY : PAGE_TYPE_DATA);
  at = writeI32(at, <i32>pageRawBytes);
  at = writeI32(at, <i32>pageBytes);
  at = writeI32(at, <i32>crc);
  store<u8>(at++, isDictionaryPage ? DICTIONARY_HEADER : DATA_HEADER);
  at = writeI32(at, pageValues);
  at = writeI32(at, pageEncoding);
  if (!isDictionaryPage) {
    at = writeI32(at, ENCODING_RLE);
    at = writeI32(at, ENCODING_RLE);
  }
  // Both structs end.
  store<u16>(at, 0);
  const headerBytes = at + 2 - header;
  pageAt -= headerBytes;
  memory.copy(pageAt, header, headerBytes);
  pageBytes += headerBytes;
  pageRawBytes += headerBytes;
}

@inline
function writeI32(at: usize, value: i32): usize {
  store<u8>(at, NEXT_I32);
  return writeZigzag(at + 1, value);
}

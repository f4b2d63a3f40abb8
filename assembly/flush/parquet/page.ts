// A page of a column chunk: a header in Thrift's compact protocol (parquet.thrift, PageHeader), then the page's bytes
// under Snappy.
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
const DATA_HEADER: u8 = 0x2c;
const DICTIONARY_HEADER: u8 = 0x4c;
/** Bytes that cost as much as an entry of a pass. */
const BYTES_PER_ENTRY: u32 = 8;

/** Where a page is put together before `endDataPage` or `endDictionaryPage`; 16 bytes after it are readable. */
export let raw: usize = 0;
/** The finished page, its length, and its length before compression, headers included; 0 when there is none. */
export let pageAt: usize = 0;
export let pageBytes: usize = 0;
export let pageRawBytes: usize = 0;
export let isDictionaryPage: bool = false;
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
  isDictionaryPage = true;
}

/** Compresses to where the header's longest form would end; returns the compressed length. */
function compressRaw(bytes: usize): usize {
  spend(<u32>bytes / BYTES_PER_ENTRY);
  finished = widen(finished, 0, HEADER_BYTES_MAX + snappyBytesMax(bytes));
  return snappyCompress(raw, bytes, finished + HEADER_BYTES_MAX);
}

function writeSizes(type: i32, bytes: usize, body: usize): usize {
  const at = writeI32(header, type);
  return writeI32(writeI32(at, <i32>bytes), <i32>body);
}

@inline
function writeI32(at: usize, value: i32): usize {
  store<u8>(at, NEXT_I32);
  return writeZigzag(at + 1, value);
}

/** Ends both structs of the header and puts it right before the body. */
function endPage(at: usize, bytes: usize, body: usize): void {
  store<u16>(at, 0);
  const headerBytes = at + 2 - header;
  pageAt = finished + HEADER_BYTES_MAX - headerBytes;
  memory.copy(pageAt, header, headerBytes);
  pageBytes = headerBytes + body;
  pageRawBytes = headerBytes + bytes;
}

/** The values of a column chunk of another writer's file, of any encoding, a stretch of pages at a time. */
import { READ_PAGE_BYTES_MAX } from '../../../assembly/layout/read.js';
import { crc32 } from '../../crc.js';
import type { ForeignChunk } from './foreign-footer.js';
import { compressors, parquetRead } from './hyparquet-library.js';
import { numberOf, structOf, ThriftReader, type ThriftStruct } from './thrift-reader.js';

/** As they stand in the file: whole numbers of 64 bits as bigint, texts and decimals as bytes; of INT96, which is a time, the nanoseconds since 1970. */
export type ForeignValue = bigint | number | boolean | Uint8Array;

const TYPE_DATA = 0;
const TYPE_DICTIONARY = 2;
const TYPE_DATA_V2 = 3;
/** Rows, and compressed bytes, of pages that are decoded at once, about: a page that has more is decoded alone. */
const STRETCH_ROWS = 65_536;
const STRETCH_BYTES = 4 << 20;

interface Page {
  readonly type: number;
  readonly rows: number;
  /** In the chunk, header included. */
  readonly from: number;
  readonly end: number;
}

/** Values of rows one behind another; null: the row has none. */
export interface Stretch {
  readonly values: readonly (ForeignValue | null)[];
  readonly nulls: number;
}

/**
 * Decodes a chunk. Nothing is believed that can be held against something else: lengths, checksums of pages, rows, nulls.
 * @param rows of the row group
 * @returns stretches that come to `rows` values
 * @throws Error saying what is damaged
 */
export async function* foreignValues(chunk: ForeignChunk, bytes: Buffer, rows: number): AsyncGenerator<Stretch> {
  const pages = pagesOf(bytes, rows);
  const dictionary = pages.filter(({ type }) => type === TYPE_DICTIONARY).map((page) => bytes.subarray(page.from, page.end));
  if (dictionary.length > 1 || pages.findLastIndex(({ type }) => type === TYPE_DICTIONARY) > 0) throw new Error('its dictionary does not stand before its values');
  let nulls = 0;
  for (const { from, end, rows: count } of stretchesOf(pages)) {
    const stretch = await decoded(chunk, Buffer.concat([...dictionary, bytes.subarray(from, end)]), count);
    nulls += stretch.nulls;
    yield stretch;
  }
  if (nulls > 0 && chunk.isRequired || (chunk.nulls ?? nulls) !== nulls) throw new Error(`it has ${nulls} rows without a value, and its footer says ${chunk.isRequired ? 0 : chunk.nulls}`);
}

/** Pages up to the last row. */
function pagesOf(bytes: Buffer, rows: number): Page[] {
  const pages: Page[] = [];
  for (let at = 0, found = 0; found < rows;) {
    if (at >= bytes.length) throw new Error(`it ends after ${found} of ${rows} values`);
    const reader = new ThriftReader(bytes, at);
    const header = reader.struct();
    const page = { type: numberOf(header, 1), rows: rowsOf(header), from: at, end: reader.at + numberOf(header, 3) };
    const rawBytes = numberOf(header, 2);
    if (rawBytes < 0 || rawBytes > READ_PAGE_BYTES_MAX || page.end < reader.at || page.end > bytes.length) throw new Error('a page ends behind its column');
    if (page.rows < 0 || page.rows > rows - found) throw new Error('it has more values than its row group');
    const crc = header.has(4) ? numberOf(header, 4) >>> 0 : null;
    if (crc !== null && crc !== crc32(bytes.subarray(reader.at, page.end))) throw new Error('the checksum of a page is wrong');
    pages.push(page);
    found += page.rows;
    at = page.end;
  }
  return pages;
}

/** 0 for a dictionary. */
function rowsOf(header: ThriftStruct): number {
  switch (numberOf(header, 1)) {
    case TYPE_DATA: return numberOf(structOf(header, 5), 1);
    case TYPE_DATA_V2: return numberOf(structOf(header, 8), 1);
    case TYPE_DICTIONARY: return 0;
    default: throw new Error(`there is no page of type ${numberOf(header, 1)}`);
  }
}

function stretchesOf(pages: readonly Page[]): Omit<Page, 'type'>[] {
  const stretches: { rows: number; from: number; end: number }[] = [];
  for (const { end, from, rows, type } of pages) {
    if (type === TYPE_DICTIONARY) continue;
    const last = stretches.at(-1);
    if (last === undefined || last.rows >= STRETCH_ROWS || last.end - last.from >= STRETCH_BYTES) stretches.push({ rows, from, end });
    else Object.assign(last, { rows: last.rows + rows, end });
  }
  return stretches;
}

/** By the library, which is shown a file of one column without meaning: it makes no dates and no texts of its values then. */
async function decoded({ codec, isRequired, length, type }: ForeignChunk, pages: Buffer, rows: number): Promise<Stretch> {
  const name = 'values';
  const metadata = {
    version: 1, num_rows: BigInt(rows), metadata_length: 0,
    schema: [
      { name: 'root', num_children: 1 },
      { name, type, ...(length === undefined ? {} : { type_length: length }), repetition_type: isRequired ? 'REQUIRED' as const : 'OPTIONAL' as const },
    ],
    row_groups: [{
      num_rows: BigInt(rows), total_byte_size: BigInt(pages.length),
      columns: [{
        file_offset: 0n,
        meta_data: {
          type, codec, encodings: [], path_in_schema: [name], num_values: BigInt(rows), total_uncompressed_size: BigInt(pages.length),
          total_compressed_size: BigInt(pages.length), data_page_offset: 0n,
        },
      }],
    }],
  };
  const file = { byteLength: pages.length, slice: (from: number, end?: number) => arrayBufferOf(pages.subarray(from, end)) };
  const values: (ForeignValue | null | undefined)[] = [];
  await parquetRead({
    file, metadata, columns: [name], compressors, utf8: false, parsers: { timestampFromNanoseconds: (nanos: bigint) => nanos as never },
    onChunk: ({ columnData }) => {
      for (let i = 0; i < columnData.length; i += 1) values.push(columnData[i] as ForeignValue | null | undefined);
    },
  });
  if (values.length !== rows) throw new Error(`${values.length} values were read of ${rows}`);
  let nulls = 0;
  for (const value of values) {
    if (value === null) nulls += 1;
    else if (value === undefined) throw new Error('it names an entry that the dictionary has not');
  }
  return { values: values as (ForeignValue | null)[], nulls };
}

function arrayBufferOf(bytes: Buffer): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

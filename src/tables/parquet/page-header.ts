/** Headers of pages, read (parquet.thrift, PageHeader). */
import { ENCODING_PLAIN, ENCODING_RLE } from '../../../assembly/layout/flush.js';
import { READ_PAGE_BYTES_MAX } from '../../../assembly/layout/read.js';
import { numberOf, structOf, ThriftReader } from './thrift-reader.js';

const TYPE_DATA = 0;
const TYPE_DICTIONARY = 2;

export interface PageHeader {
  readonly isDictionary: boolean;
  /** Bytes of the header, and of the page behind it, compressed and not. */
  readonly headerBytes: number;
  readonly bytes: number;
  readonly rawBytes: number;
  /** CRC-32 of the compressed page; undefined: of a file of an earlier program. */
  readonly crc: number | undefined;
  /** Values, nulls included, or entries of the dictionary. */
  readonly values: number;
  readonly encoding: number;
}

/** The header at a place of a chunk's bytes. @throws Error for one that our encoder does not write */
export function readPageHeader(chunk: Uint8Array, at: number): PageHeader {
  const reader = new ThriftReader(chunk, at);
  const header = reader.struct();
  const type = numberOf(header, 1);
  if (type !== TYPE_DATA && type !== TYPE_DICTIONARY) throw new Error(`there is no page of type ${type}`);
  const isDictionary = type === TYPE_DICTIONARY;
  const of = structOf(header, isDictionary ? 7 : 5);
  const encoding = numberOf(of, 2);
  if (isDictionary ? encoding !== ENCODING_PLAIN : numberOf(of, 3) !== ENCODING_RLE) throw new Error('its encodings are none of ours');
  const [rawBytes, bytes, values] = [numberOf(header, 2), numberOf(header, 3), numberOf(of, 1)];
  const crc = header.has(4) ? numberOf(header, 4) >>> 0 : undefined;
  if (rawBytes < 0 || rawBytes > READ_PAGE_BYTES_MAX || values < 0 || values > READ_PAGE_BYTES_MAX) throw new Error(`it is of ${rawBytes} bytes and ${values} values`);
  if (bytes < 0 || bytes > chunk.length - reader.at) throw new Error('it ends behind its column');
  return { isDictionary, headerBytes: reader.at - at, bytes, rawBytes, crc, values, encoding };
}

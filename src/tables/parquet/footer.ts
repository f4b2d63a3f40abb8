/** The footer of a data file: FileMetaData of parquet.thrift, its length, and the magic (parquet-format, README.md). */
import { VERSION } from '../../version.js';
import { ENCODING_PLAIN, ENCODING_RLE } from '../../../assembly/layout/flush.js';
import { isRequired, noFields, physicalType, writeSchemaElement, type FileColumn } from './file-columns.js';
import { footerBounds, type Range } from './statistics.js';
import { ThriftWriter } from './thrift.js';

/** First and last bytes of a file. */
export const MAGIC = Buffer.from('PAR1');

/** Readers parse this form to know a writer's bugs. */
export const CREATED_BY_START = 'sluice version ';
const CREATED_BY = `${CREATED_BY_START}${VERSION} (build 0)`;
const FORMAT_VERSION = 2;
export const CODEC_SNAPPY = 1;
/** 1900-01-01T00:00:00Z in microseconds. */
const YEAR_1900_MICROS = -2_208_988_800_000_000n;
/** Without this key Spark 3.5 refuses times before 1900: it takes them for those of an older calendar. */
const SPARK_KEY = { key: 'org.apache.spark.version', value: '3.5.0' };

export interface ColumnChunk {
  /** Where its first page stands in the file. */
  readonly offset: number;
  /** Bytes of its pages with headers, as they stand in the file and before compression. */
  readonly bytes: number;
  readonly rawBytes: number;
  /** Bytes of the dictionary page at its start; 0 when it has none. */
  readonly dictionaryBytes: number;
  /** Parquet number of the encoding of its data pages. */
  readonly encoding: number;
  readonly nulls: number;
  /** null: no value. */
  readonly range: Range | null;
}

/**
 * Everything that follows the last page, up to the end of the file. What is known of a chunk is put into its bytes as it
 * comes: a file of many columns has a long footer.
 */
export class Footer {
  readonly #columns: readonly FileColumn[];
  /** Finished row groups. */
  readonly #groups = new ThriftWriter();
  #groupCount = 0;
  #rows = 0;
  #isBefore1900 = false;
  /** Chunks of the row group at hand. */
  #chunks = new ThriftWriter();
  #chunkCount = 0;
  #groupOffset = 0;
  #groupBytes = 0;
  #groupRawBytes = 0;

  constructor(columns: readonly FileColumn[]) {
    this.#columns = columns;
  }

  /** The next chunk of the row group, which has `rows` rows. */
  addChunk(chunk: ColumnChunk, rows: number): void {
    const column = this.#columns[this.#chunkCount]!;
    const writer = this.#chunks;
    writer.fields(() => {
      writer.i64(2, 0);
      writer.struct(3, () => writeColumnMetaData(writer, column, chunk, rows));
    });
    if (this.#chunkCount === 0) this.#groupOffset = chunk.offset;
    this.#chunkCount += 1;
    this.#groupBytes += chunk.bytes;
    this.#groupRawBytes += chunk.rawBytes;
    if (column.kind === 'time' && chunk.range?.of === 'integers' && chunk.range.min < YEAR_1900_MICROS) this.#isBefore1900 = true;
  }

  /** Ends the row group, of which all columns were added. */
  endGroup(rows: number): void {
    const writer = this.#groups;
    writer.fields(() => {
      writer.writtenStructs(1, this.#chunkCount, this.#chunks.bytes());
      writer.i64(2, this.#groupRawBytes);
      writer.i64(3, rows);
      writer.i64(5, this.#groupOffset);
      writer.i64(6, this.#groupBytes);
      writer.i16(7, this.#groupCount);
    });
    this.#groupCount += 1;
    this.#rows += rows;
    this.#chunks = new ThriftWriter();
    this.#chunkCount = this.#groupBytes = this.#groupRawBytes = 0;
  }

  bytes(): Uint8Array {
    const writer = new ThriftWriter();
    writer.fields(() => this.#writeFileMetaData(writer));
    const metadata = writer.bytes();
    const length = Buffer.alloc(4);
    length.writeUInt32LE(metadata.length);
    return Buffer.concat([metadata, length, MAGIC]);
  }

  #writeFileMetaData(writer: ThriftWriter): void {
    writer.i32(1, FORMAT_VERSION);
    writer.structs(2, [null, ...this.#columns], (column) => {
      if (column === null) writeRoot(writer, this.#columns.length);
      else writeSchemaElement(writer, column);
    });
    writer.i64(3, this.#rows);
    writer.writtenStructs(4, this.#groupCount, this.#groups.bytes());
    if (this.#isBefore1900) {
      writer.structs(5, [SPARK_KEY], ({ key, value }) => {
        writer.binary(1, key);
        writer.binary(2, value);
      });
    }
    writer.binary(6, CREATED_BY);
    // Without column orders the bounds have no meaning: each is by the order of its type.
    writer.structs(7, this.#columns, () => writer.struct(1, noFields));
  }
}

function writeRoot(writer: ThriftWriter, children: number): void {
  writer.binary(4, 'schema');
  writer.i32(5, children);
}

function writeColumnMetaData(writer: ThriftWriter, column: FileColumn, chunk: ColumnChunk, rows: number): void {
  const { offset, bytes, rawBytes, dictionaryBytes } = chunk;
  writer.i32(1, physicalType(column));
  writer.i32s(2, encodingsOf(column, chunk));
  writer.binaries(3, [column.name]);
  writer.i32(4, CODEC_SNAPPY);
  writer.i64(5, rows);
  writer.i64(6, rawBytes);
  writer.i64(7, bytes);
  writer.i64(9, offset + dictionaryBytes);
  if (dictionaryBytes > 0) writer.i64(11, offset);
  writer.struct(12, () => writeStatistics(writer, column, chunk));
}

/** All encodings of the chunk: of its data, its dictionary and its levels. */
function encodingsOf(column: FileColumn, { encoding, dictionaryBytes }: ColumnChunk): number[] {
  const encodings = [encoding];
  if (dictionaryBytes > 0 && encoding !== ENCODING_PLAIN) encodings.push(ENCODING_PLAIN);
  if (!isRequired(column) && encoding !== ENCODING_RLE) encodings.push(ENCODING_RLE);
  return encodings;
}

function writeStatistics(writer: ThriftWriter, column: FileColumn, chunk: ColumnChunk): void {
  const bounds = footerBounds(column, chunk.range);
  writer.i64(3, chunk.nulls);
  if (bounds === null) return;
  writer.binary(5, bounds.max);
  writer.binary(6, bounds.min);
  writer.bool(7, bounds.maxExact);
  writer.bool(8, bounds.minExact);
}

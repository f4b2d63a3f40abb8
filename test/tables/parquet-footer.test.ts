/** Footers, as hyparquet understands them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parquetMetadata, type FileMetaData } from 'hyparquet';
import * as abi from '../../assembly/layout/codes.js';
import { ENCODING_DELTA_BINARY_PACKED, ENCODING_PLAIN, ENCODING_RLE_DICTIONARY } from '../../assembly/layout/flush.js';
import { Footer, MAGIC, type ColumnChunk } from '../../src/tables/parquet/footer.js';
import { fileColumns, type FileColumn, type FileColumnKind } from '../../src/tables/parquet/file-columns.js';
import { footerBounds, joinRanges, type Range } from '../../src/tables/parquet/statistics.js';
import { ThriftWriter } from '../../src/tables/parquet/thrift.js';

const COLUMNS = fileColumns([
  abi.KIND_TAG, abi.KIND_F64, abi.KIND_I64, abi.KIND_U64, abi.KIND_BOOL, abi.KIND_STRING,
].map((kind, place) => ({ id: place + 1, kind, key: `key ${place}`, name: `column%20${place}` })));

const CHUNK: ColumnChunk = { offset: 4, bytes: 100, rawBytes: 200, dictionaryBytes: 0, encoding: ENCODING_PLAIN, nulls: 1, range: null };

function parse(columns: readonly FileColumn[], chunks: readonly ColumnChunk[], rows = 5): FileMetaData {
  const footer = new Footer(columns);
  for (const chunk of chunks) footer.addChunk(chunk, rows);
  footer.endGroup(rows);
  return metadataOf(footer);
}

function metadataOf(footer: Footer): FileMetaData {
  return parquetMetadata(new Uint8Array(Buffer.concat([MAGIC, footer.bytes()])).buffer);
}

/** A footer of the three own columns with this range of times. */
function withTimes(min: bigint, max: bigint): FileMetaData {
  const columns = fileColumns([]);
  return parse(columns, columns.map(({ kind }) => ({ ...CHUNK, range: kind === 'time' ? { of: 'integers', min, max } as const : null })));
}

test('the schema: own columns first and required, the others optional, both kinds of type', () => {
  const { schema, version, created_by, num_rows } = parse(COLUMNS, COLUMNS.map(() => CHUNK));
  assert.equal(version, 2);
  assert.equal(num_rows, 5n);
  assert.match(created_by!, /^sluice version \d+\.\d+\.\d+ \(build \w+\)$/);
  assert.deepEqual([schema[0]!.name, schema[0]!.num_children], ['schema', 9]);
  const facts = schema.slice(1).map(({ name, type, repetition_type, converted_type, logical_type, type_length, precision, scale }) =>
    [name, type, repetition_type, converted_type, logical_type?.type, type_length, precision, scale].filter((fact) => fact !== undefined));
  assert.deepEqual(facts, [
    ['time', 'INT64', 'REQUIRED', 'TIMESTAMP_MICROS', 'TIMESTAMP'],
    ['sluice_ns', 'INT32', 'REQUIRED'],
    ['sluice_seq', 'INT64', 'REQUIRED'],
    ['column%200', 'BYTE_ARRAY', 'OPTIONAL', 'UTF8', 'STRING'],
    ['column%201', 'DOUBLE', 'OPTIONAL'],
    ['column%202', 'INT64', 'OPTIONAL'],
    ['column%203', 'FIXED_LEN_BYTE_ARRAY', 'OPTIONAL', 'DECIMAL', 'DECIMAL', 9, 20, 0],
    ['column%204', 'BOOLEAN', 'OPTIONAL'],
    ['column%205', 'BYTE_ARRAY', 'OPTIONAL', 'UTF8', 'STRING'],
  ]);
  assert.deepEqual(schema[1]!.logical_type, { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' });
  assert.ok(schema.every((element) => element.field_id === undefined));
});

test('chunks: offsets, sizes and encodings', () => {
  const offset = 2 ** 40;
  const chunks = COLUMNS.map((_, place): ColumnChunk => (place === 3
    ? { ...CHUNK, offset, dictionaryBytes: 30, encoding: ENCODING_RLE_DICTIONARY }
    : { ...CHUNK, encoding: place === 0 ? ENCODING_DELTA_BINARY_PACKED : ENCODING_PLAIN }));
  const [group] = parse(COLUMNS, chunks).row_groups;
  assert.equal(group!.num_rows, 5n);
  assert.equal(group!.total_byte_size, 1800n);
  assert.equal(group!.total_compressed_size, 900n);
  const tag = group!.columns[3]!.meta_data!;
  assert.deepEqual(tag.encodings, ['RLE_DICTIONARY', 'PLAIN', 'RLE']);
  assert.equal(tag.dictionary_page_offset, BigInt(offset));
  assert.equal(tag.data_page_offset, BigInt(offset + 30));
  assert.deepEqual([tag.codec, tag.num_values, tag.path_in_schema], ['SNAPPY', 5n, ['column%200']]);
  const time = group!.columns[0]!.meta_data!;
  assert.deepEqual(time.encodings, ['DELTA_BINARY_PACKED']);
  assert.equal(time.dictionary_page_offset, undefined);
});

test('row groups: rows add up, each has its place and its own sizes', () => {
  const columns = fileColumns([]);
  const footer = new Footer(columns);
  for (const [group, rows] of [7, 5].entries()) {
    columns.forEach((_, place) => footer.addChunk({ ...CHUNK, offset: 4 + group * 300 + place * 100 }, rows));
    footer.endGroup(rows);
  }
  const { num_rows, row_groups } = metadataOf(footer);
  assert.equal(num_rows, 12n);
  assert.deepEqual(row_groups.map((group) => [group.num_rows, group.file_offset, group.ordinal, group.total_compressed_size]), [[7n, 4n, 0, 300n], [5n, 304n, 1, 300n]]);
});

test('only a file with times before 1900 carries the key that Spark 3.5 needs', () => {
  const year1900 = BigInt(Date.UTC(1900, 0, 1)) * 1000n;
  assert.equal(withTimes(year1900, 0n).key_value_metadata, undefined);
  assert.deepEqual(withTimes(year1900 - 1n, 0n).key_value_metadata, [{ key: 'org.apache.spark.version', value: '3.5.0' }]);
});

test('a chunk with nulls alone has a null count and no bounds', () => {
  const statistics = parse(COLUMNS, COLUMNS.map(() => ({ ...CHUNK, nulls: 5 }))).row_groups[0]!.columns[4]!.meta_data!.statistics!;
  assert.equal(statistics.null_count, 5n);
  assert.equal(statistics.min_value, undefined);
  assert.equal(statistics.max_value, undefined);
});

function bounds(kind: FileColumnKind, range: Range): string[] | null {
  const found = footerBounds({ id: 1, name: 'c', kind }, range);
  return found === null ? null : [Buffer.from(found.min).toString('hex'), Buffer.from(found.max).toString('hex')];
}

test('bounds as bytes of the physical type', () => {
  assert.deepEqual(bounds('i64', { of: 'integers', min: -1n, max: 2n }), ['ffffffffffffffff', '0200000000000000']);
  assert.deepEqual(bounds('ns', { of: 'integers', min: 0n, max: 999n }), ['00000000', 'e7030000']);
  assert.deepEqual(bounds('u64', { of: 'integers', min: 1n, max: 2n ** 64n - 1n }), ['000000000000000001', '00ffffffffffffffff']);
  assert.deepEqual(bounds('bool', { of: 'integers', min: 0n, max: 1n }), ['00', '01']);
  assert.deepEqual(bounds('f64', { of: 'floats', min: 1, max: 1, nan: false }), ['000000000000f03f', '000000000000f03f']);
});

test('bounds of floats: none with a NaN, zero is negative below and positive above', () => {
  assert.equal(bounds('f64', { of: 'floats', min: 0, max: 1, nan: true }), null);
  for (const zero of [0, -0]) {
    assert.deepEqual(bounds('f64', { of: 'floats', min: zero, max: zero, nan: false }), ['0000000000000080', '0000000000000000']);
  }
});

test('bounds of texts say whether they are exact', () => {
  const long = Buffer.from('b'.repeat(40));
  const found = footerBounds({ id: 1, name: 'c', kind: 'string' }, { of: 'texts', min: Buffer.from('a'), max: long });
  assert.deepEqual({ ...found, min: String(found!.min), max: String(found!.max) }, { min: 'a', max: `${'b'.repeat(31)}c`, minExact: true, maxExact: false });
});

test('ranges join', () => {
  assert.deepEqual(joinRanges(null, { of: 'integers', min: 1n, max: 2n }), { of: 'integers', min: 1n, max: 2n });
  assert.deepEqual(joinRanges({ of: 'integers', min: -5n, max: 2n }, { of: 'integers', min: 1n, max: 9n }), { of: 'integers', min: -5n, max: 9n });
  assert.deepEqual(
    joinRanges({ of: 'floats', min: 1, max: 2, nan: false }, { of: 'floats', min: 0, max: 1, nan: true }),
    { of: 'floats', min: 0, max: 2, nan: true },
  );
  const texts = (min: string, max: string): Range => ({ of: 'texts', min: Buffer.from(min), max: Buffer.from(max) });
  assert.deepEqual(joinRanges(texts('\uffff', '\uffff'), texts('\u{10000}', '\u{10000}')), texts('\uffff', '\u{10000}'));
  assert.throws(() => joinRanges(texts('a', 'b'), { of: 'integers', min: 0n, max: 0n }), /texts cannot be joined with one of integers/);
});

test('thrift: numbers by zigzag, long lists, big strings, and field ids in order', () => {
  const writer = new ThriftWriter();
  writer.fields(() => {
    writer.i32(1, -3);
    writer.i64(2, 2 ** 50);
    writer.binaries(17, Array.from({ length: 15 }, () => ''));
    assert.throws(() => writer.i32(17, 0), /thrift field 17 cannot follow field 17/);
  });
  assert.equal(Buffer.from(writer.bytes()).toString('hex'), `150516${'80'.repeat(7)}04f9f80f${'00'.repeat(15)}00`);
  const big = new ThriftWriter();
  big.fields(() => big.binary(1, 'x'.repeat(100_000)));
  assert.equal(big.bytes().length, 100_005);
});

test('a kind that is no column kind is refused', () => {
  assert.throws(() => fileColumns([{ id: 1, kind: 77, key: 'k', name: 'k' }]), /column k has kind 77, which no file can hold/);
});

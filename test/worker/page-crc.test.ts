/** The checksum in the header of each page, by another reader of headers and another CRC-32. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';
import { Random } from '../fuzz/random.js';
import { encoderModule } from './encoder-module.js';
import { addBody, addNoise, COLUMNS, flush } from './flush-case.js';
import { metadataOf } from './flushed-file.js';
import { HandMadeTable } from './hand-made-table.js';

interface PageHeader {
  /** Type, bytes before and after compression, CRC-32 as a signed number. */
  readonly field_1: number;
  readonly field_2: number;
  readonly field_3: number;
  readonly field_4?: number;
}

/** Asserts the CRC of every page between two places of a file; @returns the types of the pages */
function checkedPages(file: Buffer, from: number, end: number): number[] {
  const types: number[] = [];
  const reader = { view: new DataView(file.buffer, file.byteOffset, file.length), offset: from };
  while (reader.offset < end) {
    const header = deserializeTCompactProtocol(reader) as unknown as PageHeader;
    const body = file.subarray(reader.offset, reader.offset + header.field_3);
    assert.equal(header.field_4, crc32(body) | 0, `page ${types.length} from ${from}`);
    types.push(header.field_1);
    reader.offset += body.length;
  }
  assert.equal(reader.offset, end);
  return types;
}

test('[issue 14 2] every page says the CRC-32 of its compressed bytes, dictionary pages too', async () => {
  const random = new Random(31);
  const memtable = new HandMadeTable(encoderModule(), COLUMNS);
  const spans = [1, 2, 3].map((seq) => addBody(memtable, random, 1500, seq));
  addNoise(memtable, random);
  memtable.layOut();
  const { file } = await flush(memtable, spans);
  const types = metadataOf(file).row_groups.flatMap(({ columns }) => columns.flatMap(({ meta_data }) => {
    const { dictionary_page_offset, data_page_offset, total_compressed_size } = meta_data!;
    const from = Number(dictionary_page_offset ?? data_page_offset);
    return checkedPages(file, from, from + Number(total_compressed_size));
  }));
  assert.deepEqual([...new Set(types)].sort(), [0, 2]);
  assert.ok(types.filter((type) => type === 0).length > COLUMNS.length + 3, 'a column of several pages');
});

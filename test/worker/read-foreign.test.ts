/** Files of other writers read into a memtable: the same rows whatever their encoding, or left alone with a reason, or damaged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DamagedFile } from '../../src/tables/parquet/damaged-file.js';
import { ForeignForm } from '../../src/tables/parquet/foreign-form.js';
import { NoRoom } from '../../src/worker/read/page-target.js';
import { Random } from '../fuzz/random.js';
import { encoderModule } from './encoder-module.js';
import { addBody, assertSameTexts, COLUMNS, flush } from './flush-case.js';
import { textsByHyparquet } from './flushed-file.js';
import { filesByDuckdb } from './foreign-files.js';
import { HandMadeTable } from './hand-made-table.js';
import { emptyParser, memtableTexts, readBack } from './read-case.js';

const SEQ_MAX = 1000;
const WRITTEN_AS = [
  'COMPRESSION uncompressed', 'COMPRESSION snappy, ROW_GROUP_SIZE 2048', 'COMPRESSION zstd, PARQUET_VERSION v2', 'COMPRESSION gzip, DICTIONARY_SIZE_LIMIT 1',
  'COMPRESSION brotli, DICTIONARY_SIZE_LIMIT 1, PARQUET_VERSION v2', 'COMPRESSION lz4_raw',
];

/** A file of ours with random rows. */
async function ownFile(random: Random, bodies: readonly number[]): Promise<Buffer> {
  const memtable = new HandMadeTable(encoderModule(), COLUMNS);
  const spans = bodies.map((rows, place) => addBody(memtable, random, rows, 10 + place));
  memtable.layOut();
  return (await flush(memtable, spans)).file;
}

async function textsOf(...files: readonly Buffer[]): Promise<string[]> {
  const parser = emptyParser(COLUMNS);
  return memtableTexts(await readBack(files, COLUMNS, parser, parser, SEQ_MAX), COLUMNS);
}

async function textsOfSql(sql: string, options = ''): Promise<string[]> {
  return textsOf(...await filesByDuckdb(null, [[sql, options]]));
}

/** A row as text, with the values of COLUMNS. */
function row(time: string, values: readonly string[]): string {
  return [time, ...values].join(' | ');
}

test('[issue 14 3] rows of another writer are read as they were, in every encoding and codec', async () => {
  const random = new Random(91);
  const own = await ownFile(random, [1, 40, 2100]);
  const expected = await textsByHyparquet(own, COLUMNS);
  const files = await filesByDuckdb(own, WRITTEN_AS.map((options) => ['SELECT * FROM source', options]));
  for (const [at, file] of files.entries()) assertSameTexts(await textsOf(file), expected, WRITTEN_AS[at]!);
  assertSameTexts(await textsOf(...files.slice(0, 2)), [...expected, ...expected], 'two of them');
});

test('[issue 14 3] what another writer left out counts as views count it, and columns stand in any order', async () => {
  const sql = "SELECT 1.5::DOUBLE AS \"value\", 'a' AS host, make_timestamptz(1000001) AS time UNION ALL SELECT NULL, '', make_timestamptz(-1)";
  const texts = await textsOfSql(sql);
  assert.deepEqual(texts.map((text) => text.split(' | ').slice(0, 4)), [['1000001', '0', '0', '"a"'], ['-1', '0', '0', '""']]);
  assert.ok(texts[0]!.includes('1.5'));
  const nulls = await textsOfSql("SELECT make_timestamptz(7) AS time, NULL::INTEGER AS sluice_ns, NULL::BIGINT AS sluice_seq, 'x' AS host");
  assert.deepEqual(nulls, [row('7', ['0', '0', '"x"', ...texts[1]!.split(' | ').slice(4)])]);
  // A column of another that says of itself that it is empty is none.
  assert.deepEqual(await textsOfSql("SELECT make_timestamptz(7) AS time, NULL::DATE AS day, 'x' AS host"), nulls);
});

test('[issue 14 3] a file that has what no file of ours can have is left alone, and says what', async () => {
  const time = 'make_timestamptz(7) AS time';
  for (const [sql, reason] of [
    [`SELECT ${time}, DATE '2020-01-01' AS day`, /column day is none of sluice/],
    [`SELECT ${time}, [1, 2] AS list`, /nested/],
    [`SELECT ${time}, 1::INTEGER AS "count"`, /column count is not of the type/],
    [`SELECT ${time}, 1::FLOAT AS "value"`, /column value is not of the type/],
    [`SELECT ${time}, 1::DECIMAL(20, 2) AS total`, /column total is not of the type/],
    [`SELECT ${time}, 1::DECIMAL(18, 0) AS total`, /column total is not of the type/],
    [`SELECT ${time}, 'x'::BLOB AS host`, /column host is not of the type/],
    [`SELECT ${time}, 1 AS up`, /column up is not of the type/],
    ['SELECT make_timestamp(7) AS time', /column time is not of the type/],
    ['SELECT 7::BIGINT AS time', /column time is not of the type/],
    ["SELECT 'x' AS host", /no column time/],
    ['SELECT NULL::TIMESTAMPTZ AS time', /has no time/],
    ["SELECT TIMESTAMPTZ '2300-01-01 00:00:00Z' AS time", /before 1677 or after 2262/],
    [`SELECT ${time}, 1000::INTEGER AS sluice_ns`, /1000 in sluice_ns/],
    [`SELECT ${time}, -1::BIGINT AS sluice_seq`, /sluice_seq -1/],
    [`SELECT ${time}, ${SEQ_MAX + 1}::BIGINT AS sluice_seq`, /sluice_seq 1001, and the newest of sluice in files is 1000/],
    [`SELECT ${time}, -1::DECIMAL(20, 0) AS total`, /no unsigned one/],
    [`SELECT ${time}, 18446744073709551616::DECIMAL(20, 0) AS total`, /no unsigned one/],
  ] as const) {
    await assert.rejects(textsOfSql(sql), (error: Error) => error instanceof ForeignForm && reason.test(error.message) && error.message.includes('file 0'), sql);
  }
  const files = await filesByDuckdb(null, [['SELECT 1 AS a', ''], [`SELECT ${time}`, ''], ['SELECT 1 AS b', '']]);
  await assert.rejects(textsOf(...files), (error: Error) => /file 0.*\n.*file 2/.test(error.message) && !error.message.includes('file 1'));
});

test('[issue 14 3] unsigned numbers up to the largest are read from decimals of any length', async () => {
  for (const value of [0n, 1n, 2n ** 63n, 2n ** 64n - 1n]) {
    const [text] = await textsOfSql(`SELECT make_timestamptz(7) AS time, ${value}::DECIMAL(20, 0) AS total`);
    assert.ok(text!.split(' | ').includes(String(value)), text);
  }
});

test('[issue 14 3] rows of another writer take no more memory than they may', async () => {
  const [file] = await filesByDuckdb(null, [['SELECT make_timestamptz(range) AS time, range::VARCHAR AS note FROM range(2000)', '']]);
  const parser = emptyParser(COLUMNS);
  parser.exports.setMemtableBytesMax(parser.memtableBytes() + 50_000);
  await assert.rejects(readBack([file!], COLUMNS, parser, parser, SEQ_MAX), NoRoom);
});

test('[issue 14 3] damage to a file of another writer ends the reading with a sentence, whatever byte it is', async () => {
  const random = new Random(92);
  const own = await ownFile(random, [30, 200]);
  const [plain, packed] = await filesByDuckdb(own, [['SELECT * FROM source', 'COMPRESSION uncompressed'], ['SELECT * FROM source', 'COMPRESSION zstd, PARQUET_VERSION v2']]);
  for (const file of [plain!, packed!]) {
    let refused = 0;
    for (let round = 0; round < 40; round += 1) {
      const damaged = Buffer.from(file);
      const at = random.below(file.length);
      damaged[at]! ^= 1 << random.below(8);
      await textsOf(damaged).catch((error: Error) => {
        assert.ok(error instanceof DamagedFile || error instanceof ForeignForm || error instanceof NoRoom, `byte ${at}: ${error.stack}`);
        refused += 1;
      });
    }
    assert.ok(refused > 8, `${refused} of 40 were refused`);
    for (const bytes of [0, 3, 11, file.length >> 1, file.length - 1]) await assert.rejects(textsOf(file.subarray(0, bytes)), DamagedFile);
  }
});

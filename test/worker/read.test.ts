/** Files read back into a memtable: equal to what was flushed, to what hyparquet reads, and never silent about damage. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import { DamagedFile } from '../../src/tables/parquet/damaged-file.js';
import { NoRoom, type ReadModule } from '../../src/worker/read/page-target.js';
import type { WasmParser } from '../../src/worker/wasm/wasm.js';
import { fuzzCount, Random } from '../fuzz/random.js';
import { encoderModule } from './encoder-module.js';
import { addBody, addNoise, assertSameTexts, column, COLUMNS, flush } from './flush-case.js';
import { flushModel, modelText } from './flush-model.js';
import { textsByHyparquet } from './flushed-file.js';
import { HandMadeTable, type Value } from './hand-made-table.js';
import { emptyParser, memtableTexts, readBack } from './read-case.js';

const module = encoderModule();

/** A file of random bodies, and its rows as texts. */
async function randomFile(random: Random, bodies: readonly number[], noise = false): Promise<{ file: Buffer; texts: string[] }> {
  const memtable = new HandMadeTable(module, COLUMNS);
  const spans = bodies.map((rows, place) => addBody(memtable, random, rows, 10 + place));
  if (noise) addNoise(memtable, random);
  memtable.layOut();
  const { file } = await flush(memtable, spans);
  return { file, texts: flushModel(memtable.rows, spans, COLUMNS).map((row) => modelText(row, COLUMNS)) };
}

test('[issue 14 2] files of every kind of column round trip, alone and one behind another', async () => {
  const random = new Random(41);
  for (const build of ['simd', 'scalar'] as const) {
    const files: Buffer[] = [];
    const texts: string[] = [];
    for (const bodies of [[1], [2, 3], [40, 0, 60], [900, 900], [1500]]) {
      const made = await randomFile(random, bodies.filter((rows) => rows > 0), bodies.length === 1);
      assertSameTexts(memtableTexts(await readBack([made.file], COLUMNS, emptyParser(COLUMNS, build)), COLUMNS), made.texts, 'our reader');
      assertSameTexts(await textsByHyparquet(made.file, COLUMNS), made.texts, 'hyparquet');
      files.push(made.file);
      texts.push(...made.texts);
    }
    assertSameTexts(memtableTexts(await readBack(files, COLUMNS, emptyParser(COLUMNS, build)), COLUMNS), texts, 'our reader of all');
  }
});

test('[issue 14 2] dictionaries and plain pages, runs and bits, columns that come later, in thousands of rows', async () => {
  const random = new Random(42);
  const columns = [
    column(1, 'host', abi.KIND_TAG), column(2, 'few', abi.KIND_F64), column(3, 'noise', abi.KIND_F64), column(4, 'counter', abi.KIND_I64),
    column(5, 'small', abi.KIND_I64), column(6, 'id', abi.KIND_TAG), column(7, 'up', abi.KIND_BOOL), column(8, 'state', abi.KIND_STRING),
    column(9, 'total', abi.KIND_U64), column(10, 'rare', abi.KIND_STRING), column(11, 'late', abi.KIND_F64), column(12, 'wide', abi.KIND_I64),
  ];
  const files: Buffer[] = [];
  const texts: string[] = [];
  for (const seq of [1, 2, 3]) {
    const memtable = new HandMadeTable(module, seq === 1 ? columns.filter(({ name }) => name !== 'late') : columns);
    for (let i = 0; i < 9000; i++) {
      const values = new Map<string, Value>([
        ['host', `host-${i % 9}`], ['few', random.below(20) / 4], ['noise', random.u32() / 7], ['counter', BigInt(i * 1000 + random.below(900))],
        ['small', BigInt(random.below(30))], ['id', `series ${random.u32()}`], ['up', i % 3000 < 1500], ['state', `state ${random.below(4)}`],
        ['total', BigInt(random.u32()) << 32n], ['wide', BigInt.asIntN(64, (BigInt(random.u32()) << 32n) | BigInt(random.u32()))],
      ]);
      if (i % 1000 < 400) values.set('rare', `text ${i}`);
      if (seq > 1 && random.chance(0.7)) values.set('late', i);
      memtable.rows.push({ time: BigInt(i) * 1_000_000n + BigInt(seq === 2 ? random.below(3) : 0), values });
    }
    memtable.layOut();
    const spans = [{ rowFirst: 0, rowEnd: 9000, seq }];
    files.push((await flush(memtable, spans)).file);
    texts.push(...flushModel(memtable.rows, spans, columns).map((row) => modelText(row, columns)));
  }
  for (const build of ['simd', 'scalar'] as const) {
    assertSameTexts(memtableTexts(await readBack(files, columns, emptyParser(columns, build)), columns), texts, `our reader (${build})`);
  }
});

test('[issue 14 2] a large file is read in parts, and its long columns page by page', async () => {
  const random = new Random(47);
  const memtable = new HandMadeTable(module, COLUMNS);
  const spans = [addBody(memtable, random, 15_000, 1)];
  addNoise(memtable, random);
  memtable.layOut();
  const { file } = await flush(memtable, spans);
  assert.ok(file.length > 8 << 20, `${file.length} bytes`);
  const expected = flushModel(memtable.rows, spans, COLUMNS).map((row) => modelText(row, COLUMNS));
  assertSameTexts(memtableTexts(await readBack([file], COLUMNS), COLUMNS), expected, 'our reader');
});

test('[issue 14 2] a flipped byte is an error that names the file, or changes nothing', async () => {
  const random = new Random(43);
  const { file, texts } = await randomFile(random, [300, 200]);
  let refused = 0;
  for (let i = 0; i < fuzzCount(150); i++) {
    const damaged = Buffer.from(file);
    damaged[random.below(file.length)]! ^= 1 << random.below(8);
    try {
      assertSameTexts(memtableTexts(await readBack([damaged], COLUMNS), COLUMNS), texts, `our reader, flip ${i}`);
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error;
      assert.match(error.message, /^file file 0(, |: )/);
      refused += 1;
    }
  }
  assert.ok(refused > fuzzCount(100), `only ${refused} were refused`);
});

/** The module, each page of which is damaged behind the look at its checksum, now and then. */
function damaging(parser: WasmParser, random: Random): ReadModule {
  const { exports, memory } = parser;
  let input = 0;
  const damage = (bytes: number): void => {
    if (bytes === 0 || !random.chance(0.2)) return;
    const page = new Uint8Array(memory.buffer, input, bytes);
    for (let flips = 1 + random.below(3); flips > 0; flips--) page[random.below(bytes)] = random.chance(0.3) ? 0xff : random.u32();
  };
  const number = (value: number): number => (random.chance(0.99) ? value : random.pick([0, value + 1, random.below(20), random.u32() >>> 4]));
  return {
    memory,
    exports: {
      ...exports,
      readInput: (bytes) => (input = exports.readInput(bytes) >>> 0),
      readDictionary: (entries, bytes, rawBytes) => {
        damage(bytes);
        return exports.readDictionary(number(entries), bytes, number(rawBytes));
      },
      readPage: (encoding, rows, bytes, rawBytes) => {
        damage(bytes);
        return exports.readPage(number(encoding), number(rows), bytes, number(rawBytes));
      },
    },
  };
}

test('[issue 14 2] what no checksum tells is an error or other values, and never a trap or an endless loop', async () => {
  const random = new Random(44);
  const { file } = await randomFile(random, [300, 200]);
  let refused = 0;
  for (let i = 0; i < fuzzCount(150); i++) {
    const parser = emptyParser(COLUMNS);
    parser.exports.setMemtableBytesMax(64 << 20);
    try {
      await readBack([file], COLUMNS, parser, damaging(parser, random));
    } catch (error) {
      if (!(error instanceof DamagedFile || error instanceof NoRoom)) throw new Error(`round ${i}`, { cause: error });
      refused += 1;
    }
  }
  assert.ok(refused > fuzzCount(50), `only ${refused} were refused`);
});

test('[issue 14 2] cut files, files of others and columns of other types are refused by name', async () => {
  const { file } = await randomFile(new Random(45), [50]);
  for (const length of [0, 3, 8, 11, 100, file.length - 9, file.length - 1]) {
    await assert.rejects(readBack([file.subarray(0, length)], COLUMNS), DamagedFile, `cut at ${length}`);
  }
  await assert.rejects(readBack([file], COLUMNS.slice(1)), /file 0, footer: its column host is none of the table/);
  const otherType = COLUMNS.map((each) => (each.name === 'value' ? { ...each, kind: abi.KIND_I64 } : each));
  await assert.rejects(readBack([file], otherType), /file 0, footer: its column value is not of the type that the table has/);
  const foreign = Buffer.from(file);
  foreign.write('sluicf', foreign.lastIndexOf('sluice version'));
  await assert.rejects(readBack([foreign], COLUMNS), /it was written by "sluicf version/);
});

test('[issue 14 2] rows over the memory given are refused as such', async () => {
  const { file } = await randomFile(new Random(46), [2000], true);
  const parser = emptyParser(COLUMNS);
  parser.exports.setMemtableBytesMax(parser.memtableBytes() + 200_000);
  await assert.rejects(readBack([file], COLUMNS, parser), NoRoom);
  parser.drop(5);
  assert.equal(parser.exports.flushBytes(), 0);
  assert.ok(parser.memtableBytes() < 100_000);
});

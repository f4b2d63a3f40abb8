/** The build without SIMD does beside the parser, which test/fuzz compares, what the other one does: the same bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TableStore } from '../../src/tables/table-store.js';
import { writeParquetFile } from '../../src/worker/flush/parquet-file.js';
import { readSamples } from '../fuzz/samples.js';
import { randomBody } from '../fuzz/generator.js';
import { mutated } from '../fuzz/mutate.js';
import { Random } from '../fuzz/random.js';
import type { Build } from './builds.js';
import { ParserSession } from './parser-session.js';
import { MemoryStore } from './flushed-file.js';

const LINES_MAX = 3000;

/** Files of all tables of a body that came twice, by measurement. */
async function flushed(body: string, build: Build): Promise<Map<string, string>> {
  const session = new ParserSession({}, build);
  const spans = [session.write(body), session.write(body)].flatMap((parsed, index) => parsed.spans.map((span) => ({ ...span, seq: 10 + index })));
  const files = new Map<string, string>();
  for (const id of new Set(spans.map(({ tableId }) => tableId))) {
    const { measurement, columns } = session.tableOf(id);
    const store = new MemoryStore();
    const order = { tableId: id, seq: 20, path: 'file', columns };
    await writeParquetFile(session.parser, store as unknown as TableStore, order, () => spans.filter(({ tableId }) => tableId === id));
    files.set(measurement, store.files.get('file')!.toString('hex'));
  }
  return files;
}

test('both builds flush the same files', async () => {
  for (const { name, lines } of readSamples()) {
    const body = lines.slice(0, LINES_MAX).join('\n');
    const files = await flushed(body, 'simd');
    assert.ok(files.size > 0 && [...files.values()].every((bytes) => bytes.length > 0), name);
    assert.deepEqual(await flushed(body, 'scalar'), files, name);
  }
});

test('both builds pass the same lines, from any line on', () => {
  const random = new Random(9);
  const parsers = (['simd', 'scalar'] as const).map((build) => new ParserSession({}, build).parser);
  let passed = 0;
  for (let round = 0; round < 300; round++) {
    const body = mutated(random, randomBody(random, 'ns'), randomBody(random, 'ns'));
    for (let from = 0; from >= 0 && from < body.length; from = body.indexOf(10, from) + 1 || -1) {
      const [simd, scalar] = parsers.map((parser) => {
        parser.inputView(body.length).set(body);
        return [false, true].map((isLast) => parser.scanLines(from, body.length, LINES_MAX, isLast));
      });
      assert.deepEqual(scalar, simd, body.toString('latin1'));
      passed += simd![1]!.lines;
    }
  }
  assert.ok(passed > 1000, `${passed} lines`);
});

/** Real samples, parsed into the memtables of the real module and flushed: the files hold what the memtables held. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { sampled } from '../fuzz/random.js';
import { root } from '../root.js';
import { ParsedTables } from './parsed-tables.js';
import { modelText, flushModel } from './flush-model.js';
import { textsByDuckdb, textsByHyparquet } from './flushed-file.js';

const SAMPLES = join(root, 'test/data/lpdata');
const SAMPLE_BYTES_MAX = 1_500_000;

/** The start of a sample, up to a line's end. */
function sample(name: string): Buffer {
  const bytes = readFileSync(join(SAMPLES, name));
  const text = name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  return text.length <= SAMPLE_BYTES_MAX ? text : text.subarray(0, text.lastIndexOf(10, SAMPLE_BYTES_MAX) + 1);
}

for (const name of sampled(readdirSync(SAMPLES).filter((file) => !file.endsWith('.md')).toSorted(), 2)) {
  test(`${name} parsed, flushed and read back`, async () => {
    const parsed = new ParsedTables();
    const scalar = new ParsedTables('sluice.scalar');
    const body = sample(name);
    // Three bodies: the same rows twice, so that versions of a point stand side by side, and a part of them again.
    const part = body.subarray(0, body.indexOf(10, body.length / 2) + 1);
    const bodies = [body, body, part].map((bytes, place) => parsed.add(bytes).map((span) => ({ ...span, seq: 1000 + place })));
    for (const bytes of [body, body, part]) scalar.add(bytes);
    for (const table of parsed.tables.values()) {
      const spans = bodies.flat().filter(({ tableId }) => tableId === table.id);
      const rows = parsed.rowsOf(table);
      assert.ok(rows.length > 0);
      const file = await parsed.flush(table, spans);
      const expected = flushModel(rows, spans, table.columns).map((row) => modelText(row, table.columns));
      assert.deepEqual(await textsByDuckdb(file, table.columns), expected);
      assert.deepEqual(await textsByHyparquet(file, table.columns), expected);
      assert.equal(parsed.rowsOf(table).length, rows.length);
      assert.ok(file.equals(await scalar.flush(scalar.tables.get(table.measurement)!, spans)), 'the build without SIMD writes another file');
    }
  });
}

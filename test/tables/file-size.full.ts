/** Files against those that DuckDB writes of the same rows in the same order: what they hold, and their size. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { telegraf, tsbs, type Size } from '../../bench/workloads/generated.js';
import type { Workload } from '../../bench/workloads/workload.js';
import type { TableDefinition } from '../../src/model/schema.js';
import type { FlushSpan } from '../../src/worker/flush/standing-rows.js';
import { ParsedTables } from '../worker/parsed-tables.js';
import { modelText, flushModel } from '../worker/flush-model.js';
import { textsByDuckdb } from '../worker/flushed-file.js';

const MANY: Size = { lines: 1_000_000, linesPerBody: 5000 };
const FEW: Size = { lines: 60_000, linesPerBody: 5000 };
const VERSIONS = ['V1', 'V2'] as const;

interface FlushedTable {
  readonly table: TableDefinition;
  readonly spans: readonly FlushSpan[];
  readonly file: Buffer;
}

async function flush(parsed: ParsedTables, { bodies }: Workload): Promise<FlushedTable[]> {
  const spans = bodies.flatMap((body, place) => parsed.add(body).map((span) => ({ ...span, seq: 1_767_225_600_000_000 + place * 40_000 })));
  const flushed: FlushedTable[] = [];
  for (const table of parsed.tables.values()) {
    const ofTable = spans.filter(({ tableId }) => tableId === table.id);
    flushed.push({ table, spans: ofTable, file: await parsed.flush(table, ofTable) });
  }
  return flushed;
}

/** Bytes of all files, and of what DuckDB writes in their place in each version. */
async function sizesOf(flushed: readonly FlushedTable[]): Promise<Record<'ours' | (typeof VERSIONS)[number], number>> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-size-'));
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  try {
    const connection = await instance.connect();
    const sizes = { ours: 0, V1: 0, V2: 0 };
    const ours = join(folder, 'ours.parquet');
    const theirs = join(folder, 'theirs.parquet');
    for (const { file } of flushed) {
      writeFileSync(ours, file);
      sizes.ours += file.length;
      for (const version of VERSIONS) {
        await connection.run(`copy (select * from read_parquet('${ours}')) to '${theirs}' (format parquet, codec snappy, row_group_size 122880, parquet_version ${version})`);
        sizes[version] += statSync(theirs).size;
      }
    }
    return sizes;
  } finally {
    instance.closeSync();
    rmSync(folder, { recursive: true });
  }
}

async function compare(t: TestContext, workload: Workload): ReturnType<typeof sizesOf> {
  const sizes = await sizesOf(await flush(new ParsedTables(), workload));
  const ratio = (other: number): string => (sizes.ours / other).toFixed(3);
  t.diagnostic(`${workload.name}: ${sizes.ours} bytes, ${ratio(sizes.V1)} of DuckDB's V1 (${sizes.V1}), ${ratio(sizes.V2)} of its V2 (${sizes.V2})`);
  return sizes;
}

test('a million TSBS rows take at most 5 % more than DuckDB V2 makes of them', async (t) => {
  const { ours, V2 } = await compare(t, tsbs(MANY));
  assert.ok(ours <= V2 * 1.05);
});

test('a million lines of a Telegraf mix take no more than DuckDB V1 makes of them', async (t) => {
  const { ours, V1 } = await compare(t, telegraf(MANY));
  assert.ok(ours <= V1);
});

for (const workload of [tsbs(FEW), telegraf(FEW)]) {
  test(`DuckDB reads the files of the ${workload.name} as the rows that were parsed`, async () => {
    const parsed = new ParsedTables();
    for (const { table, spans, file } of await flush(parsed, workload)) {
      const expected = flushModel(parsed.rowsOf(table), spans, table.columns).map((row) => modelText(row, table.columns));
      assert.deepEqual(await textsByDuckdb(file, table.columns), expected);
    }
  });
}

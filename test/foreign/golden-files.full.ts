/** Data files of other writers' tables (Spark, mostly): decoded to what DuckDB reads of them, or refused by name. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { COLUMN_TIME } from '../../assembly/layout/flush.js';
import { TABLE_TIMES } from '../../assembly/layout/table.js';
import type { FileColumn, FileColumnKind } from '../../src/tables/parquet/file-columns.js';
import { FOOTER_END_BYTES, metadataBytes } from '../../src/tables/parquet/footer-reader.js';
import { readForeignFooter, type ForeignFooter } from '../../src/tables/parquet/foreign-footer.js';
import { ForeignForm } from '../../src/tables/parquet/foreign-form.js';
import { foreignValues } from '../../src/tables/parquet/foreign-values.js';
import { Slices } from '../../src/worker/flush/slices.js';
import { ForeignReader } from '../../src/worker/read/foreign-reader.js';
import { PageTarget } from '../../src/worker/read/page-target.js';
import { root } from '../root.js';
import { emptyParser, storeOf, TABLE_ID } from '../worker/read-case.js';

const tables = process.env['SLUICE_GOLDEN_TABLES'] ?? join(dirname(root), 'shared', 'delta', 'tables');
const skip = existsSync(tables) ? false : `${tables} is not there (SLUICE_GOLDEN_TABLES names it)`;
const paths = skip === false ? readdirSync(tables, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.parquet') && !path.includes('_delta_log')) : [];

/** DuckDB's types of values that are alike in both: 32 bits stand for `sluice_ns`, whose range is looked at later. */
const KINDS: Readonly<Record<string, FileColumnKind>> = { BIGINT: 'i64', DOUBLE: 'f64', BOOLEAN: 'bool', VARCHAR: 'string', INTEGER: 'ns' };

async function duck(): Promise<DuckDBConnection> {
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  await connection.run("SET TimeZone = 'UTC'");
  return connection;
}

function relation(path: string): string {
  return `read_parquet('${join(tables, path).replace(/[*?[]/g, '[$&]').replaceAll("'", "''")}', hive_partitioning = false)`;
}

function footerOf(path: string, file: Buffer, columns: readonly FileColumn[]): ForeignFooter {
  const metadata = metadataBytes(path, file.subarray(-FOOTER_END_BYTES), file.length);
  const pagesEnd = file.length - FOOTER_END_BYTES - metadata;
  return readForeignFooter(path, file.subarray(pagesEnd, pagesEnd + metadata), pagesEnd, columns);
}

/** Whether a file is refused for columns of other types; one that says that they are empty is not. */
function refuses(path: string, file: Buffer, columns: readonly FileColumn[]): boolean {
  try {
    if (columns.length > 0) footerOf(path, file, columns);
    return false;
  } catch (error) {
    assert.ok(error instanceof ForeignForm, `${path}: ${String(error)}`);
    return true;
  }
}

function textOf(value: unknown): string | null {
  return value === null ? null : value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);
}

test('[issue 14 3] files of other writers are decoded to what DuckDB reads, or refused', { skip }, async (t) => {
  const connection = await duck();
  let read = 0, refused = 0;
  for (const path of paths) {
    const file = readFileSync(join(tables, path));
    const described = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${relation(path)}`)).getRows().map(([name, type]) => [String(name), String(type)] as const);
    const columns = described.flatMap(([name, type], at) => (KINDS[type] === undefined ? [] : [{ id: at + 1, name, kind: KINDS[type] }]));
    if (columns.length < described.length || columns.length === 0) {
      refused += refuses(path, file, columns) ? 1 : 0;
      continue;
    }
    const rows = (await connection.runAndReadAll(`SELECT * FROM ${relation(path)}`)).getRows();
    let first = 0;
    for (const group of footerOf(path, file, columns).groups) {
      for (const chunk of group.chunks) {
        const values: (string | null)[] = [];
        for await (const stretch of foreignValues(chunk, file.subarray(chunk.offset, chunk.offset + chunk.bytes), group.rows)) values.push(...stretch.values.map(textOf));
        const place = columns.findIndex(({ id }) => id === chunk.column.id);
        assert.deepEqual(values, rows.slice(first, first + group.rows).map((row) => textOf(row[place])), `${path}, ${chunk.column.name}`);
      }
      first += group.rows;
    }
    assert.equal(first, rows.length, path);
    read += 1;
  }
  t.diagnostic(`${read} files read, ${refused} refused`);
  assert.ok(read > 100 && refused > 10, `${read} read, ${refused} refused`);
});

test('[issue 14 3] times of Spark in each form it has are read to the microsecond', { skip }, async () => {
  const connection = await duck();
  for (const form of ['INT96', 'TIMESTAMP_MICROS', 'TIMESTAMP_MILLIS']) {
    const some = paths.filter((path) => path.startsWith(`kernel-timestamp-${form}/`));
    assert.ok(some.length > 0);
    for (const path of some) {
      const file = readFileSync(join(tables, path));
      const expected = (await connection.runAndReadAll(`SELECT epoch_us(time::TIMESTAMPTZ) * 1000 FROM ${relation(path)}`)).getRows().map(([ns]) => ns);
      const whole = footerOf(path, file, [{ id: COLUMN_TIME, name: 'time', kind: 'time' }, { id: 1, name: 'id', kind: 'ns' }]);
      const groups = whole.groups.map(({ chunks, rows }) => ({ rows, chunks: chunks.filter(({ column }) => column.kind === 'time') }));
      const parser = emptyParser([]);
      parser.exports.readStart(parser.exports.tableAt(TABLE_ID) >>> 0, whole.rows, whole.rows);
      const slices = new Slices(65_536, () => undefined);
      const reading = new ForeignReader(new PageTarget(parser, path), storeOf(new Map([[path, file]])), { path, bytes: file.length, foreignSeqMax: 0 }, slices).read({ rows: whole.rows, groups });
      // A row without a time is none of ours.
      if (expected.includes(null)) await assert.rejects(reading, /has no time/);
      else {
        await reading;
        const view = new DataView(parser.memory.buffer);
        const times = view.getUint32((parser.exports.tableAt(TABLE_ID) >>> 0) + TABLE_TIMES, true);
        assert.deepEqual(expected.map((_, row) => view.getBigInt64(times + 8 * row, true)), expected, path);
      }
      parser.exports.readEnd();
    }
  }
});

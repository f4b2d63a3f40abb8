/** The second lock by itself: what DuckDB refuses whatever it is asked. The first is tried over HTTP (test/e2e/query-lock.full.ts). */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openDuck, quoteText } from '../../src/query/duckdb.js';
import { openedFor } from '../../src/query/views.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-lock-'));
after(() => rmSync(folder, { recursive: true }));

test('[issue 14 5] behind the lock nothing but the files that are named is opened, and no setting changes', async () => {
  // A path with what is a pattern to DuckDB.
  const [open, closed] = [join(folder, 'a[1]*?.parquet'), join(folder, 'b.parquet')];
  const duck = await openDuck('tables');
  for (const path of [open, closed]) await duck.run(`COPY (SELECT 1 AS a) TO ${quoteText(path)} (FORMAT parquet)`);
  writeFileSync(join(folder, 'c.csv'), 'a\n1\n');
  const before = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'base64')]);
  await duck.lock(openedFor([open]));
  const rowsOf = async (sql: string): Promise<unknown[]> => {
    const rows: unknown[] = [];
    for await (const chunk of (await duck.stream(sql)).rows) rows.push(...chunk);
    return rows;
  };
  assert.deepEqual(await rowsOf(`SELECT * FROM read_parquet(${quoteText(openedFor([open]).at(-1)!)})`), [[1]]);
  for (const sql of [
    `SELECT * FROM read_parquet(${quoteText(closed)})`, `SELECT * FROM read_csv(${quoteText(join(folder, 'c.csv'))})`, `SELECT * FROM ${quoteText(join(folder, 'c.csv'))}`,
    "SELECT * FROM read_text('/etc/hostname')", `SELECT * FROM glob(${quoteText(join(folder, '*'))})`, `COPY (SELECT 2) TO ${quoteText(join(folder, 'd.csv'))}`,
    `ATTACH ${quoteText(join(folder, 'e.db'))}`, `EXPORT DATABASE ${quoteText(folder)}`, 'SET threads = 1', "SET allowed_paths = ['/']", 'SET enable_external_access = true', 'SET lock_configuration = false',
    'INSTALL httpfs', 'LOAD httpfs', `SELECT * FROM read_parquet(${quoteText(`${open}/../b.parquet`)})`,
  ]) await assert.rejects(rowsOf(sql), sql);
  duck.close();
  assert.deepEqual(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'base64')]), before);
});

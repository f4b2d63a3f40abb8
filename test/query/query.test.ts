import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { KIND_BOOL, KIND_F64, KIND_I64, KIND_STRING, KIND_TAG, KIND_U64 } from '../../assembly/layout/codes.js';
import { openDuck, quoteText } from '../../src/query/duckdb.js';
import type { Format } from '../../src/query/format.js';
import { runQuery } from '../../src/query/run-query.js';
import type { QueryTable } from '../../src/query/views.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-query-'));
after(() => rmSync(folder, { recursive: true }));

const columns = [
  { kind: KIND_TAG, name: 'host' },
  { kind: KIND_F64, name: 'load' },
  { kind: KIND_I64, name: 'count' },
  { kind: KIND_U64, name: 'big' },
  { kind: KIND_BOOL, name: 'up' },
  { kind: KIND_STRING, name: 'note' },
  { kind: KIND_F64, name: 'absent' },
];

let files = 0;
/** Writes a Parquet file of the rows a SELECT gives. */
async function parquet(select: string, into = folder): Promise<string> {
  files += 1;
  const path = join(into, `${files}.parquet`);
  const duck = await openDuck('maker');
  await duck.run(`COPY (${select}) TO ${quoteText(path)} (FORMAT parquet)`);
  duck.close();
  return path;
}

async function query(tables: readonly QueryTable[], sql: string, format: Format = 'json', database: string | null = null): Promise<string> {
  let text = '';
  const write = async (piece: string): Promise<void> => {
    text += piece;
  };
  await runQuery({ tables, database, sql, format, write });
  return text;
}

function own(seq: number, micros = 1_700_000_000_123_456, ns = 0): string {
  return `make_timestamptz(${micros}) AS time, ${ns}::INTEGER AS sluice_ns, ${seq}::BIGINT AS sluice_seq`;
}

const cpu = async (...selects: string[]): Promise<QueryTable> =>
  ({ database: 'db', measurement: 'cpu', columns, files: await Promise.all(selects.map((select) => parquet(select))) });

test('a point that stands in several files is one row with the newest value of each field', async () => {
  const table = await cpu(
    `SELECT ${own(10)}, 'a' AS host, 1.5 AS load, 7::BIGINT AS count, NULL::VARCHAR AS note`,
    `SELECT ${own(30)}, 'a' AS host, NULL::DOUBLE AS load, 9::BIGINT AS count`,
    `SELECT ${own(20)}, 'a' AS host, 2.5 AS load, 8::BIGINT AS count, 'hi' AS note`,
    `SELECT ${own(5)}, NULL::VARCHAR AS host, 4::DOUBLE AS load`,
    `SELECT ${own(6, 1_700_000_000_123_456, 999)}, 'a' AS host, 5::DOUBLE AS load`,
  );
  assert.equal(await query([table], 'SELECT * FROM cpu ORDER BY host, sluice_ns, time'), [
    '[{"time":"2023-11-14T22:13:20.123456Z","host":"a","load":2.5,"count":9,"big":null,"up":null,"note":"hi","absent":null,"sluice_ns":0,"sluice_seq":30}',
    '{"time":"2023-11-14T22:13:20.123456Z","host":"a","load":5,"count":null,"big":null,"up":null,"note":null,"absent":null,"sluice_ns":999,"sluice_seq":6}',
    '{"time":"2023-11-14T22:13:20.123456Z","host":null,"load":4,"count":null,"big":null,"up":null,"note":null,"absent":null,"sluice_ns":0,"sluice_seq":5}]\n',
  ].join(',\n'));
});

test('the same columns with the same types, whether files have them or not', async () => {
  const types = [
    'time:TIMESTAMP WITH TIME ZONE', 'host:VARCHAR', 'load:DOUBLE', 'count:BIGINT', 'big:DECIMAL(20,0)', 'up:BOOLEAN',
    'note:VARCHAR', 'absent:DOUBLE', 'sluice_ns:INTEGER', 'sluice_seq:BIGINT',
  ];
  const full = await cpu(`SELECT ${own(1)}, 'a' AS host, 1::DOUBLE AS load, 18446744073709551615::DECIMAL(20,0) AS big`);
  for (const table of [full, await cpu()]) {
    const described = await query([table], 'DESCRIBE SELECT * FROM cpu', 'json');
    const rows = JSON.parse(described) as { column_name: string; column_type: string }[];
    assert.deepEqual(rows.map((row) => `${row.column_name}:${row.column_type}`), types);
  }
  assert.equal(await query([await cpu()], 'SELECT * FROM cpu'), '[]\n');
  assert.equal(await query([await cpu()], 'SELECT count(*) AS n FROM cpu'), '[{"n":0}]\n');
});

test('rows of other writers count with 0 where they have no sluice_ns and no sluice_seq', async () => {
  const table = await cpu(
    `SELECT ${own(10)}, 'a' AS host, 1.5 AS load`,
    "SELECT make_timestamptz(1700000000123456) AS time, NULL::INTEGER AS sluice_ns, NULL::BIGINT AS sluice_seq, 'a' AS host, 9::DOUBLE AS load, true AS up",
  );
  assert.equal(await query([table], 'SELECT load, up, sluice_ns, sluice_seq FROM cpu'), '[{"load":1.5,"up":true,"sluice_ns":0,"sluice_seq":10}]\n');
});

test('numbers keep all digits, and what JSON has no number for is text', async () => {
  const table = await cpu(
    `SELECT ${own(1767225600123456)}, 'a' AS host, 'nan'::DOUBLE AS load, 9223372036854775807 AS count, 18446744073709551615::DECIMAL(20,0) AS big`,
  );
  assert.equal(await query([table], "SELECT load, count, big, sluice_seq, -'inf'::DOUBLE AS low, -0.0::DOUBLE AS zero, 1.50::DECIMAL(5,2) AS price, [1, NULL] AS list, {'a': 'x'} AS pair FROM cpu", 'jsonl'),
    '{"load":"NaN","count":9223372036854775807,"big":18446744073709551615,"sluice_seq":1767225600123456,"low":"-Infinity","zero":-0.0,"price":1.50,"list":[1,null],"pair":{"a":"x"}}\n');
});

test('times from 1677 to 2262 are exact to the microsecond', async () => {
  const table = await cpu(...['1677-09-21T00:12:43.145225Z', '1969-12-31T23:59:59.999999Z', '2262-04-11T23:47:16.854775Z'].map(
    (time) => `SELECT TIMESTAMPTZ '${time}' AS time, 0::INTEGER AS sluice_ns, 1::BIGINT AS sluice_seq`,
  ));
  assert.equal(await query([table], 'SELECT time FROM cpu ORDER BY time', 'csv'),
    'time\r\n1677-09-21T00:12:43.145225Z\r\n1969-12-31T23:59:59.999999Z\r\n2262-04-11T23:47:16.854775Z\r\n');
  assert.equal(await query([table], "SELECT time FROM cpu WHERE time = TIMESTAMPTZ '1969-12-31T23:59:59.999999Z'", 'jsonl'), '{"time":"1969-12-31T23:59:59.999999Z"}\n');
});

test('csv quotes by RFC 4180 and tells null from the empty string', async () => {
  const text = await query([await cpu()], `SELECT 'a,b' AS "x""y", 'say "hi"' AS q, e'two\\nlines' AS l, '' AS empty, NULL AS nothing, 1.5 AS n`, 'csv');
  assert.equal(text, '"x""y",q,l,empty,nothing,n\r\n"a,b","say ""hi""","two\nlines","",,1.5\r\n');
});

test('pretty is aligned, cuts long cells and counts the rows', async () => {
  const text = await query([await cpu()], "SELECT 'a' AS name, 7 AS n UNION ALL SELECT repeat('x', 100), 12345 ORDER BY n", 'pretty');
  assert.equal(text, [
    `name${' '.repeat(58)}n`,
    `${'-'.repeat(60)}  -----`,
    `a${' '.repeat(59)}      7`,
    `${'x'.repeat(59)}…  12345`,
    '(2 rows)',
    '',
  ].join('\n'));
  assert.match(await query([await cpu()], 'SELECT range AS n FROM range(1001)', 'pretty'), /\n999\n\(1001 rows, the first 1000 shown; --format csv or jsonl gives all\)\n$/);
  assert.match(await query([await cpu()], 'SELECT 1 AS n', 'pretty'), /\(1 row\)\n$/);
});

test('a measurement is found in its database, by any name', async () => {
  const select = (value: number): string => `SELECT ${own(1)}, ${value}::DOUBLE AS load`;
  const table = async (database: string, measurement: string, value: number): Promise<QueryTable> =>
    ({ database, measurement, columns: [{ kind: KIND_F64, name: 'load' }], files: [await parquet(select(value))] });
  const tables = [
    await table('a/b "c"', 'my table', 1), await table('a/b "c"', 'd"e', 2), await table('a/b "c"', 'CPU', 3), await table('a/b "c"', 'cpu', 4),
    await table('temp', 'x.y', 5), await table('information_schema', 'select', 6), await table('memory', 'm', 7), await table('main', 'm', 8),
  ];
  const load = async (from: string, database: string | null = null): Promise<string> => query(tables, `SELECT load FROM ${from}`, 'csv', database);
  const found: [from: string, database: string | null][] = [
    ['"a/b ""c"""."my table"', null], ['"d""e"', 'a/b "c"'], ['CPU', 'a/b "c"'], ['"cpu~2"', 'a/b "c"'],
    ['"x.y"', 'temp'], ['"information_schema~2"."select"', null], ['memory.m', null], ['main.m', null],
  ];
  for (const [at, [from, database]] of found.entries()) assert.equal(await load(from, database), `load\r\n${at + 1}\r\n`);
  await assert.rejects(load('m', 'nowhere'), /there is no table in a database "nowhere"/);
});

test('tables that the statement does not name are listed all the same', async () => {
  const other: QueryTable = { database: 'db', measurement: 'other', columns, files: ['/nowhere/1.parquet'] };
  assert.equal(await query([await cpu(), other], 'SHOW TABLES', 'csv'), 'name\r\ncpu\r\nother\r\n');
  await assert.rejects(query([other], 'SELECT * FROM other'), /No files found/);
});

test('a data folder whose path has glob characters, quotes or = is only a path', async () => {
  const strange = mkdtempSync(join(folder, "we*ird ?[x]'=1-"));
  const table = { ...(await cpu()), files: [await parquet(`SELECT ${own(1)}, 2::DOUBLE AS load`, strange)] };
  assert.equal(await query([table], 'SELECT load FROM cpu'), '[{"load":2}]\n');
});

test('wrong SQL fails with DuckDB\'s words', async () => {
  await assert.rejects(query([await cpu()], 'SELEC 1'), /syntax error at or near "SELEC"/);
  await assert.rejects(query([await cpu()], 'SELECT nope FROM cpu'), /nope/);
});

test('a list of 10,000 files', async () => {
  const path = await parquet(`SELECT ${own(1)}, 1::DOUBLE AS load`);
  const table = { ...(await cpu()), files: Array.from({ length: 10_000 }, () => path) };
  assert.equal(await query([table], 'SELECT count(*) AS n, sum(load) AS s FROM cpu', 'csv'), 'n,s\r\n1,1\r\n');
});

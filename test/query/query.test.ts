import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { KIND_BOOL, KIND_F64, KIND_I64, KIND_STRING, KIND_TAG, KIND_U64 } from '../../assembly/layout/codes.js';
import { plainFileName } from '../../src/names.js';
import { openDuck, quoteText } from '../../src/query/duckdb.js';
import { writeResult, type Format } from '../../src/query/format.js';
import { runQuery } from '../../src/query/run-query.js';
import { CATALOG, rowsStatement, type QueryTable } from '../../src/query/views.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-query-'));
after(() => rmSync(folder, { recursive: true }));

const columns = [
  { kind: KIND_TAG, key: 'host', name: 'host' },
  { kind: KIND_F64, key: 'load', name: 'load' },
  { kind: KIND_I64, key: 'count', name: 'count' },
  { kind: KIND_U64, key: 'big', name: 'big' },
  { kind: KIND_BOOL, key: 'up', name: 'up' },
  { kind: KIND_STRING, key: 'note', name: 'note' },
  { kind: KIND_F64, key: 'absent', name: 'absent' },
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
  await runQuery({ tables, load: async (named) => named, database, sql, limits: null, onResult: (result) => writeResult(result, format, write) });
  return text;
}

function own(seq: number, micros = 1_700_000_000_123_456, ns = 0): string {
  return `make_timestamptz(${micros}) AS time, ${ns}::INTEGER AS sluice_ns, ${seq}::BIGINT AS sluice_seq`;
}

const cpu = async (...selects: string[]): Promise<QueryTable> =>
  ({ database: 'db', measurement: 'cpu', columns, files: await Promise.all(selects.map((select) => parquet(select))), since: null, spans: new Map() });

test('a point that stands in several files is one row with the newest value of each field', async () => {
  const table = await cpu(
    `SELECT ${own(10)}, 'a' AS host, 1.5 AS load, 7::BIGINT AS count, NULL::VARCHAR AS note`,
    `SELECT ${own(30)}, 'a' AS host, NULL::DOUBLE AS load, 9::BIGINT AS count`,
    `SELECT ${own(20)}, 'a' AS host, 2.5 AS load, 8::BIGINT AS count, 'hi' AS note`,
    `SELECT ${own(5)}, NULL::VARCHAR AS host, 4::DOUBLE AS load`,
    `SELECT ${own(6, 1_700_000_000_123_456, 999)}, 'a' AS host, 5::DOUBLE AS load`,
  );
  assert.equal(await query([table], 'SELECT * FROM cpu WHERE sluice_seq > 0 ORDER BY host, sluice_ns, time'), [
    '[{"time":"2023-11-14T22:13:20.123456000Z","host":"a","load":2.5,"count":9,"big":null,"up":null,"note":"hi","absent":null,"sluice_ns":0,"sluice_seq":30}',
    '{"time":"2023-11-14T22:13:20.123456999Z","host":"a","load":5,"count":null,"big":null,"up":null,"note":null,"absent":null,"sluice_ns":999,"sluice_seq":6}',
    '{"time":"2023-11-14T22:13:20.123456000Z","host":null,"load":4,"count":null,"big":null,"up":null,"note":null,"absent":null,"sluice_ns":0,"sluice_seq":5}]\n',
  ].join(',\n'));
});

test('[issue 14 4] rows before the first microsecond that is kept are not shown, in grouped files and others', async () => {
  const at = 1_700_000_000_000_000;
  const table = await cpu(
    `SELECT ${own(1, at - 1)}, 'old' AS host, 1::DOUBLE AS load`,
    `SELECT ${own(2, at)}, 'first' AS host, 2::DOUBLE AS load`,
    `SELECT ${own(3, at)}, 'first' AS host, 3::BIGINT AS count UNION ALL BY NAME SELECT ${own(3, at - 1_000_000)}, 'older' AS host`,
  );
  const plain = join(folder, plainFileName('0a1b2c3d', 9, 0));
  writeFileSync(plain, [[at - 1, 'old'], [at + 1, 'later']].map(([time, host]) => (
    `${JSON.stringify({ time, 'sluice_ns': 0, 'sluice_seq': 9, 'row number': 0, host, 'load': 4 })}\n`)).join(''));
  const [once] = table.files;
  const spans = new Map([[once!, { firstMs: at / 1000 - 1000, lastMs: at / 1000 - 1000, hasPointsOnce: true }]]);
  const shown = (since: number | null): Promise<string> => query([{ ...table, files: [...table.files, plain], since, spans }], 'SELECT host, load, count FROM cpu ORDER BY time, host', 'csv');
  assert.equal(await shown(at), 'host,load,count\nfirst,2,3\nlater,4,\n');
  assert.equal(await shown(null), 'host,load,count\nolder,,\nold,1,\nfirst,2,3\nlater,4,\n'.replace('old,1,\n', 'old,4,\n'));
  assert.equal(await shown(at + 2), 'host,load,count\n');
  assert.equal(await query([{ ...await cpu(), since: at }], 'SELECT count(*) AS n FROM cpu', 'csv'), 'n\n0\n');
});

test('[issue 14 4] rows in quarantine that are past retention are not read to be written again', async () => {
  const { files: [file] } = await cpu(`SELECT ${own(1, 999)}, 'old' AS host UNION ALL SELECT ${own(2, 1000)}, 'kept' AS host`);
  const duck = await openDuck(CATALOG);
  const hostsSince = async (since: number | null): Promise<unknown[]> => {
    const { rows } = await duck.stream(rowsStatement({ columns, files: [file!], since, lineBytes: 0 }));
    const hosts: unknown[] = [];
    for await (const chunk of rows) hosts.push(...chunk.map((cells) => cells[2]));
    return hosts;
  };
  assert.deepEqual([await hostsSince(null), await hostsSince(1000)], [['old', 'kept'], ['kept']]);
  duck.close();
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
    'time\n1677-09-21T00:12:43.145225000Z\n1969-12-31T23:59:59.999999000Z\n2262-04-11T23:47:16.854775000Z\n');
  assert.equal(await query([table], "SELECT time FROM cpu WHERE time = TIMESTAMPTZ '1969-12-31T23:59:59.999999Z'", 'jsonl'), '{"time":"1969-12-31T23:59:59.999999000Z"}\n');
});

test('a time without a zone is shown without one: it may be of any', async () => {
  const table = await cpu("SELECT TIMESTAMPTZ '2025-01-01T00:00:00Z' AS time, 0::INTEGER AS sluice_ns, 1::BIGINT AS sluice_seq");
  assert.equal(await query([table], "SELECT time AT TIME ZONE 'Europe/Berlin' AS berlin, time + INTERVAL 1 hour AS later, TIMESTAMP '2025-01-01 01:00' AS plain FROM cpu", 'csv'),
    'berlin,later,plain\n2025-01-01T01:00:00.000000,2025-01-01T01:00:00.000000Z,2025-01-01T01:00:00.000000\n');
});

test('csv quotes by RFC 4180 and tells null from the empty string', async () => {
  const text = await query([await cpu()], `SELECT 'a,b' AS "x""y", 'say "hi"' AS q, e'two\\nlines' AS l, '' AS empty, NULL AS nothing, 1.5 AS n`, 'csv');
  assert.equal(text, '"x""y",q,l,empty,nothing,n\n"a,b","say ""hi""","two\nlines","",,1.5\n');
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
  assert.match(await query([await cpu()], 'SELECT range AS n FROM range(1001)', 'pretty'), /\n999\n\(the first 1000 rows; --format csv or jsonl gives all\)\n$/);
  assert.match(await query([await cpu()], 'SELECT 1 AS n', 'pretty'), /\(1 row\)\n$/);
});

test('a measurement is found in its database, by any name', async () => {
  const select = (value: number): string => `SELECT ${own(1)}, ${value}::DOUBLE AS load`;
  const table = async (database: string, measurement: string, value: number): Promise<QueryTable> =>
    ({ database, measurement, columns: [{ kind: KIND_F64, key: 'load', name: 'load' }], files: [await parquet(select(value))], since: null, spans: new Map() });
  const tables = [
    await table('a/b "c"', 'my table', 1), await table('a/b "c"', 'd"e', 2), await table('a/b "c"', 'CPU', 3), await table('a/b "c"', 'cpu', 4),
    await table('temp', 'x.y', 5), await table('information_schema', 'select', 6), await table('memory', 'm', 7), await table('main', 'm', 8),
  ];
  const load = async (from: string, database: string | null = null): Promise<string> => query(tables, `SELECT load FROM ${from}`, 'csv', database);
  const found: [from: string, database: string | null][] = [
    ['"a/b ""c"""."my table"', null], ['"d""e"', 'a/b "c"'], ['CPU', 'a/b "c"'], ['"cpu~2"', 'a/b "c"'],
    ['"x.y"', 'temp'], ['"information_schema~2"."select"', null], ['memory.m', null], ['main.m', null],
  ];
  for (const [at, [from, database]] of found.entries()) assert.equal(await load(from, database), `load\n${at + 1}\n`);
  await assert.rejects(load('m', 'nowhere'), /there is no table in a database "nowhere"/);
});

test('A6: a file that cannot be read to its end is a fault, however many of its rows came before', async () => {
  const select = `SELECT make_timestamptz(range) AS time, 0::INTEGER AS sluice_ns, range AS sluice_seq, NULL::VARCHAR AS host, range::DOUBLE AS load FROM range(1000000)`;
  const table = await cpu(select);
  const [path] = table.files as [string];
  const bytes = readFileSync(path);
  // In the pages of the last row groups: the first ones are read, and their rows are shown by then.
  for (let at = Math.floor(bytes.length * 0.8); at < Math.floor(bytes.length * 0.81); at += 1) bytes[at]! ^= 0xff;
  writeFileSync(path, bytes);
  const spans = new Map([[path, { firstMs: 0, lastMs: 1000, hasPointsOnce: true }]]);
  await assert.rejects(query([{ ...table, spans }], 'SELECT * FROM cpu', 'csv'), /a file could not be read to its end, so that this is not all of the result/);
  assert.equal(await query([await cpu()], 'SELECT 1 AS n; BEGIN; SELECT 2 AS n; COMMIT; SELECT 3 AS n', 'csv'), 'n\n1\nn\n2\nn\n3\n');
});

test('A6: only the files of tables that a statement names are looked for, however it names them', async () => {
  const tables = [
    await cpu(`SELECT ${own(1)}, 'a' AS host, 1::DOUBLE AS load`),
    { ...(await cpu(`SELECT ${own(1)}, 'b' AS host, 2::DOUBLE AS load`)), measurement: 'other' },
  ];
  const looksOf = async (sql: string): Promise<[looks: string[][], rows: string]> => {
    const looks: string[][] = [];
    let text = '';
    await runQuery({
      tables, database: null, sql, limits: null,
      load: async (named) => {
        looks.push(named.map(({ measurement }) => measurement).toSorted());
        return named;
      },
      onResult: (result) => writeResult(result, 'csv', async (piece) => void (text += piece)),
    });
    return [looks, text];
  };
  const cases: [sql: string, looks: string[][], rows: string][] = [
    ['SELECT count(*) AS n FROM cpu', [['cpu']], 'n\n1\n'],
    ["SELECT count(*) AS n FROM query_table('c' || 'pu')", [['cpu']], 'n\n1\n'],
    ["SELECT count(*) AS n FROM query('FROM o' || 'ther')", [['other']], 'n\n1\n'],
    ["SELECT count(*) AS n FROM query_table(['cpu', 'other'])", [['cpu', 'other']], 'n\n2\n'],
    ['SELECT cpu.load + other.load AS n FROM cpu, other', [['cpu', 'other']], 'n\n3\n'],
    ['WITH cpu AS (SELECT 7 AS n) SELECT n FROM cpu', [], 'n\n7\n'],
    ["SELECT 'cpu' AS n", [], 'n\ncpu\n'],
    ['SHOW TABLES', [], 'name\ncpu\nother\n'],
    ['CREATE VIEW v AS SELECT load FROM other; SELECT count(*) AS n FROM v', [['other']], 'n\n1\n'],
    ["SET VARIABLE t = 'cpu'; SELECT count(*) AS n FROM query_table(getvariable('t'))", [['cpu']], 'n\n1\n'],
    ['PREPARE p AS SELECT count(*) AS n FROM cpu; EXECUTE p', [['cpu']], 'n\n1\n'],
    ['CREATE MACRO m() AS TABLE SELECT count(*) AS n FROM other; FROM m()', [['other']], 'n\n1\n'],
    ['BEGIN; SELECT count(*) AS n FROM cpu; ROLLBACK; SELECT count(*) AS n FROM cpu', [['cpu'], ['cpu']], 'n\n1\nn\n1\n'],
  ];
  for (const [sql, looks, rows] of cases) assert.deepEqual(await looksOf(sql), [looks, rows], sql);
});

test('A6: pretty reads no further than what it shows', async () => {
  let read = 0;
  async function* rows(): AsyncGenerator<number[][]> {
    for (;;) {
      read += 1;
      yield Array.from({ length: 600 }, (_, at) => [at]);
    }
  }
  let text = '';
  await writeResult({ columns: ['n'], rows: rows() }, 'pretty', async (piece) => void (text += piece));
  assert.equal(read, 2);
  assert.match(text, /\n399\n\(the first 1000 rows; --format csv or jsonl gives all\)\n$/);
  // DuckDB itself stops as well: all rows of this would take hours.
  assert.match(await query([await cpu()], 'SELECT range AS n FROM range(1000000000000); SELECT 7 AS n', 'pretty'), /the first 1000 rows.*\n.*\n-\n7\n\(1 row\)\n$/s);
});

test('D18: a column is called by its key, and by its name in files where SQL would mix it up', async () => {
  const select = `SELECT ${own(1)}, 1 AS "Temp%20C", 2 AS "a", 3 AS "A~2", 4 AS "time~2", 5 AS "x%2Cy", 6 AS "a%20b", 7 AS "a%2520b"`;
  const keys: [key: string, name: string][] = [['Temp C', 'Temp%20C'], ['a', 'a'], ['A', 'A~2'], ['Time', 'time~2'], ['x,y', 'x%2Cy'], ['a b', 'a%20b'], ['a%20b', 'a%2520b']];
  const table: QueryTable = {
    database: 'db', measurement: 'cpu', columns: keys.map(([key, name]) => ({ kind: KIND_I64, key, name })), files: [await parquet(select)], since: null, spans: new Map(),
  };
  assert.equal(await query([table], 'SELECT * EXCLUDE (time) FROM cpu', 'csv'), 'Temp C,a,A~2,time~2,"x,y",a b,a%2520b\n1,2,3,4,5,6,7\n');
  assert.equal(await query([table], 'SELECT "Temp C" FROM cpu WHERE "x,y" = 5', 'csv'), 'Temp C\n1\n');
});

test('D18: times have their nanoseconds, and our own columns show when they are named', async () => {
  const table = await cpu(`SELECT ${own(10, 1_700_000_000_123_456, 7)}, 'a' AS host, 1.5 AS load`);
  const shown = async (sql: string): Promise<string> => query([table, { ...table, measurement: 'other' }], sql, 'csv');
  const time = '2023-11-14T22:13:20.123456';
  assert.equal(await shown('SELECT * FROM cpu'), `time,host,load,count,big,up,note,absent\n${time}007Z,a,1.5,,,,,\n`);
  assert.equal(await shown('SELECT time, load FROM cpu ORDER BY 1'), `time,load\n${time}007Z,1.5\n`);
  assert.equal(await shown('SELECT c.time AS "ä", other.time FROM cpu AS c JOIN other USING (host) WHERE \'é\' = \'é\''), `ä,time\n${time}007Z,${time}007Z\n`);
  assert.equal(await shown('SELECT 1 AS n; SELECT time FROM cpu; SELECT time FROM other'), `n\n1\ntime\n${time}007Z\ntime\n${time}007Z\n`);
  assert.equal(await shown('SELECT time, sluice_ns, sluice_seq FROM cpu'), `time,sluice_ns,sluice_seq\n${time}007Z,7,10\n`);
  assert.equal(await shown('SELECT max(time) AS time FROM cpu'), `time\n${time}Z\n`);
  assert.equal(await shown('SELECT time FROM cpu GROUP BY time'), `time\n${time}Z\n`);
  assert.equal(await shown('SELECT time FROM (SELECT time FROM cpu)'), `time\n${time}Z\n`);
  assert.equal(await shown('WITH c AS (SELECT time FROM cpu) SELECT time FROM c'), `time\n${time}Z\n`);
});

test('D18: tsv escapes what would end a field', async () => {
  const text = await query([await cpu()], String.raw`SELECT e'a\tb\nc\\d' AS t, NULL AS nothing, '' AS empty, 1.5 AS n`, 'tsv');
  assert.equal(text, 't\tnothing\tempty\tn\n' + String.raw`a\tb\nc\\d` + '\t\\N\t\t1.5\n');
});

test('tables that the statement does not name are listed all the same', async () => {
  const other: QueryTable = { database: 'db', measurement: 'other', columns, files: ['/nowhere/1.parquet'], since: null, spans: new Map() };
  assert.equal(await query([await cpu(), other], 'SHOW TABLES', 'csv'), 'name\ncpu\nother\n');
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
  assert.equal(await query([table], 'SELECT count(*) AS n, sum(load) AS s FROM cpu', 'csv'), 'n,s\n1,1\n');
});

test('[issue 14 5] of drafts the rows above a seq count alone; the others are in files', async () => {
  const inFile = await cpu(`SELECT ${own(10)}, 'a' AS host, 1::DOUBLE AS load`);
  const draft = await parquet(`SELECT ${own(9)}, 'gone' AS host, 9::DOUBLE AS load UNION ALL SELECT ${own(10)}, 'a', 1::DOUBLE UNION ALL SELECT ${own(20)}, 'a', 2::DOUBLE UNION ALL SELECT ${own(20)}, 'b', 3::DOUBLE`);
  const table = { ...inFile, files: [...inFile.files, draft], drafts: new Set([draft]), after: 10 };
  assert.equal(await query([table], 'SELECT host, load, sluice_seq AS s FROM cpu ORDER BY host', 'csv'), 'host,load,s\na,2,20\nb,3,20\n');
});

/** What SQL over HTTP must not do, tried one by one: everything but SELECT over the tables of the one database. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { write, type Shape } from './client.js';
import { makeDataDir, removeDataDir, sluice, snapshotIn, TestServer } from './server.js';

const SHAPE: Shape = { endpoint: '/api/v3/write_lp', gzip: false, chunked: false };
const SECRET = 'kept-from-others';

let dataDir: string;
let outside: string;
let server: TestServer;
/** A data file of the table that may be read, and one of a table that may not. */
let own: string;
let others: string;

before(async () => {
  dataDir = makeDataDir();
  outside = join(dataDir, '..', 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret.csv'), `a,b\n1,${SECRET}\n`);
  writeFileSync(join(outside, 'secret.json'), JSON.stringify({ a: SECRET }));
  server = await TestServer.start(dataDir, ['--without-auth', '--maintenance-cpu', '0']);
  for (const [database, line] of [['db', 'cpu,host=a v=1i 1'], ['db', 'mem,host=a v=2i 1'], ['secret', `plan,what=${SECRET} v=3i 1`]] as const) {
    assert.equal((await write(server.url, database, Buffer.from(line), SHAPE, 'ns')).status, 204);
  }
  assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
  await snapshotIn(dataDir);
  const fileOf = (folder: string): string => join(dataDir, 'tables', folder, readdirSync(join(dataDir, 'tables', folder)).find((name) => name.endsWith('.parquet'))!);
  [own, others] = [fileOf('db/cpu'), fileOf('secret/plan')];
});
after(async () => {
  await server.stop();
  removeDataDir(dataDir);
});

async function ask(sql: string, format = 'json', params = '{}'): Promise<{ status: number; text: string; code: string }> {
  const answer = await fetch(`${server.url}/api/v3/query_sql`, { method: 'POST', body: JSON.stringify({ db: 'db', q: sql, format, params: JSON.parse(params) as object }) });
  const text = await answer.text();
  return { status: answer.status, text, code: answer.status === 200 ? '' : (JSON.parse(text) as { code: string }).code };
}

/** Everything below a folder with its bytes, sockets and folders of queries apart. */
function everythingIn(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(files.map(({ name, parentPath }) => join(parentPath, name)).filter((path) => !path.includes('/tmp/query-'))
    .map((path) => [path, readFileSync(path, 'base64')]));
}

/** What is tried; `{out}` is a folder that may be written to, `{own}` and `{others}` are files of tables. */
const ATTEMPTS: Readonly<Record<string, readonly string[]>> = {
  'statements that are no SELECT': [
    'CREATE TABLE t AS SELECT 1', 'CREATE VIEW cpu AS SELECT 1', 'CREATE OR REPLACE MACRO now() AS 1', 'DROP VIEW cpu', 'INSERT INTO cpu SELECT 1', 'UPDATE cpu SET v = 1',
    'DELETE FROM cpu', 'ALTER TABLE cpu RENAME TO x', 'CALL enable_logging()', 'PRAGMA database_list', 'PRAGMA enable_profiling', 'SET threads = 1', "SET VARIABLE a = 1", 'RESET threads',
    'USE memory', 'BEGIN', 'COMMIT', 'CHECKPOINT', 'VACUUM', 'ANALYZE', 'EXPLAIN SELECT 1', 'EXPLAIN ANALYZE SELECT 1', 'PREPARE p AS SELECT 1', 'EXECUTE p', 'DEALLOCATE p',
    "LOAD 'icu'", 'INSTALL httpfs', 'FORCE INSTALL httpfs FROM community', 'UPDATE EXTENSIONS', "IMPORT DATABASE '{out}'", "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "COMMENT ON VIEW cpu IS 'x'", 'CREATE TYPE t AS INTEGER', 'CREATE SCHEMA s', 'CREATE SEQUENCE s', 'PIVOT cpu ON host USING sum(v)',
  ],
  'several statements': ['SELECT 1; SELECT 2', 'SELECT 1; DROP VIEW cpu', 'SELECT 1;;SELECT 2', "SELECT 1; COPY cpu TO '{out}/a.csv'"],
  'writing': [
    "COPY cpu TO '{out}/a.csv'", "COPY (SELECT 1) TO '{out}/a.parquet' (FORMAT parquet)", "COPY (SELECT 1) TO '{own}' (FORMAT parquet)", "EXPORT DATABASE '{out}'",
    "ATTACH '{out}/a.db' AS a", "ATTACH '{own}'", "SELECT * FROM enable_logging(storage = 'file', storage_path = '{out}/log')", "SELECT * FROM enable_logging('FileSystem')",
    "SELECT write_log('x')", 'SELECT * FROM enable_profiling()', 'SELECT * FROM checkpoint()', 'SELECT * FROM force_checkpoint()', 'SELECT * FROM truncate_duckdb_logs()',
    "SELECT 1) TO '{out}/a.csv' (FORMAT csv); SELECT (1", "SELECT 1) TO '{out}/a.csv' --",
  ],
  'reading files': [
    "SELECT * FROM read_csv('{out}/secret.csv')", "SELECT * FROM read_csv_auto('{out}/secret.csv')", "SELECT * FROM read_text('{out}/secret.csv')", "SELECT * FROM read_blob('{out}/secret.csv')",
    "SELECT * FROM read_json('{out}/secret.json')", "SELECT * FROM read_json_objects('{out}/secret.json')", "SELECT * FROM read_ndjson('{out}/secret.json')", "SELECT * FROM read_parquet('{others}')",
    "SELECT * FROM parquet_scan('{others}')", "SELECT * FROM parquet_metadata('{others}')", "SELECT * FROM parquet_schema('{others}')", "SELECT * FROM parquet_kv_metadata('{others}')",
    "SELECT * FROM parquet_file_metadata('{others}')", "SELECT * FROM parquet_bloom_probe('{others}', 'what', 'x')", "SELECT * FROM glob('{out}/*')", "SELECT * FROM sniff_csv('{out}/secret.csv')",
    "SELECT * FROM read_duckdb('{out}/secret.csv')", "SELECT * FROM '{out}/secret.csv'", "SELECT * FROM \"{out}/secret.csv\"", "SELECT * FROM '{others}'", "FROM '{out}/secret.json'",
    "SELECT * FROM read_parquet('{own}')", "SELECT (SELECT content FROM read_text('{out}/secret.csv'))", "SELECT * FROM cpu WHERE host IN (SELECT b FROM read_csv('{out}/secret.csv'))",
    "SELECT * FROM cpu, LATERAL (SELECT * FROM read_text('{out}/secret.csv'))", "WITH a AS (SELECT * FROM read_text('{out}/secret.csv')) SELECT * FROM a",
    "SELECT 1 UNION ALL SELECT length(content) FROM read_text('{out}/secret.csv')", "SELECT * FROM cpu ORDER BY (SELECT content FROM read_text('{out}/secret.csv'))",
    "SELECT 1 LIMIT (SELECT count(*) FROM read_text('{out}/secret.csv'))", "DESCRIBE SELECT * FROM read_csv('{out}/secret.csv')", "SUMMARIZE '{out}/secret.csv'", "DESCRIBE '{out}/secret.csv'",
    "SELECT * FROM query('SELECT * FROM read_text(''{out}/secret.csv'')')", "SELECT * FROM query_table('{out}/secret.csv')", "SELECT * FROM query_table('cpu')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))", "VALUES ((SELECT content FROM read_text('{out}/secret.csv')))",
    "SELECT CASE WHEN EXISTS (FROM read_text('{out}/secret.csv')) THEN 1 END", "SELECT sum(v) FILTER (WHERE host = (SELECT content FROM read_text('{out}/secret.csv'))) FROM cpu",
    "SELECT row_number() OVER (ORDER BY (SELECT content FROM read_text('{out}/secret.csv')))", "SELECT * FROM (PIVOT (SELECT * FROM read_csv('{out}/secret.csv')) ON a IN (1) USING first(b))",
    "SELECT * FROM cpu TABLESAMPLE 10%, read_text('{out}/secret.csv')", "SELECT list_transform([1], lambda x: (SELECT content FROM read_text('{out}/secret.csv')))",
  ],
  'names of a WITH where they are not known': [
    "SELECT * FROM (WITH \"{out}/secret.csv\" AS (SELECT 1) SELECT 1), \"{out}/secret.csv\"", "WITH \"{out}/secret.csv\" AS (SELECT * FROM \"{out}/secret.csv\") SELECT * FROM \"{out}/secret.csv\"",
    "WITH RECURSIVE \"{out}/secret.csv\" AS (SELECT * FROM \"{out}/secret.csv\") SELECT * FROM \"{out}/secret.csv\"", "WITH a AS (SELECT * FROM duckdb_settings), duckdb_settings AS (SELECT 1) SELECT * FROM a",
    'WITH duckdb_logs AS (SELECT * FROM duckdb_logs) SELECT * FROM duckdb_logs', "WITH a AS (SELECT 1) SELECT * FROM main.a", "SELECT 1 AS n UNION ALL (WITH pg_settings AS (SELECT 2) SELECT * FROM pg_settings) UNION ALL SELECT 1 FROM pg_settings",
  ],
  'other databases, and what DuckDB tells of itself': [
    'SELECT * FROM secret.plan', 'SELECT * FROM sluice_tables.secret.plan', 'SELECT * FROM plan', 'SELECT * FROM duckdb_settings()', 'SELECT * FROM duckdb_secrets()', 'SELECT * FROM which_secret(\'s3://a\', \'s3\')',
    'SELECT * FROM duckdb_tables()', 'SELECT * FROM duckdb_views()', 'SELECT * FROM duckdb_views', 'SELECT * FROM duckdb_databases()', 'SELECT * FROM duckdb_extensions()', 'SELECT * FROM duckdb_functions()',
    'SELECT * FROM duckdb_temporary_files()', 'SELECT * FROM duckdb_external_file_cache()', 'SELECT * FROM duckdb_logs()', 'SELECT * FROM duckdb_memory()', 'SELECT * FROM duckdb_variables()', 'SELECT * FROM sqlite_master',
    'SELECT * FROM pg_catalog.pg_settings', 'SELECT * FROM pg_settings', 'SELECT * FROM pg_views', 'SELECT * FROM pragma_database_list', 'SELECT * FROM pragma_database_size()', "SELECT * FROM pragma_table_info('cpu')",
    'SELECT * FROM pragma_version()', 'SELECT * FROM pragma_user_agent()', "SELECT * FROM sql_auto_complete('SEL')", 'SHOW DATABASES', 'SHOW ALL TABLES', 'SHOW TABLES FROM secret', 'SHOW VARIABLES', "SELECT current_setting('temp_directory')",
    "SELECT getvariable('a')", "SELECT getenv('HOME')", 'SELECT * FROM sluice_rows(0)', 'SELECT * FROM information_schema.views', 'SELECT * FROM system.information_schema.tables', 'SELECT * FROM test_all_types()',
    'SELECT sleep_ms(1)', "SELECT json_serialize_plan('SELECT 1')", 'SELECT * FROM duckdb_prepared_statements()', 'SELECT * FROM seq_scan(\'cpu\')', "SELECT nextval('s')", 'SELECT * FROM memory.main.x', 'SELECT * FROM temp.x',
  ],
};

for (const [what, attempts] of Object.entries(ATTEMPTS)) {
  test(`[issue 14 5] refused: ${what}`, async () => {
    const before = everythingIn(join(dataDir, '..'));
    for (const attempt of attempts) {
      const sql = attempt.replaceAll('{out}', outside).replaceAll('{own}', own).replaceAll('{others}', others);
      for (const format of what === 'writing' ? ['json', 'parquet'] : ['json']) {
        const { code, status, text } = await ask(sql, format);
        assert.equal(status, 400, `${sql}: ${text}`);
        assert.ok(code === 'query-refused' || code === 'query-failed', `${sql}: ${text}`);
        assert.ok(!text.includes(SECRET), `${sql}: ${text}`);
      }
    }
    assert.deepEqual(Object.keys(everythingIn(join(dataDir, '..'))), Object.keys(before));
    assert.ok(JSON.stringify(everythingIn(join(dataDir, '..'))) === JSON.stringify(before), 'a file was changed');
    assert.equal((await ask('SELECT v FROM cpu')).text, '[{"v":1}]\n', 'the next query is answered');
  });
}

test('[issue 14 5] not refused: SELECT in all its forms', async () => {
  const all: readonly (readonly [sql: string, rows: string])[] = [
    ['SELECT a.v + b.v AS v FROM cpu a JOIN mem b USING (host)', '[{"v":3}]'],
    ['WITH a AS (SELECT v FROM cpu), b AS (SELECT v + 1 AS v FROM a) SELECT * FROM a UNION ALL SELECT * FROM b ORDER BY v', '[{"v":1},\n{"v":2}]'],
    ['WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 3) SELECT max(n) AS n FROM a', '[{"n":3}]'],
    ['WITH cpu AS (SELECT 7 AS v) SELECT * FROM cpu', '[{"v":7}]'],
    ['SELECT range AS n FROM range(2)', '[{"n":0},\n{"n":1}]'],
    ['SELECT unnest([1, 2]) AS n', '[{"n":1},\n{"n":2}]'],
    ['FROM cpu SELECT v', '[{"v":1}]'],
    ['SELECT v FROM db.cpu', '[{"v":1}]'],
    ['SELECT v FROM sluice_tables.db.cpu WHERE v BETWEEN 0 AND 2 AND host IN (SELECT host FROM mem)', '[{"v":1}]'],
    ["SELECT max(v) FILTER (WHERE host = 'a') AS m, row_number() OVER (ORDER BY min(host)) AS r FROM cpu GROUP BY host HAVING count(*) > 0", '[{"m":1,"r":1}]'],
    ["SELECT CASE WHEN v = 1 THEN 'one' ELSE 'more' END AS c, list_transform([1], lambda x: x + 1) AS l, {'k': v} AS s FROM cpu", '[{"c":"one","l":[2],"s":{"k":1}}]'],
    ['VALUES (1)', '[{"col0":1}]'],
    ['SHOW TABLES', '[{"name":"cpu"},\n{"name":"mem"}]'],
    ["SELECT table_schema, table_name FROM information_schema.tables ORDER BY table_name", '[{"table_schema":"db","table_name":"cpu"},\n{"table_schema":"db","table_name":"mem"}]'],
    ["SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'mem' AND column_name IN ('host', 'v') ORDER BY ordinal_position", '[{"column_name":"host","data_type":"VARCHAR"},\n{"column_name":"v","data_type":"BIGINT"}]'],
    ["SELECT count(*) AS n FROM cpu WHERE v < 1e400", '[{"n":1}]'],
    ['SELECT v FROM cpu -- at the end', '[{"v":1}]'],
  ];
  for (const [sql, rows] of all) {
    const { text } = await ask(sql);
    assert.equal(text, `${rows}\n`, sql);
    if (!sql.startsWith('SHOW')) assert.equal((await ask(sql, 'parquet')).status, 200, sql);
  }
});

test('what is refused of SHOW is said in words of the statement', async () => {
  for (const sql of ['SHOW DATABASES', 'SHOW ALL TABLES', 'SHOW TABLES FROM secret']) {
    assert.match((await ask(sql)).text, /"error":"this SQL is not answered here: of SHOW there is only SHOW TABLES here"/, sql);
  }
});

/** `sluice query` beside a server: what it reads, what it holds, where rows go, and what it says. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openDuck, quoteText } from '../../src/query/duckdb.js';
import { write, type Shape } from './client.js';
import { makeDataDir, PROGRAM, removeDataDir, sluice, TestServer } from './server.js';

const SHAPE: Shape = { endpoint: '/api/v3/write_lp', gzip: false, chunked: false };
/** No process has it: it is above every pid of Linux. */
const DEAD_PID = 9_999_999;

let dataDir: string;
let server: TestServer;

before(async () => {
  dataDir = makeDataDir();
  server = await TestServer.start(dataDir);
});
after(() => removeDataDir(dataDir));

async function send(lines: string, database = 'db'): Promise<void> {
  assert.equal((await write(server.url, database, Buffer.from(lines), SHAPE, 'ns')).status, 204);
}
const run = (...args: readonly string[]): ReturnType<typeof sluice> => sluice([...args, '--data-dir', dataDir]);
const query = (...args: readonly string[]): ReturnType<typeof sluice> => run('query', '--database', 'db', '--format', 'csv', ...args);
const unflushed = (): Record<string, number> => Object.fromEntries(
  (JSON.parse(run('tables', '--format', 'json').stdout) as { table: string; unflushed: number }[]).map((row) => [row.table, row.unflushed]));

test('[issue 14 5] a query reads rows in the log alone, and leaves them there', async () => {
  await send('one v=1i 1\ntwo v=2i 1\nthree v=3i 1');
  await send('four v=4i 1', 'other');
  assert.deepEqual(query("SELECT v FROM query_table('o' || 'ne')"), { stdout: 'v\n1\n', stderr: '', code: 0 });
  assert.equal(query('SELECT two.v + four.v AS v FROM two, other.four').stdout, 'v\n6\n');
  assert.deepEqual(unflushed(), { one: 1, two: 1, three: 1, four: 1 });
});

test('A6: what does not fit into memory goes below the data folder and is removed, also after a kill', async () => {
  const tmp = join(dataDir, 'tmp');
  const [left, running] = [join(tmp, `query-${DEAD_PID}-1`), join(tmp, `query-${process.pid}-1`)];
  mkdirSync(left);
  mkdirSync(running);
  const cwd = join(dataDir, '..', 'cwd');
  mkdirSync(cwd);
  const big = 'SELECT count(*) AS n FROM (SELECT DISTINCT range, md5(range::VARCHAR) FROM range(2000000))';
  const { status, stderr, stdout } = spawnSync(process.execPath, [PROGRAM, 'query', '--data-dir', dataDir, '--format', 'csv', '--query-memory', '64MiB', big], { cwd, encoding: 'utf8' });
  assert.deepEqual([status, stdout, stderr], [0, 'n\n2000000\n', '']);
  assert.deepEqual(readdirSync(cwd), []);
  assert.deepEqual([existsSync(left), existsSync(running)], [false, true]);
  assert.deepEqual(readdirSync(tmp).filter((name) => name.startsWith('query-')), [`query-${process.pid}-1`]);

  mkdirSync(left);
  assert.equal(await server.stop(), 0);
  server = await TestServer.start(dataDir);
  assert.deepEqual([existsSync(left), existsSync(running)], [false, true], 'a start leaves the spill of a query that runs');
});

test('A6: a query has as much memory as is said', () => {
  assert.match(query('--query-memory', '64MiB', "SELECT current_setting('memory_limit') AS m").stdout, /^m\n64\.0 MiB\n$/);
  const small = query('--query-memory', '1MiB', 'SELECT 1');
  assert.deepEqual([small.code, small.stdout], [2, '']);
  assert.match(small.stderr, /--query-memory is "1MiB": it must be bytes .* from 64MiB to 1TiB|from 64MiB to 1024GiB/);
  const over = query('--query-memory', '64MiB', 'SELECT list(range) AS l FROM range(50000000)');
  assert.equal(over.code, 1);
  assert.match(over.stderr, /Out of Memory[^]*--query-memory gives the query more/);
});

test('D18: several statements, from stdin too', async () => {
  await send('climate,room=kitchen Temp\\ C=21.5 1767225600123456789');
  assert.equal(query('SELECT 1 AS a; CREATE VIEW v AS SELECT "Temp C" FROM climate; SELECT * FROM v').stdout, 'a\n1\nTemp C\n21.5\n');
  const piped = sluice(['query', '--data-dir', dataDir, '--database', 'db', '-'], 'SELECT time, room\nFROM climate;\nSELECT 7 AS n');
  assert.deepEqual(piped, {
    stdout: [
      'time                            room', '------------------------------  -------', '2026-01-01T00:00:00.123456789Z  kitchen', '(1 row)', '',
      'n', '-', '7', '(1 row)', '',
    ].join('\n'),
    stderr: '', code: 0,
  });
});

test('SQL of nothing is said so; PIVOT and numbers out of range are no trouble', async () => {
  await send('turned,room=kitchen v=1 1767225600000000001\nturned,room=hall v=2 1767225600000000002');
  for (const sql of ['', ' ; ', '/* nothing */']) assert.deepEqual(query(sql), { stdout: '', stderr: 'sluice: there is no statement in the SQL\n', code: 1 });
  assert.deepEqual(query('PIVOT (SELECT room, v FROM turned) ON room USING sum(v)'), { stdout: 'hall,kitchen\n2,1\n', stderr: '', code: 0 });
  assert.deepEqual(query('SELECT 1 AS n; PIVOT (SELECT room, v FROM turned) ON room USING sum(v)'), { stdout: 'n\n1\nhall,kitchen\n2,1\n', stderr: '', code: 0 });
  assert.deepEqual(query('SELECT time FROM turned WHERE v < 1e400 AND v > -1e400 AND v = 1'), { stdout: 'time\n2026-01-01T00:00:00.000000001Z\n', stderr: '', code: 0 });
});

test('D18: --output writes a file that appears whole or not at all', async () => {
  const folder = join(dataDir, '..', 'out');
  mkdirSync(folder);
  const path = (name: string): string => join(folder, name);
  assert.deepEqual(query('--output', path('a.csv'), 'SELECT "Temp C" FROM climate'), { stdout: '', stderr: '', code: 0 });
  assert.equal(readFileSync(path('a.csv'), 'utf8'), 'Temp C\n21.5\n');
  assert.equal(query('--format', 'tsv', '--output', path('a.csv'), 'SELECT 1 AS n').code, 0);
  assert.equal(readFileSync(path('a.csv'), 'utf8'), 'n\n1\n');
  assert.equal(query('--output', path('b.csv'), "SELECT 1 AS n; SELECT error('no')").code, 1);
  assert.equal(query('--format', 'parquet', '--output', path('c.parquet'), 'SELECT room, "Temp C" FROM climate; -- all').code, 1);
  assert.equal(query('--format', 'parquet', '--output', path("it's.parquet"), 'SELECT room, "Temp C" FROM climate ;').code, 0);
  assert.deepEqual(readdirSync(folder).toSorted(), ['a.csv', "it's.parquet"]);
  const duck = await openDuck('reader');
  const { columns, rows } = await duck.stream(`SELECT * FROM read_parquet(${quoteText(path("it's.parquet"))})`);
  const read: unknown[] = [];
  for await (const chunk of rows) read.push(...chunk);
  duck.close();
  assert.deepEqual([columns, read], [['room', 'Temp C'], [['kitchen', 21.5]]]);
  const without = query('--format', 'parquet', 'SELECT 1');
  assert.deepEqual([without.code, without.stderr], [2, 'sluice: --format parquet needs --output FILE: no terminal shows it\n']);
  assert.match(query('--output', path('none/a.csv'), 'SELECT 1').stderr, /^sluice: .*none\/a\.csv/);
});

test('--output takes the place of files alone, and a link stays one', () => {
  const folder = join(dataDir, '..', 'kinds');
  mkdirSync(folder);
  const path = (name: string): string => join(folder, name);
  spawnSync('mkfifo', [path('pipe')]);
  mkdirSync(path('folder'));
  writeFileSync(path('file'), 'old');
  symlinkSync('file', path('link'));
  for (const name of ['pipe', 'folder']) {
    for (const format of ['csv', 'parquet']) {
      const { code, stderr } = query('--format', format, '--output', path(name), 'SELECT 1 AS n');
      assert.deepEqual([code, stderr], [2, `sluice: --output ${path(name)} is a folder, a pipe or a device: give a file, or leave it out and rows go to stdout\n`]);
    }
  }
  assert.equal(query('--output', path('link'), 'SELECT 1 AS n').code, 0);
  assert.equal(readFileSync(path('file'), 'utf8'), 'n\n1\n');
  assert.ok(lstatSync(path('link')).isSymbolicLink() && lstatSync(path('pipe')).isFIFO());
  assert.deepEqual(readdirSync(folder).toSorted(), ['file', 'folder', 'link', 'pipe']);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  for (const format of ['csv', 'parquet']) {
    test(`a query that ${signal} ends leaves nothing of its ${format}, and no folder`, { timeout: 240_000 }, async () => {
      const folder = join(dataDir, '..', `${signal}-${format}`);
      mkdirSync(folder);
      const child = spawn(process.execPath, [PROGRAM, 'query', '--data-dir', dataDir, '--format', format, '--output', join(folder, 'out'), 'SELECT * FROM range(100000000000)']);
      const spills = (): string[] => readdirSync(join(dataDir, 'tmp')).filter((name) => name.startsWith(`query-${child.pid}-`));
      const ended = once(child, 'exit');
      after(() => child.kill('SIGKILL'));
      while (readdirSync(folder).length === 0 || spills().length === 0) await pause(20);
      child.kill(signal);
      assert.deepEqual(await ended, [null, signal]);
      assert.deepEqual([readdirSync(folder), spills()], [[], []]);
    });
  }
}

test('D18: wrong SQL is said in DuckDB\'s words, with what InfluxQL would have meant', () => {
  const said = (sql: string): string => {
    const { code, stderr, stdout } = query(sql);
    assert.deepEqual([code, stdout], [1, '']);
    return stderr;
  };
  assert.match(said('SELEC 1'), /^sluice: Parser Error: syntax error at or near "SELEC"/);
  assert.match(said('SELECT 1; SELEC 2'), /^sluice: Parser Error: syntax error at or near "SELEC"/);
  assert.match(said('SELECT * FROM climate WHERE time > now() - 1h'), /Parser Error[^]*\nInfluxQL's now\(\) - 1h is now\(\) - interval '1 hour' in SQL\n$/);
  assert.match(said('SELECT * FROM climate WHERE time > now()-30m AND room = 1'), /\nInfluxQL's now\(\)-30m is now\(\)-interval '30 minutes' in SQL\n$/);
  assert.match(said('SELECT mean(v) FROM one GROUP BY time(1m)'), /GROUP BY time_bucket\(interval '1 minute', time\)/);
  assert.match(said('SELECT nope FROM climate'), /^sluice: Binder Error: [^]*"nope" not found/);
  assert.equal(query("SELECT count(*) AS n FROM climate WHERE time > now() - interval '1 hour'").code, 0);
});

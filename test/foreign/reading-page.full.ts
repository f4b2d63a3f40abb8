/**
 * The snippets of docs/reading.md, as they stand on the page, run by the engines they are for against a table of a real
 * server: each shows every point once, with the newest value of each field.
 */
import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pageSnippets, runProgram } from '../clients/page.js';
import { post, writePath } from '../e2e/client.js';
import { makeDataDir, PROGRAM, removeDataDir, sluice, TestServer } from '../e2e/server.js';
import { pythonWith } from './python/program.js';

const READERS = ['deltalake==1.6.6', 'polars==2.1.0', 'pyarrow==25.0.1', 'pandas==3.1.1', 'chdb==4.4.0', 'daft==0.7.26'];
const DUCKDB = ['duckdb==1.5.5', 'duckdb-extensions==1.5.5', 'duckdb-extension-delta==1.5.5'];
const SPARK = ['pyspark==4.2.0', 'delta-spark==4.4.0'];

/** What each heading of the page needs. */
const ENGINES: Readonly<Record<string, readonly [packages: readonly string[], modules: string]>> = {
  'DuckDB': [DUCKDB, 'duckdb, duckdb_extensions'],
  'Polars': [READERS, 'polars, deltalake'],
  'pandas': [READERS, 'pandas, deltalake'],
  'DataFusion': [READERS, 'deltalake'],
  'ClickHouse': [READERS, 'chdb'],
  'Daft': [READERS, 'daft, pandas'],
  'Spark': [SPARK, 'pyspark, delta'],
  'Without Delta': [READERS, 'pyarrow, pandas'],
};

/** Each list is a flush of a request a line. */
const FLUSHES: readonly (readonly string[])[] = [
  ['climate,room=a temperature=1,humidity=10i 1735689600000000001', 'climate temperature=5,humidity=50i 1735689600000000000'],
  ['climate,room=a temperature=2 1735689600000000001', 'climate,room=b humidity=30i 1735689600123456001'],
  ['climate,room=a humidity=11i 1735689600000000001', 'climate humidity=51i 1735689600000000000', 'climate,room=a temperature=9,later=true 1735689600000000002'],
];
const POINTS = [
  ['a', '1735689600000000', 1, 2], ['a', '1735689600000000', 2, 9], ['b', '1735689600123456', 1, null], [null, '1735689600000000', 0, 5],
];

const snippets = pageSnippets('reading.md').filter(({ language }) => language === 'python');

describe('[issue 14 6] the snippets of docs/reading.md', { timeout: 1_500_000 }, () => {
  let dataDir: string;
  let folder: string;
  before(async () => {
    dataDir = makeDataDir();
    folder = join(dataDir, '../reader');
    const server = await TestServer.start(dataDir);
    for (const lines of FLUSHES) {
      for (const line of lines) assert.equal((await post(server.url, writePath('/write', 'home', 'ns'), Buffer.from(line))).status, 204);
      assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
    }
    await server.stop();
    // As the page has it: the data folder is `data`, the command is `sluice`.
    mkdirSync(join(folder, 'bin'), { recursive: true });
    cpSync(dataDir, join(folder, 'data'), { recursive: true });
    writeFileSync(join(folder, 'bin/sluice'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
    chmodSync(join(folder, 'bin/sluice'), 0o755);
    writeFileSync(join(folder, 'rows.py'), pythonRows);
  });
  after(() => dataDir === undefined || removeDataDir(dataDir));

  test('each engine of the page is run, and none besides', () => {
    assert.deepEqual(snippets.map(({ name }) => name).toSorted(), Object.keys(ENGINES).toSorted());
  });

  for (const { name, text } of snippets) {
    const [packages, modules] = ENGINES[name] ?? [[], 'sys'];
    test(name, async (t) => {
      const found = pythonWith(packages, modules);
      if ('missing' in found) return t.skip(found.missing);
      const program = join(folder, `page_${name.toLowerCase().replaceAll(' ', '_')}.py`);
      const before = name === 'DuckDB' ? 'from duckdb_extensions import import_extension\nimport_extension("delta")\n' : '';
      writeFileSync(program, `${before}${text}\nimport rows\nrows.show(points)\n`);
      const ran = await runProgram('sh', ['-c', 'PATH="$0:$PATH" TZ=UTC exec "$1" "$2"', join(folder, 'bin'), found.python, program], folder);
      assert.equal(ran.code, 0, ran.stderr);
      const shown = ran.stdout.trim().split('\n').filter((line) => line.startsWith('[')).map((line) => JSON.parse(line) as unknown[]);
      assert.deepEqual(shown.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)), POINTS.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)));
    });
  }

  test('the commands of the page', async () => {
    for (const { text } of pageSnippets('reading.md').filter(({ language }) => language === 'sh')) {
      for (const line of text.split('\n')) {
        const ran = await runProgram('sh', ['-c', `PATH="$0:$PATH"; ${line}`, join(folder, 'bin')], folder);
        assert.deepEqual([ran.code, ran.stderr], [0, ''], line);
        assert.match(ran.stdout, /\.parquet/);
      }
    }
  });
});

/** Prints rows of whatever an engine gives, a JSON array a line. */
const pythonRows = `
import datetime
import json
import math

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def micros(time):
    if isinstance(time, int):
        return str(time)
    if hasattr(time, "to_pydatetime"):
        time = time.to_pydatetime(warn=False)
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.timezone.utc)
    return str((time - EPOCH) // datetime.timedelta(microseconds=1))


def rows_of(points):
    kind = type(points).__module__.split(".")[0]
    if kind in ("duckdb", "_duckdb"):
        return points.select("room, epoch_us(time), sluice_ns, temperature").fetchall()
    if kind == "pyspark":
        return [tuple(row) for row in points.collect()]
    if kind in ("arro3", "deltalake"):
        import pyarrow
        points = pyarrow.table(points) if hasattr(points, "__arrow_c_array__") else pyarrow.RecordBatchReader.from_stream(points).read_all()
    if kind == "polars":
        return points.rows()
    if hasattr(points, "to_pylist"):
        points = points.to_pylist()
        return [tuple(row[name] for name in ("room", "time", "sluice_ns", "temperature")) for row in points]
    return [tuple(row) for row in points[["room", "time", "sluice_ns", "temperature"]].itertuples(index=False)]


def plain(value):
    return None if value is None or isinstance(value, float) and math.isnan(value) else value


def show(points):
    for room, time, ns, temperature in rows_of(points):
        print(json.dumps([plain(room), micros(time), int(ns), plain(temperature)]))
`;

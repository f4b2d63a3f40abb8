/** Files that are not opened, for the times in a WHERE: none that has a row of the result. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { KIND_F64, KIND_TAG } from '../../assembly/layout/codes.js';
import type { FileSpan } from '../../src/model/file-span.js';
import { openDuck, quoteText } from '../../src/query/duckdb.js';
import { writeResult } from '../../src/query/format.js';
import { runQuery } from '../../src/query/run-query.js';
import { serialize } from '../../src/query/serialized.js';
import { mayHold, timeBoundsOf } from '../../src/query/time-bounds.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-bounds-'));
after(() => rmSync(folder, { recursive: true }));

const [FIRST, SECOND] = ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'];
/** Bounds as text; `-` for none, `now` for one that follows the clock. */
const CASES: readonly (readonly [sql: string, least: string, most: string])[] = [
  ["SELECT * FROM m WHERE time >= '2026-01-01'", FIRST, '-'],
  ["SELECT v FROM m WHERE v > 1 AND time > '2026-01-01' AND time < '2026-01-02T00:00:00Z'", FIRST, SECOND],
  ["SELECT count(*) FROM m a WHERE a.time BETWEEN '2026-01-01' AND TIMESTAMP '2026-01-02 00:00:00' GROUP BY v ORDER BY 1 LIMIT 3", FIRST, SECOND],
  ["SELECT * FROM db.m WHERE '2026-01-01' <= m.time AND $t >= time", FIRST, SECOND],
  ["SELECT * FROM m WHERE time = DATE '2026-01-01'", FIRST, FIRST],
  ["SELECT * FROM m WHERE time > '2026-01-02' AND time > '2026-01-01'", SECOND, '-'],
  ["SELECT * FROM m WHERE time > now() - INTERVAL '1 hour'", 'now', '-'],
  ['SELECT * FROM m WHERE time > now() - INTERVAL 1 HOUR AND time < now()', 'now', '-'],
  ["SELECT * FROM m WHERE time >= TIMESTAMPTZ '2026-01-01 00:00:00.0005+00'", FIRST, '-'],
  ["SELECT * FROM m WHERE time <= TIMESTAMPTZ '2026-01-01 23:59:59.9991+00'", '-', SECOND],
  // What is said less plainly.
  ["SELECT * FROM m WHERE time > '2026-01-01' OR v = 1", '-', '-'],
  ["SELECT * FROM m WHERE NOT (time > '2026-01-01' AND v = 1)", '-', '-'],
  ['SELECT * FROM m WHERE time > (SELECT max(time) FROM m)', '-', '-'],
  ["SELECT * FROM m WHERE v IN (SELECT v FROM m) AND time > '2026-01-01'", '-', '-'],
  ["SELECT *, (SELECT count(*) FROM m) FROM m WHERE time > '2026-01-01'", '-', '-'],
  ["SELECT * FROM m, n WHERE m.time > '2026-01-01'", '-', '-'],
  ["SELECT * FROM m LEFT JOIN n USING (time) WHERE time > '2026-01-01'", '-', '-'],
  ["WITH a AS (SELECT * FROM m) SELECT * FROM m WHERE time > '2026-01-01'", '-', '-'],
  ["SELECT * FROM m WHERE time > '2026-01-01' UNION ALL SELECT * FROM m", '-', '-'],
  ["SELECT * FROM (SELECT * FROM m) WHERE time > '2026-01-01'", '-', '-'],
  ["SELECT * FROM m TABLESAMPLE 10% WHERE time > '2026-01-01'", '-', '-'],
  ["SELECT * FROM m GROUP BY ALL HAVING max(time) > '2026-01-01'", '-', '-'],
  ["SELECT * FROM m WHERE other.time > '2026-01-01'", '-', '-'],
  ["SELECT * FROM m WHERE time + INTERVAL 1 DAY > '2026-01-01'", '-', '-'],
  ['SELECT * FROM m WHERE time > 5', '-', '-'],
  ["SELECT * FROM m WHERE time > 'soon'", '-', '-'],
  ['SELECT * FROM m WHERE time > $none', '-', '-'],
  ["SELECT * FROM m WHERE time <> '2026-01-01' AND time IS NOT NULL", '-', '-'],
  ["SELECT * FROM m WHERE time > 'infinity'::TIMESTAMPTZ", '-', '-'],
];

test('[issue 14 5] the times of a plain WHERE are known, and of any other none', async () => {
  const duck = await openDuck('reader');
  for (const [sql, least, most] of CASES) {
    const { statements } = await serialize(duck, sql);
    const from = Date.now();
    const { leastMs, mostMs } = await timeBoundsOf(duck, statements![0]!, { t: SECOND });
    const said = (ms: number): string => (!Number.isFinite(ms) ? '-' : Math.abs(ms + 3_600_000 - from) < 60_000 ? 'now' : new Date(ms).toISOString());
    assert.deepEqual([said(leastMs), said(mostMs)], [least, most], sql);
  }
  duck.close();
});

test('[issue 14 5] a file is left out when it lies a millisecond outside at least, and its statistics are known', () => {
  const bounds = { leastMs: 100, mostMs: 200 };
  const span = (firstMs: number, lastMs: number): FileSpan => ({ firstMs, lastMs, hasPointsOnce: true });
  for (const [file, is] of [[undefined, true], [span(0, 98), false], [span(0, 99), true], [span(201, 300), true], [span(202, 300), false], [span(0, 300), true], [span(150, 150), true]] as const) {
    assert.equal(mayHold(bounds, file), is);
  }
});

test('[issue 14 5] with statistics and without a query between two times gives the same rows', async () => {
  const duck = await openDuck('maker');
  const files: string[] = [];
  const spans = new Map<string, FileSpan>();
  // Overlapping files; points stand in several, with other values.
  for (let n = 0; n < 8; n += 1) {
    const path = join(folder, `${n}.parquet`);
    const [first, rows] = [n * 70, 100];
    await duck.run(`COPY (SELECT 'h' || (range % 2) AS host, make_timestamptz((${first} + range) * 1000 + 500) AS time, 0::INTEGER AS sluice_ns, ${n + 1}::BIGINT AS sluice_seq, `
      + `CASE WHEN range % 3 = ${n % 3} THEN NULL ELSE (range + ${n})::DOUBLE END AS v FROM range(${rows})) TO ${quoteText(path)} (FORMAT parquet)`);
    files.push(path);
    spans.set(path, { firstMs: first, lastMs: first + rows, hasPointsOnce: true });
  }
  duck.close();
  const columns = [{ kind: KIND_TAG, key: 'host', name: 'host' }, { kind: KIND_F64, key: 'v', name: 'v' }];
  const named = { database: 'db', measurement: 'm', since: null, columns };
  const result = async (where: string, known: ReadonlyMap<string, FileSpan>): Promise<string> => {
    let text = '';
    await runQuery({
      tables: [named], database: null, limits: null, sql: `SELECT *, sluice_seq AS s FROM m WHERE ${where} ORDER BY time, host`,
      load: async () => [{ ...named, files, spans: known }],
      onResult: (rows) => writeResult(rows, 'csv', async (piece) => void (text += piece)),
    });
    return text;
  };
  const at = (ms: number): string => `TIMESTAMPTZ '1970-01-01 00:00:00.${String(ms).padStart(3, '0')}5+00'`;
  for (const [from, to] of [[0, 70], [69, 71], [100, 400], [589, 590], [300, 100]] as const) {
    for (const where of [`time > ${at(from)} AND time < ${at(to)}`, `time BETWEEN ${at(from)} AND ${at(to)} AND v > 20`]) {
      assert.equal(await result(where, spans), await result(where, new Map()), where);
    }
  }
});

test('[issue 14 5] what is left out for one statement is there for the next', async () => {
  const duck = await openDuck('maker');
  const files: string[] = [];
  for (const [n, time] of [FIRST, SECOND].entries()) {
    const path = join(folder, `two-${n}.parquet`);
    await duck.run(`COPY (SELECT '${time}'::TIMESTAMPTZ AS time, 0::INTEGER AS sluice_ns, 1::BIGINT AS sluice_seq, ${n}::DOUBLE AS v) TO ${quoteText(path)} (FORMAT parquet)`);
    files.push(path);
  }
  duck.close();
  const named = { database: 'db', measurement: 'm', since: null, columns: [{ kind: KIND_F64, key: 'v', name: 'v' }] };
  const spans = new Map(files.map((path, at) => [path, { firstMs: Date.parse([FIRST, SECOND][at]!), lastMs: Date.parse([FIRST, SECOND][at]!), hasPointsOnce: true }]));
  const counts: unknown[] = [];
  const run = async (sql: string): Promise<void> => runQuery({
    tables: [named], database: null, limits: null, sql, load: async () => [{ ...named, files, spans }],
    onResult: async ({ rows }) => {
      for await (const chunk of rows) counts.push(...chunk.map(([n]) => JSON.stringify(n)));
    },
  });
  await run(`SELECT count(*) FROM m WHERE time > '${FIRST}'; SELECT count(*) FROM m`);
  assert.deepEqual(counts, ['{"digits":"1"}', '{"digits":"2"}']);
});

test('[issue 14 5] a file that is left out is not opened', async () => {
  const duck = await openDuck('maker');
  const path = join(folder, 'there.parquet');
  await duck.run(`COPY (SELECT '${SECOND}'::TIMESTAMPTZ AS time, 0::INTEGER AS sluice_ns, 1::BIGINT AS sluice_seq, 1::DOUBLE AS v) TO ${quoteText(path)} (FORMAT parquet)`);
  duck.close();
  const named = { database: 'db', measurement: 'm', since: null, columns: [{ kind: KIND_F64, key: 'v', name: 'v' }] };
  const ms = Date.parse(SECOND);
  const missing = join(folder, 'missing.parquet');
  const run = async (where: string): Promise<number> => {
    let rows = 0;
    await runQuery({
      tables: [named], database: null, limits: null, sql: `SELECT v FROM m WHERE ${where}`,
      load: async () => [{ ...named, files: [missing, path], spans: new Map([[missing, { firstMs: 0, lastMs: 10, hasPointsOnce: true }], [path, { firstMs: ms, lastMs: ms, hasPointsOnce: true }]]) }],
      onResult: async (result) => {
        for await (const chunk of result.rows) rows += chunk.length;
      },
    });
    return rows;
  };
  assert.equal(await run(`time >= '${FIRST}'`), 1);
  await assert.rejects(run('v = 1'), /missing\.parquet/);
});

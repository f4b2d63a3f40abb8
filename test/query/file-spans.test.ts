import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { KIND_F64, KIND_TAG } from '../../assembly/layout/codes.js';
import { spanOf, type FileSpan } from '../../src/model/file-span.js';
import { openDuck, quoteText } from '../../src/query/duckdb.js';
import { withEachPointOnce } from '../../src/query/file-spans.js';
import { writeResult } from '../../src/query/format.js';
import { runQuery } from '../../src/query/run-query.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-spans-'));
after(() => rmSync(folder, { recursive: true }));

const span = (firstMs: number, lastMs: number, hasPointsOnce = true): FileSpan => ({ firstMs, lastMs, hasPointsOnce });
const before = (firstMs: number, beforeMs: number): FileSpan => ({ firstMs, lastMs: beforeMs, hasPointsOnce: true, beforeMs });

test('A6: a file holds each point once when it has one seq and no other file has its times', () => {
  const cases: [spans: (FileSpan | undefined)[], once: number[]][] = [
    [[span(0, 9)], [0]],
    [[span(0, 9, false)], []],
    [[span(0, 9), span(20, 29)], [0, 1]],
    [[span(20, 29), span(0, 9)], [0, 1]],
    [[span(0, 9), span(9, 29)], []],
    [[span(0, 9), span(10, 29)], []],
    [[span(0, 9), span(11, 29)], [0, 1]],
    [[span(0, 99), span(10, 19), span(30, 39), span(200, 201)], [3]],
    [[span(0, 9), span(20, 29, false), span(40, 41)], [0, 2]],
    [[before(0, 10), before(10, 20), span(20, 29)], [0, 1, 2]],
    [[before(0, 11), before(10, 20), span(19, 29)], []],
    [[span(0, 9), undefined], []],
    [[], []],
  ];
  for (const [spans, once] of cases) {
    const files = spans.map((_, at) => String(at));
    const known = new Map(spans.flatMap((each, at) => (each === undefined ? [] : [[String(at), each]])));
    assert.deepEqual([...withEachPointOnce(files, known)].toSorted(), once.map(String), JSON.stringify(spans));
  }
});

test('A6: what statistics do not tell is not guessed', () => {
  const stats = (least: object, greatest: object): object => ({ numRecords: 1, minValues: least, maxValues: greatest });
  const [first, last] = ['1969-12-31T23:59:59.999Z', '2026-01-01T00:00:00.000Z'];
  assert.deepEqual(spanOf(stats({ time: first, sluice_seq: 5 }, { time: last, sluice_seq: 5 })), { firstMs: -1, lastMs: Date.parse(last), hasPointsOnce: true });
  assert.deepEqual(spanOf(stats({ time: first, sluice_seq: 5 }, { time: last, sluice_seq: 6 }))?.hasPointsOnce, false);
  assert.deepEqual(spanOf(stats({ time: first }, { time: last }))?.hasPointsOnce, false);
  assert.deepEqual(spanOf(stats({ time: first, sluice_seq: 2 ** 53 }, { time: last, sluice_seq: 2 ** 53 }))?.hasPointsOnce, false);
  for (const none of [{}, stats({ time: last }, { time: first }), stats({}, { time: last }), stats({ time: 'soon' }, { time: last })]) assert.equal(spanOf(none), null);
});

interface Row {
  readonly host: string;
  readonly ms: number;
  readonly ns: number;
  readonly seq: number;
  readonly a: number | null;
  readonly b: number | null;
}

/** A generator of its own, so that a failing run can be had again. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A file of ours: in it rows differ by tags, time and seq. */
function fileOf(random: (below: number) => number, seqs: readonly number[]): Row[] {
  const from = random(30) * 10;
  const rows = new Map<string, Row>();
  const value = (): number | null => (random(3) === 0 ? null : random(100));
  for (let n = 1 + random(6); n > 0; n -= 1) {
    const row = { host: 'xy'[random(2)]!, ms: from + random(8), ns: random(2), seq: seqs[random(seqs.length)]!, a: value(), b: value() };
    rows.set(JSON.stringify([row.host, row.ms, row.ns, row.seq]), row);
  }
  return [...rows.values()];
}

test('A6: with statistics and without a query gives the same rows', async () => {
  const duck = await openDuck('maker');
  let parts = 0;
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = randomOf(seed);
    let seq = 0;
    const files: string[] = [];
    const spans = new Map<string, FileSpan>();
    for (let n = 1 + random(5); n > 0; n -= 1) {
      const rows = fileOf(random, Array.from({ length: 1 + random(2) }, () => (seq += 1)));
      const path = join(folder, `${seed}-${n}.parquet`);
      const values = rows.map(({ host, ms, ns, seq: of, a, b }) => `('${host}', make_timestamptz(${ms * 1000 + 500}), ${ns}, ${of}, ${a}, ${b})`);
      await duck.run(`COPY (SELECT host, time, ns::INTEGER AS sluice_ns, seq::BIGINT AS sluice_seq, a::DOUBLE AS a, b::DOUBLE AS b FROM (VALUES ${values.join(', ')}) AS t(host, time, ns, seq, a, b)) TO ${quoteText(path)} (FORMAT parquet)`);
      files.push(path);
      const times = rows.map(({ ms }) => ms);
      spans.set(path, span(Math.min(...times), Math.max(...times) + 1, new Set(rows.map((row) => row.seq)).size === 1));
    }
    parts += withEachPointOnce(files, spans).size;
    const columns = [{ kind: KIND_TAG, key: 'host', name: 'host' }, { kind: KIND_F64, key: 'a', name: 'a' }, { kind: KIND_F64, key: 'b', name: 'b' }];
    const rowsWith = async (known: ReadonlyMap<string, FileSpan>): Promise<string> => {
      let text = '';
      await runQuery({
        tables: [{ database: 'db', measurement: 'm', columns }], database: null, limits: null,
        sql: 'SELECT *, sluice_seq AS s FROM m ORDER BY time, sluice_ns, host',
        load: async () => [{ database: 'db', measurement: 'm', columns, files, since: null, spans: known }],
        onResult: (result) => writeResult(result, 'csv', async (piece) => void (text += piece)),
      });
      return text;
    };
    assert.equal(await rowsWith(spans), await rowsWith(new Map()), `seed ${seed}`);
  }
  duck.close();
  assert.ok(parts > 20, `only ${parts} files were read without grouping`);
});

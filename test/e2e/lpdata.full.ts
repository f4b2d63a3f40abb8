/**
 * Every sample file, over every shape of request: written, acknowledged, killed with -9, started again, flushed, and read
 * back by two readers, cell by cell against the oracle's parse put through the C4 model.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { parseBody } from '../oracle/line-protocol.js';
import { Model } from '../oracle/model.js';
import { root } from '../root.js';
import { SHAPES, write, type Shape } from './client.js';
import { compareDatabase } from './compare.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

const FOLDER = join(root, 'test/data/lpdata');
/** Files whose README row says seconds. */
const SECONDS = new Set(['docs_home-sensor-data.lp', 'air_and_water.lp', 'temperature.lp']);
const EVERY_COMBINATION = new Set(['metrics.lp', 'tsbs_iot.lp']);
const BODY_LINES = [1, 100, 5000] as const;
const LARGE_LINES = 10_000;
const WRITERS_AT_ONCE = 8;
/** Databases of a file that are read by `sluice query` too: each is a process of its own. */
const QUERIED_MAX = 4;

interface Combination extends Shape {
  readonly bodyLines: number;
}
interface Run extends Combination {
  readonly file: string;
  readonly database: string;
}

const all: readonly Combination[] = BODY_LINES.flatMap((bodyLines) => SHAPES.map((shape) => ({ ...shape, bodyLines })));

/** Combinations such that every pair of choices stands in one; three sizes by three endpoints need nine. */
function coveringPairs(): Combination[] {
  const pairsOf = ({ bodyLines, endpoint, gzip, chunked }: Combination): string[] => {
    const choices = [`n${bodyLines}`, endpoint, `g${gzip}`, `c${chunked}`];
    return choices.flatMap((a, i) => choices.slice(i + 1).map((b) => `${a} ${b}`));
  };
  const wanted = new Set(all.flatMap(pairsOf));
  const chosen: Combination[] = [];
  while (wanted.size > 0) {
    const gain = (combination: Combination): number => pairsOf(combination).filter((pair) => wanted.has(pair)).length;
    const best = all.reduce((a, b) => (gain(b) > gain(a) ? b : a));
    chosen.push(best);
    for (const pair of pairsOf(best)) wanted.delete(pair);
  }
  return chosen;
}

function load(file: string): Buffer {
  const bytes = readFileSync(join(FOLDER, file));
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

function splitLines(bytes: Buffer, bodyLines: number): Buffer[] {
  const bodies: Buffer[] = [];
  for (let from = 0, lines = 0, at = 0; at < bytes.length; at += 1) {
    if (bytes[at] === 0x0a) lines += 1;
    if (lines === bodyLines || at === bytes.length - 1) {
      bodies.push(bytes.subarray(from, at + 1));
      from = at + 1;
      lines = 0;
    }
  }
  return bodies;
}

const precisionOf = (file: string): 's' | 'ns' => (SECONDS.has(file) ? 's' : 'ns');

async function runAll(url: string, runs: readonly Run[]): Promise<void> {
  const queue = [...runs];
  await Promise.all(Array.from({ length: WRITERS_AT_ONCE }, async () => {
    for (let run = queue.shift(); run !== undefined; run = queue.shift()) {
      for (const body of splitLines(load(run.file), run.bodyLines)) {
        const { status, body: answer } = await write(url, run.database, body, run, precisionOf(run.file));
        assert.equal(status, 204, `${run.file} as ${JSON.stringify(run)}: ${answer}`);
      }
    }
  }));
}

function modelOf(file: string): Model {
  const { points, errors } = parseBody(load(file), { precision: precisionOf(file), defaultTimeNs: 0n });
  assert.deepEqual(errors, []);
  const model = new Model();
  model.write(1, points);
  return model;
}

for (const file of readdirSync(FOLDER).filter((name) => !name.endsWith('.md')).sort()) {
  test(`${file}: what was acknowledged is what two readers find after kill -9`, async () => {
    const lines = load(file).toString('latin1').split('\n').length - 1;
    const combinations = EVERY_COMBINATION.has(file) ? all
      : lines > LARGE_LINES ? all.filter(({ bodyLines, endpoint, gzip, chunked }) => bodyLines === 5000 && endpoint !== '/api/v2/write' && gzip === chunked && gzip === (endpoint === '/write'))
      : coveringPairs();
    const runs = combinations.map((combination, i): Run => ({ ...combination, file, database: `db${i}` }));
    const dataDir = makeDataDir();
    try {
      const first = await TestServer.start(dataDir);
      await runAll(first.url, runs);
      await first.kill();
      const second = await TestServer.start(dataDir);
      const { stderr, code } = sluice(['flush', '--data-dir', dataDir]);
      assert.equal(code, 0, stderr);
      const model = modelOf(file);
      for (const { database } of runs) await compareDatabase(dataDir, database, model, ['hyparquet']);
      for (const { database } of runs.slice(0, QUERIED_MAX)) await compareDatabase(dataDir, database, model, ['query']);
      assert.equal(await second.stop(), 0);
    } finally {
      removeDataDir(dataDir);
    }
  });
}

test('metrics.lp has 1,000 lines and 547 points', () => {
  const model = modelOf('metrics.lp');
  assert.equal(model.measurements().reduce((sum, name) => sum + model.points(name).length, 0), 547);
});

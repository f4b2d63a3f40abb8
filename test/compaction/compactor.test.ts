/** Compaction in a server: files become fewer, and what is read of them stays the same. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Engine } from '../../src/engine.js';
import { makeDataDir, removeDataDir, sluice } from '../e2e/server.js';
import { open, store } from '../engine/harness.js';
import { Random } from '../fuzz/random.js';

const DAY_NS = 86_400_000_000_000n;
const FIRST_DAY_NS = 1_600_000_000n * 1_000_000_000n;

/** Nothing is put together but by the command. */
const BY_COMMAND = { 'maintenance-cpu': '0' };

interface Point {
  readonly tag: string;
  readonly time: bigint;
  readonly fields: Map<string, string>;
}

/** What must be read: per field of a point the value written last. */
class Model {
  readonly points = new Map<string, Point>();

  write(tag: string, time: bigint, fields: readonly (readonly [string, string])[]): string {
    const key = `${tag} ${time}`;
    const point = this.points.get(key) ?? { tag, time, fields: new Map<string, string>() };
    for (const [name, value] of fields) point.fields.set(name, value);
    this.points.set(key, point);
    return `m,host=${tag} ${fields.map(([name, value]) => `${name}=${value}`).join(',')} ${time}`;
  }

  csv(): string {
    const of = ({ fields }: Point, name: string): string => fields.get(name)?.replace(/[i"]/g, '') ?? '';
    return ['host,t,f,i,s', ...[...this.points.values()].map((point) => [point.tag, point.time, of(point, 'f'), of(point, 'i'), of(point, 's')].join(',')).sort()].join('\n');
  }
}

const SQL = 'SELECT host, epoch_us(time)::HUGEINT * 1000 + sluice_ns AS t, f, i, s FROM m';

function read(dataDir: string): string {
  const { code, stderr, stdout } = sluice(['query', '--data-dir', dataDir, '--format', 'csv', SQL]);
  assert.deepEqual([code, stderr], [0, '']);
  const [head, ...rows] = stdout.trimEnd().split('\n');
  return [head, ...rows.sort()].join('\n');
}

function filesIn(dataDir: string): string[] {
  return readdirSync(join(dataDir, 'tables/db/m')).filter((name) => name.endsWith('.parquet'));
}

async function live(engine: Engine): Promise<number> {
  return (await engine.control.run('tables', { database: 'db' }))[0]!.files.length;
}

/** Bodies of random points of some days, a flush each; points are written again, with other fields. */
async function fill(engine: Engine, model: Model, random: Random, flushes: number, days: number): Promise<void> {
  const values = (): [string, string][] => {
    const all: [string, string][] = [['f', `${random.below(1000) + 0.5}`], ['i', `${random.below(1000)}i`], ['s', `"text ${random.below(50)}"`]];
    const some = all.filter(() => random.chance(0.6));
    return some.length > 0 ? some : [all[0]!];
  };
  for (let flush = 0; flush < flushes; flush += 1) {
    const lines = Array.from({ length: 40 }, () => {
      const time = FIRST_DAY_NS + BigInt(random.below(days)) * DAY_NS + BigInt(random.below(200)) * 1_000_001n;
      return model.write(`h${random.below(3)}`, time, values());
    });
    await store(engine, 'db', ...lines);
    await engine.control.run('flush', { database: 'db' });
  }
}

test('[issue 14 3] files of past days become one, and each point is read as before', async () => {
  const dataDir = makeDataDir();
  try {
    const [model, random] = [new Model(), new Random(7)];
    let engine = await open(dataDir, BY_COMMAND);
    await fill(engine, model, random, 20, 1);
    assert.equal(await live(engine), 20);
    const result = await engine.control.run('compact', { database: null });
    assert.deepEqual([result.failed, result.jobs], [[], 1]);
    assert.equal(await live(engine), 1);
    assert.equal(filesIn(dataDir).length, 21, 'the files that were read stay for an hour, for readers of older versions');
    const [table] = await engine.control.run('tables', { database: 'db' });
    assert.equal(table!.rows, model.points.size, 'a point is one row');
    // Writes go on, and what they overlap waits for more.
    await fill(engine, model, random, 2, 1);
    assert.equal(await live(engine), 3);
    await engine.stop();
    assert.equal(read(dataDir), model.csv());
    engine = await open(dataDir, BY_COMMAND);
    await fill(engine, model, random, 8, 1);
    await engine.control.run('compact', { database: 'db' });
    assert.equal(await live(engine), 1);
    assert.deepEqual(await engine.control.run('compact', { database: 'db' }), { tables: 1, jobs: 0, failed: [] });
    await engine.stop();
    assert.equal(read(dataDir), model.csv());
    const checked = sluice(['check', join(dataDir, 'tables/db/m')]);
    assert.deepEqual([checked.code, checked.stderr], [0, ''], checked.stdout);
  } finally {
    removeDataDir(dataDir);
  }
});

test('[issue 14 3] rows of many days are divided, and versions are combined only where all of them are read', async () => {
  for (const seed of [1, 2, 3]) {
    const dataDir = makeDataDir();
    try {
      const [model, random] = [new Model(), new Random(seed)];
      const engine = await open(dataDir, BY_COMMAND);
      for (let round = 0; round < 3; round += 1) {
        await fill(engine, model, random, 6, 1 + random.below(40));
        const { failed } = await engine.control.run('compact', { database: 'db' });
        assert.deepEqual(failed, []);
      }
      await engine.stop();
      assert.equal(read(dataDir), model.csv(), `seed ${seed}`);
    } finally {
      removeDataDir(dataDir);
    }
  }
});

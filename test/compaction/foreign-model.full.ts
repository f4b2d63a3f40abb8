/** Random work of another writer between flushes and compactions: all points are read before and after each compaction as DuckDB reads them of the files. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Engine } from '../../src/engine.js';
import { makeDataDir, removeDataDir, sluice } from '../e2e/server.js';
import { open, store } from '../engine/harness.js';
import { fuzzCount, Random, seedOfRun } from '../fuzz/random.js';
import { ForeignTable } from './foreign-table.js';
import { Model } from './model.js';

const RUNS = fuzzCount(2);
const ROUNDS = 8;
const DAYS = 5;
const DAY_MICROS = 86_400_000_000n;
const FIRST_MICROS = 1_600_000_000_000_000n;
const WRITTEN_AS = ['', 'COMPRESSION zstd, PARQUET_VERSION v2', 'COMPRESSION gzip, DICTIONARY_SIZE_LIMIT 1', 'ROW_GROUP_SIZE 2048', 'COMPRESSION lz4_raw, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1'];
const ORDERS = ['', 'ORDER BY time', 'ORDER BY time DESC, host', 'ORDER BY f', 'ORDER BY host, f DESC'];

class Run {
  readonly #random: Random;
  readonly #foreign: ForeignTable;
  readonly #engine: Engine;
  readonly #model = new Model();
  #appended = 0;

  constructor(random: Random, foreign: ForeignTable, engine: Engine) {
    this.#random = random;
    this.#foreign = foreign;
    this.#engine = engine;
  }

  async flush(): Promise<void> {
    await store(this.#engine, 'db', ...this.#model.randomLines(this.#random, 60, DAYS));
    await this.#engine.control.run('flush', { database: 'db' });
  }

  /** Something that Spark or delta-rs do. */
  async act(): Promise<void> {
    const random = this.#random;
    const options = random.pick(WRITTEN_AS);
    const live = this.#foreign.live();
    const some = live.filter(() => random.chance(0.4));
    const from = `FROM ${this.#foreign.relation(some)} ${random.pick(ORDERS)}`;
    if (some.length === 0 || random.chance(0.3)) await this.#append(options);
    // Files to which a column was added that is none of ours stay from then on.
    else if (random.chance(0.1)) await this.#foreign.commit(`SELECT *, 1::TINYINT AS theirs ${from}`, { removes: some, options });
    else if (random.chance(0.35)) await this.#foreign.commit(`SELECT * REPLACE (CASE WHEN f > 500 THEN NULL ELSE f END AS f) ${from}`, { removes: some, options });
    else await this.#foreign.commit(`SELECT f, time, * EXCLUDE (f, time) ${from}`, { removes: some, options });
  }

  /** Points of their own, each once: which of two without a sluice_seq counts nobody says. */
  async #append(options: string): Promise<void> {
    this.#appended += 1;
    const random = this.#random;
    const micros = FIRST_MICROS + BigInt(random.below(DAYS)) * DAY_MICROS;
    const ns = random.pick(['', ', 7::INTEGER AS sluice_ns', ', NULL::INTEGER AS sluice_ns, NULL::BIGINT AS sluice_seq', ', 3::BIGINT AS sluice_seq']);
    const values = "range / 7::DOUBLE AS f, CASE WHEN range % 3 = 0 THEN 'text ' || range % 5 END AS s";
    await this.#foreign.commit(`SELECT ${values}, 'foreign ${this.#appended}' AS host, make_timestamptz(${micros} + range * 1000003) AS time${ns} FROM range(${1 + random.below(80)})`, { options });
  }

  /** @returns jobs that were done */
  async compact(): Promise<number> {
    const before = await this.#foreign.points(this.#engine);
    const { failed, jobs } = await this.#engine.control.run('compact', { database: 'db' });
    assert.deepEqual(failed, []);
    assert.deepEqual(await this.#foreign.points(this.#engine), before);
    return jobs;
  }
}

test(`[issue 14 3] ${RUNS} runs of another writer's work: no compaction changes what is read`, async (t) => {
  const seed = seedOfRun();
  t.diagnostic(`SEED=${seed}`);
  const random = new Random(seed);
  for (let each = 0; each < RUNS; each += 1) {
    const dataDir = makeDataDir();
    const folder = join(dataDir, 'tables/db/m');
    const foreign = await ForeignTable.open(folder);
    try {
      const engine = await open(dataDir);
      const run = new Run(random, foreign, engine);
      let jobs = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        for (let flushes = random.below(3); flushes >= 0; flushes -= 1) await run.flush();
        for (let acts = random.below(3); acts >= 0; acts -= 1) await run.act();
        if (random.chance(0.7)) jobs += await run.compact();
      }
      jobs += await run.compact();
      assert.ok(jobs > 0);
      await engine.stop();
      // Files that stay may lack what the table wants of each row.
      const problems = sluice(['check', folder]).stdout.split('\n').filter((line) => line.includes('.parquet') && !line.includes('/part-') && !line.includes(' part-'));
      assert.deepEqual(problems, []);
    } finally {
      foreign.close();
      removeDataDir(dataDir);
    }
  }
});

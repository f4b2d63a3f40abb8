/**
 * Engines read one table of many commits, with checkpoints and a log that was cleaned behind them: before and after its files
 * were put together, and while the server writes. Contents and what conditions find are the model's, and files that cannot hold
 * a row are left unopened by those that do so.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { EngineScene } from './engine-scene.js';
import { ENGINES, type Engine, type EngineKind } from './engines.js';
import { conditions, found, KINDS, merged, roundedToMs, rowOf, textOf, type Condition, type Row } from './many-commits.js';

const TIMEOUT_MS = 1_800_000;
/** Some days in the middle of a year. */
const PRUNED_FROM = 1000, PRUNED_TO = 1020;

interface Extent {
  readonly commits: number;
  /** So many of the first are put together before anybody reads. */
  readonly compactedFirst: number;
  /** Of the conditions an engine is asked each so manieth, before and after compaction. */
  readonly conditionEvery: (kind: EngineKind) => readonly [before: number, after: number];
  readonly engines?: readonly EngineKind[];
}

/** Rows as an engine has them when it makes no fault but those that are known. */
function asSeenBy({ kind: { roundsTimes } }: Engine, rows: readonly Row[]): readonly Row[] {
  return roundsTimes === true ? rows.map((row) => new Map(row).set('time', roundedToMs(row.get('time') as bigint))) : rows;
}

/** Holds the answer of an engine against rows. @param every of the conditions each so manieth is asked */
async function assertReads(scene: EngineScene, engine: Engine, rows: readonly Row[], { every = 1, hasOldFiles = false } = {}): Promise<void> {
  const expected = asSeenBy(engine, rows);
  const asked = conditions().filter((condition, at) => at % every === 0 && !condition.some((clause) => engine.kind.isKnownWrong?.(clause, KINDS.get(clause[0])!, hasOldFiles)));
  const answer = await engine.ask(await scene.question({ conditions: asked }));
  assert.deepEqual(answer.rows!.toSorted(), expected.map((row) => textOf(row)).sort());
  const wrong = asked.flatMap((condition, at) => {
    const [got, want] = [answer.found[at]!.toSorted(), found(expected, condition).sort()];
    return got.join() === want.join() ? [] : [`${JSON.stringify(condition)}: ${got.length} rows, not ${want.length}`];
  });
  assert.deepEqual(wrong, []);
}

/** A point that is read was sent before; one that was in a commit before the question is read. */
async function assertReadsAmid(scene: EngineScene, engine: Engine): Promise<void> {
  const least = scene.rows.length;
  let isOver = false;
  const reading = engine.ask(await scene.question()).finally(() => (isOver = true));
  while (!isOver) await scene.write();
  const read = (await reading).rows!;
  assert.ok(read.length >= least, `${read.length} rows, ${least} were there`);
  assert.deepEqual(read.toSorted(), asSeenBy(engine, scene.rows.slice(0, read.length)).map((row) => textOf(row)).sort());
}

/** Asked of a table in which only the files are that a condition needs: opening another would fail. */
async function assertPrunes(scene: EngineScene, engine: Engine, by: 'time' | 'n'): Promise<void> {
  const [from, to] = [PRUNED_FROM, PRUNED_TO].map((n) => rowOf(n).get(by) as bigint) as [bigint, bigint];
  const condition: Condition = [[by, '>=', String(from)], [by, '<', String(to)]];
  const files = await scene.files();
  // After compaction they share no time.
  const needed = files.filter(({ first, last }) => {
    const values = scene.rows.filter((row) => Number(row.get('time')) >= first && Number(row.get('time')) < last).map((row) => row.get(by) as bigint);
    return values.some((value) => value >= from) && values.some((value) => value < to);
  }).map(({ path }) => path);
  assert.ok(needed.length > 0 && needed.length <= 3 && files.length > 8, `${needed.length} files of ${files.length}`);
  const answer = await engine.ask(await scene.question({ folder: scene.copyWith(needed), conditions: [condition], rows: false }));
  assert.deepEqual(answer.found[0]!.toSorted(), found(scene.rows, condition).sort());
}

/** The tests of a table of an extent. */
export function engineSuite({ commits, compactedFirst, conditionEvery, engines = ENGINES }: Extent): void {
  suite(`[issue 14] engines on a table of ${commits} commits`, { timeout: TIMEOUT_MS }, () => {
    const scene = new EngineScene(commits, engines);
    before(() => scene.fill(compactedFirst));
    after(() => scene.close());

    const eachEngine = (what: string, check: (engine: Engine) => Promise<void>): void => void test(what, async (t) => {
      for (const engine of scene.engines) {
        await t.test(engine.kind.title, (each) => {
          const { missing } = engine;
          return missing === null ? check(engine) : each.skip(missing);
        });
      }
    });

    test('its log has checkpoints and was cleaned', () => {
      const { first, hasCheckpoint } = scene.log();
      assert.ok(hasCheckpoint && first > commits / 2, `it begins with version ${first}`);
    });

    eachEngine('before compaction', (engine) => assertReads(scene, engine, scene.rows, { every: conditionEvery(engine.kind)[0], hasOldFiles: true }));

    eachEngine('while the server writes', (engine) => assertReadsAmid(scene, engine));

    test('its files are put together', async () => {
      await scene.compact();
      const { length } = await scene.files();
      assert.ok(length < 30, `${length} files`);
    });

    eachEngine('after compaction', (engine) => assertReads(scene, engine, merged(scene.rows), { every: conditionEvery(engine.kind)[1], hasOldFiles: compactedFirst > 0 }));

    eachEngine('with no file but those that a condition needs', async (engine) => {
      if (engine.kind.prunesBy !== null) await assertPrunes(scene, engine, engine.kind.prunesBy);
    });
  });
}

/**
 * Every kind of file of a data folder, damaged in every way, one at a time: the server starts, loses nothing that was not
 * hit, says what it lost, invents and deletes nothing, and goes on. `SEED` and `CASE` of a failure run that case alone;
 * `CASES` says how many of all are tried (a sample by the seed).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { removeDataDir } from '../e2e/server.js';
import { Random, seedOfRun } from '../fuzz/random.js';
import { allCases } from './corruption-case.js';
import { makeFolder, type Ending } from './corruption-folder.js';
import { readLayout, type Layout } from './corruption-layout.js';
import { runCase } from './corruption-run.js';

const AT_ONCE = 2;
const SEED_BY_DEFAULT = 1639168037;
/** One case in so many has compaction go on in it. */
const GOES_ON_EACH = 8;
const ENDINGS: readonly Ending[] = ['killed', 'stopped'];

interface Failure {
  readonly at: number;
  readonly says: string;
  readonly violations: readonly string[];
}

/** Numbers of the cases to run. */
function chosen(count: number, seed: number): number[] {
  const { CASE, CASES } = process.env;
  if (CASE !== undefined) return CASE.split(',').map(Number);
  const all = Array.from({ length: count }, (_, at) => at);
  const random = new Random(seed);
  for (let at = count - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    [all[at], all[other]] = [all[other]!, all[at]!];
  }
  return all.slice(0, CASES === undefined ? count : Number(CASES));
}

test('whatever one file suffers, the server starts, keeps the rest, and says what is lost', async () => {
  // Without a seed of one's own always the same places: what CI says is about the change.
  const seed = process.env['SEED'] === undefined ? SEED_BY_DEFAULT : seedOfRun();
  console.log(`corruption matrix: SEED=${seed}`);
  const layouts = new Map<Ending, Layout>();
  const cases = allCases();
  const waiting = chosen(cases.length, seed);
  const failures: Failure[] = [];
  const counts = { run: 0, noPlace: 0 };
  const work = async (): Promise<void> => {
    for (let at: number | undefined; (at = waiting.shift()) !== undefined;) {
      const { damage: choose, ending, says, withAuth } = cases[at]!;
      const layout = layouts.get(ending)!;
      const damage = choose(layout, new Random(seed + at));
      if (damage === null) {
        counts.noPlace += 1;
        continue;
      }
      counts.run += 1;
      if (counts.run % 100 === 0) console.log(`corruption matrix: ${counts.run} cases run, ${failures.length} failed`);
      const violations = await runCase(layout, damage, { withAuth, goesOn: at % GOES_ON_EACH === 0 });
      if (violations.length === 0) continue;
      const failure = { at, says: `${says} (${ending}): ${damage.path}: ${damage.says}`, violations };
      failures.push(failure);
      console.log([`CASE=${at} SEED=${seed}: ${failure.says}`, ...violations].join('\n    '));
    }
  };
  try {
    for (const ending of ENDINGS) layouts.set(ending, await readLayout(await makeFolder(ending)));
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    for (const { folder } of layouts.values()) removeDataDir(folder.dataDir);
  }
  console.log(`corruption matrix: ${counts.run} cases run, ${failures.length} failed; ${counts.noPlace} found no such place`);
  assert.equal(failures.length, 0, `run one alone: SEED=${seed} CASE=${failures.map(({ at }) => at).join(',')}`);
});

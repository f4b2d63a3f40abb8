/** The worst of the corruption matrix (corruption-matrix.full.ts), quickly: what silently lost rows that were acknowledged. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { removeDataDir } from '../e2e/server.js';
import { Random } from '../fuzz/random.js';
import { allCases } from './corruption-case.js';
import { makeFolder } from './corruption-folder.js';
import { readLayout, type Layout } from './corruption-layout.js';
import { runCase } from './corruption-run.js';

const SEED = 20_261;
const WORST = [
  'newest commit: empty', 'newest commit: flip in add.path', 'newest commit: txn.version over 2^53', 'oldest commit: empty',
  'middle segment: delete', 'tokens: flip in permission',
];

suite('one damaged file', { concurrency: 2 }, () => {
  let layout: Layout;
  before(async () => {
    layout = await readLayout(await makeFolder('killed'));
  });
  after(() => removeDataDir(layout.folder.dataDir));

  const cases = allCases();
  for (const worst of WORST) {
    test(worst, async () => {
      const { damage, withAuth } = cases.find(({ says, ending }) => says === worst && ending === 'killed')!;
      assert.deepEqual(await runCase(layout, damage(layout, new Random(SEED))!, { withAuth, goesOn: true }), []);
    });
  }
});

/** A server dies before each operation of the disk that a compaction does: after the next start nothing is lost, doubled or left for ever. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzCount } from '../fuzz/random.js';
import { CRASH_POLICIES } from '../fault/memory-disk.js';
import { StepScene } from './step-scene.js';

/** Of one policy each step is done; the others take turns, and all have their turn at each step in the long run. */
const POLICIES_EACH = Math.min(fuzzCount(1), CRASH_POLICIES.length);

test('[issue 14] a death before each operation of the disk of a compaction: its rows are as before or as afterwards, and the next one ends what it began', async (t) => {
  const base = await StepScene.begin();
  const before = await base.rows();
  const whole = await base.startOn(base.disk.crash('keep-all'));
  const jobs = await whole.compact();
  const after = await whole.rows();
  assert.deepEqual([jobs, before.length, after.length], [1, 7, 4]);
  const starts = { before: 0, after: 0 };
  let steps = 0;
  for (; ; steps += 1) {
    const scene = await base.startOn(base.disk.crash('keep-all'));
    const death = await scene.dieBefore(steps + 1);
    if (death === null) break;
    for (let turn = 0; turn < POLICIES_EACH; turn += 1) {
      const policy = CRASH_POLICIES[(steps + turn) % CRASH_POLICIES.length]!;
      const what: string = `dead before step ${steps + 1}, ${death.at}, then ${policy}`;
      const next = await scene.startOn(scene.disk.crash(policy, steps + 1));
      const rows = await next.rows();
      const state = rows.length === before.length ? 'before' : 'after';
      assert.deepEqual(rows, { before, after }[state], what);
      starts[state] += 1;
      await next.compact();
      assert.deepEqual(await next.rows(), after, what);
      assert.deepEqual(await next.left(), [], what);
      assert.deepEqual(next.sentences, [], what);
    }
  }
  t.diagnostic(`${steps} steps, ${starts.before} starts with the rows of before, ${starts.after} with those of afterwards`);
  assert.ok(steps > 30 && starts.before > 0 && starts.after > 0);
});

/**
 * The grammar of hostile-grammar.full.ts at sizes as large as a body may have, counted in loads and stores of the build that runs:
 * every class alone, every pair in turn, and every class with another at its end, at 8 MiB; each class alone at 64 MiB, and
 * so those three of the others that cost most at 8. None may cost more than thrice an ordinary body, nor more a byte than at 64 KiB.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALONE, amongLearnt, AT_END, BEFORE_LINE, IN_TURN, type Shape } from './hostile-bodies.js';
import { HOSTILE_CASES } from './hostile-cases.js';
import { costOfCase, faultOf, type Measured, measured, ordinaryCost } from './workbench.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const SMALL = 64 * KiB;
const LARGE = 8 * MiB;
const LARGEST = 64 * MiB;
const WORST = 3;
/** Of a body of 64 KiB more is counted apart for strings that stay open than they cost (workbench.ts). */
const SLACK = 4;

const pairs = [...IN_TURN, ...AT_END, ...BEFORE_LINE];
const at = (shapes: readonly Shape[], bytes: number): Measured[] => measured('simd', 'learnt', shapes, [SMALL, bytes]);
const ordinary = ordinaryCost('simd', LARGE);
let worst: readonly Shape[] = [];

test('8 MiB of every class and of every pair', (t) => {
  const costs = at(pairs, LARGE);
  const order = pairs.map((_, i) => i).sort((a, b) => costs[b]!.large - costs[a]!.large);
  worst = order.slice(0, WORST).map((i) => pairs[i]!);
  order.slice(0, WORST).forEach((i) => t.diagnostic(`${costs[i]!.name}: ${costs[i]!.large.toFixed(1)} loads and stores a byte, of ordinary lines ${ordinary.toFixed(1)}`));
  assert.deepEqual([...costs, ...at([...ALONE, ...ALONE.map(amongLearnt)], LARGE)].flatMap((cost) => faultOf(cost, ordinary)), []);
});

test('64 MiB of every class, and of the pairs that cost most', () => {
  assert.equal(worst.length, WORST);
  assert.deepEqual(at([...ALONE, ...worst], LARGEST).flatMap((cost) => faultOf(cost, ordinary)), []);
});

for (const each of HOSTILE_CASES) {
  test(`8 MiB: ${each.name}`, () => {
    const [small, large] = [SMALL, LARGE].map((bytes) => costOfCase('simd', each, bytes)) as [number, number];
    assert.deepEqual(faultOf({ name: each.name, small, large }, ordinary, each.timesMax, SLACK), []);
  });
}

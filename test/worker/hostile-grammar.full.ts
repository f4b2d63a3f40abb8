/**
 * The cost of a body is linear in its bytes, whatever they are: counted in loads and stores of both builds, for a grammar of
 * bodies in every way that a body is parsed, at two sizes; and for bodies that the code itself suggests. hostile-large.full.ts
 * does the same at sizes as large as a body may have.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALONE, amongLearnt, AT_END, BEFORE_LINE, IN_TURN } from './hostile-bodies.js';
import { HOSTILE_CASES } from './hostile-cases.js';
import { costOfCase, faultOf, measured, ordinaryCost, WAYS, type WayName } from './workbench.js';

const KiB = 1024;
const GRAMMAR = [...ALONE, ...IN_TURN, ...AT_END, ...BEFORE_LINE];
const SIZES = [8 * KiB, 16 * KiB] as const;
const LARGE = [64 * KiB, 256 * KiB] as const;
/** The build without SIMD does the same beside the loads of 16 bytes: there are fewer ways. */
const SCALAR_WAYS: readonly WayName[] = ['learnt', 'exact path alone'];

for (const build of ['simd', 'scalar'] as const) {
  const ways = build === 'simd' ? (Object.keys(WAYS) as WayName[]) : SCALAR_WAYS;
  test(`${build}: no body of the grammar costs more than thrice an ordinary one, or more a byte when it is larger`, () => {
    const ordinary = ordinaryCost(build, SIZES[1]);
    const faults = ways.flatMap((way) => measured(build, way, WAYS[way].hasLearnt ? GRAMMAR.map(amongLearnt) : GRAMMAR, SIZES).flatMap((each) => faultOf(each, ordinary)));
    assert.deepEqual(faults, []);
  });

  test(`${build}: nor does one of a single class that is larger`, () => {
    const ordinary = ordinaryCost(build, LARGE[1]);
    assert.deepEqual(measured(build, 'learnt', ALONE, LARGE).flatMap((each) => faultOf(each, ordinary)), []);
  });

  for (const each of HOSTILE_CASES) {
    test(`${build}: ${each.name}`, () => {
      const [small, large] = LARGE.map((bytes) => costOfCase(build, each, bytes)) as [number, number];
      assert.deepEqual(faultOf({ name: each.name, small, large }, ordinaryCost(build, LARGE[1]), each.timesMax), []);
    });
  }
}

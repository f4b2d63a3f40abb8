/**
 * Both builds of the parser against the oracle on random cases. SEED repeats a run, which then begins with the session
 * that the report of a failure names; FUZZ_TIMES=10 compares ten times as many lines.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCampaign } from './campaign.js';
import { readCases } from './case.js';
import { difference } from './compare.js';
import { OracleSubject } from './oracle-subject.js';
import { fuzzCount, seedOfRun } from './random.js';
import { everySubject } from './wasm-subject.js';

const LINES = fuzzCount(10_000);

test('the kept cases', () => {
  const cases = readCases();
  assert.ok(cases.length > 0);
  for (const { name, steps } of cases) assert.equal(difference(steps, new OracleSubject(), everySubject()), null, name);
});

test('random cases', (t) => {
  const seed = seedOfRun();
  const { sessions, lines, accepted } = runCampaign({ seed, linesMax: LINES });
  t.diagnostic(`seed ${seed}: ${sessions} sessions, ${lines} lines compared, ${accepted} of them accepted`);
  assert.ok(accepted > lines / 3, `only ${accepted} of ${lines} lines were stored: the fuzz is too rough`);
});

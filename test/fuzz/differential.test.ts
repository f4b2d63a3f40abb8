/**
 * Both builds of the parser against the oracle on random cases. SEED repeats a run, which then begins with the session
 * that the report of a failure names; FUZZ_SECONDS makes it longer.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCampaign } from './campaign.js';
import { readCases } from './case.js';
import { difference } from './compare.js';
import { OracleSubject } from './oracle-subject.js';
import { seedOfRun } from './random.js';
import { everySubject } from './wasm-subject.js';

const FUZZ_SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 12);
/** Fewer mean that the fuzz itself is broken; how fast it is does not matter here. */
const LINES_MIN = 1000;

test('the kept cases', () => {
  const cases = readCases();
  assert.ok(cases.length > 0);
  for (const { name, steps } of cases) assert.equal(difference(steps, new OracleSubject(), everySubject()), null, name);
});

test('random cases', (t) => {
  const seed = seedOfRun();
  const { sessions, lines, accepted } = runCampaign({ seed, linesMax: Infinity, secondsMax: FUZZ_SECONDS });
  t.diagnostic(`seed ${seed}: ${sessions} sessions, ${lines} lines compared, ${accepted} of them accepted`);
  assert.ok(lines >= LINES_MIN, `only ${lines} lines were compared`);
  assert.ok(accepted > lines / 3, `only ${accepted} of ${lines} lines were stored: the fuzz is too rough`);
});

/**
 * The long comparison of both builds of the parser with the oracle. FUZZ_LINES (of `npm run fuzz` 20 million) makes it end
 * after so many lines, FUZZ_SECONDS after so long; SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCampaign } from './campaign.js';
import { seedOfRun } from './random.js';

const { FUZZ_LINES, FUZZ_SECONDS } = process.env;
const linesMax = FUZZ_LINES === undefined ? Infinity : Number(FUZZ_LINES);
const secondsMax = FUZZ_SECONDS !== undefined ? Number(FUZZ_SECONDS) : FUZZ_LINES === undefined ? 150 : Infinity;
/** Fewer mean that the fuzz itself is broken; how fast it is does not matter here. */
const LINES_MIN = 10_000;

test('random cases, many', (t) => {
  const seed = seedOfRun();
  const { sessions, lines, accepted } = runCampaign({
    seed, linesMax, secondsMax, onProgress: (counts) => void process.stderr.write(`seed ${seed}: ${counts.lines} lines so far\n`),
  });
  t.diagnostic(`seed ${seed}: ${sessions} sessions, ${lines} lines compared, ${accepted} of them accepted`);
  assert.ok(lines >= Math.min(linesMax, LINES_MIN), `only ${lines} lines were compared`);
  assert.ok(accepted > lines / 3, `only ${accepted} of ${lines} lines were stored: the fuzz is too rough`);
});

/**
 * The long comparison of both builds of the parser with the oracle. It ends after FUZZ_LINES lines
 * (of `npm run fuzz` 20 million); SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCampaign } from './campaign.js';
import { seedOfRun } from './random.js';

const linesMax = Number(process.env['FUZZ_LINES'] ?? 500_000);

test('random cases, many', (t) => {
  const seed = seedOfRun();
  const { sessions, lines, accepted } = runCampaign({
    seed, linesMax, onProgress: (counts) => void process.stderr.write(`seed ${seed}: ${counts.lines} lines so far\n`),
  });
  t.diagnostic(`seed ${seed}: ${sessions} sessions, ${lines} lines compared, ${accepted} of them accepted`);
  assert.ok(accepted > lines / 3, `only ${accepted} of ${lines} lines were stored: the fuzz is too rough`);
});

/** What the listener on node:http answers to raw requests is what docs/proxies.md says; nothing is smuggled. */
import assert from 'node:assert/strict';
import { onNode } from './harness.js';
import { RAW_CASES } from './raw-cases.js';
import { saidOf, smuggledBy } from './raw-table.js';

onNode('raw requests are answered as docs/proxies.md says', { idleTimeoutMs: 500 }, async (harness) => {
  const cases = Object.values(RAW_CASES).flat().filter(({ waitMs }) => waitMs === undefined);
  assert.deepEqual(await smuggledBy(harness, cases, saidOf('node')), []);
});

/** What the listener on uWebSockets.js answers to raw requests is what docs/proxies.md says of its build; nothing is smuggled. Takes a quarter of a minute. */
import assert from 'node:assert/strict';
import { uwsBuild } from '../../src/http/listener/uws.js';
import { onBoth } from './harness.js';
import { RAW_CASES } from './raw-cases.js';
import { saidOf, smuggledBy, type Column } from './raw-table.js';

onBoth('raw requests, slow ones among them, are answered as docs/proxies.md says', { idleTimeoutMs: 13_000 }, async (harness, kind) => {
  const column = kind === 'node' ? kind : uwsBuild.version as Column;
  assert.deepEqual(await smuggledBy(harness, Object.values(RAW_CASES).flat(), saidOf(column)), []);
});

/** What /health and the log say of maintenance that fails. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MaintenanceTroubles, tableSubject } from '../src/maintenance-troubles.js';
import { FakeClock } from './http/fake-clock.js';

const CPU = tableSubject({ id: 7, folder: 'db/cpu' });

test('what fails stands with its table and since when, until it goes well', () => {
  const clock = new FakeClock();
  const troubles = new MaintenanceTroubles(clock);
  const since = new Date(clock.nowMs()).toISOString();
  assert.equal(troubles.note('compaction', CPU, 'the disk is full'), true);
  clock.advance(3_600_000);
  assert.equal(troubles.note('compaction', CPU, 'the disk is full'), false, 'it was said');
  assert.equal(troubles.note('compaction', CPU, 'EIO'), true);
  assert.deepEqual(troubles.sentences(), [`compaction of table db/cpu fails since ${since}, and is tried again: EIO`]);
  assert.equal(troubles.counts.compaction, 1);
  troubles.clear('retention', CPU);
  assert.equal(troubles.sentences().length, 1);
  troubles.clear('compaction', CPU);
  assert.deepEqual([troubles.sentences(), troubles.counts.compaction], [[], 0]);
});

test('of ten thousand tables twenty are shown, those first that last longest, and a dropped one is forgotten', () => {
  const clock = new FakeClock();
  const troubles = new MaintenanceTroubles(clock);
  for (let id = 1; id <= 10_000; id += 1) {
    troubles.note('checkpoint', tableSubject({ id, folder: `db/m${id}` }), 'EIO');
    clock.advance(1);
  }
  assert.deepEqual([troubles.counts.checkpoint, troubles.sentences().length], [10_000, 21]);
  assert.match(troubles.sentences()[0]!, /^checkpoint of table db\/m1 fails/);
  assert.equal(troubles.sentences().at(-1), '9980 more troubles of maintenance stand in the log of the server alone');
  troubles.forget([1]);
  assert.match(troubles.sentences()[0]!, /^checkpoint of table db\/m2 fails/);
});

/** When a worker counts as one that does not come back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StallWatch, type StalledAt } from '../../src/ingest/stall.js';
import { Gauge, makeGauges } from '../../src/worker/gauges.js';
import { FakeClock } from '../http/fake-clock.js';

function bench(): { clock: FakeClock; gauge: Gauge; watch: StallWatch; stalls: StalledAt[]; asked: () => number } {
  const clock = new FakeClock();
  const gauge = new Gauge(makeGauges(1), 0);
  const watch = new StallWatch(clock, 8000);
  const stalls: StalledAt[] = [];
  let asked = 0;
  watch.watch(1, { gauge, ask: () => (asked += 1), onStall: (stalled) => stalls.push(stalled) });
  return { clock, gauge, watch, stalls, asked: () => asked };
}

test('a worker that answers when it is asked is never ended, and is asked once at a time', () => {
  const { clock, gauge, stalls, asked } = bench();
  for (let second = 0; second < 100; second += 1) {
    clock.advance(1000);
    assert.equal(asked(), second + 1);
    gauge.beat();
  }
  assert.deepEqual(stalls, []);
});

test('one that is silent is ended once, and told by what it was at: a body before a flush', () => {
  const { clock, gauge, stalls, asked } = bench();
  gauge.noteFlushing(7);
  gauge.noteBody(3);
  clock.advance(8000);
  assert.deepEqual(stalls, [], 'the time counts from the look that first saw it');
  clock.advance(1000);
  assert.deepEqual(stalls, [{ at: 'body', place: 3 }]);
  clock.advance(100_000);
  assert.equal(stalls.length, 1);
  assert.equal(asked(), 1);
});

test('a flush and orders are told as well', () => {
  for (const [begin, expected] of [[7, { at: 'flush', tableId: 7 }], [null, { at: 'orders' }]] as const) {
    const { clock, gauge, stalls } = bench();
    gauge.noteFlushing(begin);
    clock.advance(9000);
    assert.deepEqual(stalls, [expected]);
  }
});

test('each body of a list has the whole time', () => {
  const { clock, gauge, stalls } = bench();
  for (let place = 0; place < 10; place += 1) {
    gauge.noteBody(place);
    clock.advance(7000);
  }
  assert.deepEqual(stalls, []);
});

test('a process that stood still takes that for nobody\'s fault', () => {
  let nowMs = 0;
  let look = (): void => {};
  const clock = { monotonicMs: () => nowMs, every: (_: number, action: () => void) => ((look = action), { cancel: () => {} }) };
  const gauge = new Gauge(makeGauges(1), 0);
  const stalls: StalledAt[] = [];
  new StallWatch(clock as unknown as FakeClock, 8000).watch(1, { gauge, ask: () => {}, onStall: (stalled) => stalls.push(stalled) });
  look();
  nowMs = 3_600_000;
  look();
  assert.deepEqual(stalls, []);
  gauge.beat();
  look();
  for (let i = 0; i < 7; i += 1) {
    nowMs += 1000;
    look();
  }
  assert.deepEqual(stalls, []);
});

test('a forgotten worker and a closed watch are left alone', () => {
  const { clock, watch, stalls } = bench();
  watch.forget(1);
  clock.advance(20_000);
  watch.close();
  assert.equal(clock.waiting, 0);
  assert.deepEqual(stalls, []);
});

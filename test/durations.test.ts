import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationText, goDuration, parseDuration } from '../src/durations.js';
import { checkRetention, FIRST_TIME_NS, keptSinceMicros, keptSinceNs, parseRetention, retentionText } from '../src/retention.js';

const spans: readonly (readonly [text: string, seconds: number | null])[] = [
  ['0', 0], ['0s', 0], ['90s', 90], ['1h', 3600], ['1h30m', 5400], ['1h 30m', 5400], ['30d', 2_592_000], ['8w', 4_838_400], ['1mo', 2_592_000], ['1M', 2_592_000],
  ['1m', 60], ['1y', 31_536_000], ['2 weeks', 1_209_600], ['1 day 2 hours', 93_600], ['1500ms', 1.5], ['3600000000µs', 3600], ['3600s', 3600],
  ['', null], ['30', null], ['d', null], ['-1d', null], ['1.5h', null], ['1x', null], ['1D', null], ['1h,', null], ['none', null], ['1h'.repeat(9), null],
];

test('[issue 14 4] spans of time are read as clients write them', () => {
  for (const [text, seconds] of spans) assert.equal(parseDuration(text), seconds, text);
});

test('[issue 14 4] spans of time are written in days, hours, minutes or seconds, and as Go does', () => {
  for (const [seconds, text, go] of [
    [0, '0s', '0s'], [59, '59s', '59s'], [61, '61s', '1m1s'], [3600, '1h', '1h0m0s'], [5400, '90m', '1h30m0s'], [129_600, '36h', '36h0m0s'], [2_592_000, '30d', '720h0m0s'],
  ] as const) assert.deepEqual([durationText(seconds), goDuration(seconds)], [text, go]);
});

test('[issue 14 4] a retention period is an hour at least and 292 years at most, or none', () => {
  assert.equal(parseRetention('none'), null);
  assert.equal(parseRetention('1h'), 3600);
  assert.equal(parseRetention('3600500ms'), 3600, 'whole seconds');
  for (const text of ['59m59s', '0', '0d']) assert.throws(() => parseRetention(text), /at least 1h0m0s; none keeps all rows/, text);
  assert.throws(() => parseRetention('293y'), /292 years at most/);
  assert.throws(() => parseRetention('soon'), /"soon" is no retention period/);
  assert.notEqual(checkRetention(NaN), null);
  for (const text of ['none', '1h', '90m', '36h', '30d', '3601s']) assert.equal(retentionText(parseRetention(text)), text);
});

test('[issue 14 4] what is kept begins a period before now, at a microsecond or at the first time there is', () => {
  assert.equal(keptSinceMicros(null, 1e12), null);
  assert.equal(keptSinceMicros(3600, 7_200_001.9), 3_600_001_000);
  assert.equal(keptSinceNs(3600, 7_200_001), 3_600_001_000_000n);
  assert.equal(keptSinceNs(null, 1e12), FIRST_TIME_NS);
  assert.equal(keptSinceNs(9_223_372_036, -1e12), FIRST_TIME_NS);
});

/** Conditions of deletes: what of InfluxQL and of InfluxDB 2's predicates is read, and what is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../src/errors.js';
import { parsePredicate, pointConditions } from '../../src/influxql/conditions.js';
import { tokensOf } from '../../src/influxql/tokens.js';
import { FIRST_NS, LAST_NS } from '../../src/model/tombstone.js';
import { parseTimeNs } from '../../src/times.js';

const NOW_NS = 1_700_000_000_000_000_000n;
const of = (text: string) => pointConditions(tokensOf(text), NOW_NS);

test('[issue 14 4] times and tags of InfluxQL become bounds, both allowed', () => {
  const hour = 3_600_000_000_000n;
  for (const [text, firstNs, lastNs, tags] of [
    ["host = 'a'", FIRST_NS, LAST_NS, [['host', 'a']]],
    ['time >= 5 AND time < 9', 5n, 8n, []],
    ['time > 5 and (time <= 9 and ("rack" = \'it\\\'s\'))', 6n, 9n, [['rack', "it's"]]],
    ['time = -7', -7n, -7n, []],
    ["time < '2026-01-31'", FIRST_NS, BigInt(Date.UTC(2026, 0, 31)) * 1_000_000n - 1n, []],
    ["TIME >= '2026-01-31T01:02:03.000000004Z'", BigInt(Date.UTC(2026, 0, 31, 1, 2, 3)) * 1_000_000n + 4n, LAST_NS, []],
    ['time < now() - 1h', FIRST_NS, NOW_NS - hour - 1n, []],
    ['time > now() - 2h + 1h AND time < 1700000000s', NOW_NS - hour + 1n, NOW_NS - 1n, []],
    ["host = ''", FIRST_NS, LAST_NS, [['host', '']]],
  ] as const) assert.deepEqual(of(text), { firstNs, lastNs, tags }, text);
});

test('[issue 14 4] what a delete cannot be bounded by is refused with a sentence', () => {
  const fails = (work: () => unknown, code: string, words: RegExp, text: string): void => void assert.throws(work, (error: SluiceError) => error.code === code && words.test(error.detail), text);
  for (const [text, code, words] of [
    ["a = 'b' OR a = 'c'", 'not-offered', /^OR: /], ["a != 'b'", 'not-offered', /^a !=/], ["a =~ /b/", 'not-offered', /^a =~/], ['a > 5', 'not-offered', /^a >/],
    ["a = b", 'bad-query', /single quotes/], ['a = "b"', 'bad-query', /single quotes/], ["a 'b'", 'bad-query', /expected =/], ['time = \'soon\'', 'bad-query', /expected a time/],
    ["time != '2026-01-01'", 'not-offered', /^time !=/], ["(a = 'b'", 'bad-query', /expected \)/], ["a = 'b' c = 'd'", 'bad-query', /quotes/], ["a = 'b')", 'bad-query', /expected AND/],
    [`${'('.repeat(40)}a = 'b'${')'.repeat(40)}`, 'bad-query', /nested/], ['time > now() * 2', 'bad-query', /\+ or -/], ['a =', 'bad-query', /a value/],
  ] as const) fails(() => of(text), code, words, text);
  for (const [text, code, words] of [
    ['a="b" OR a="c"', 'not-offered', /^OR: /], ['a!="b"', 'not-offered', /^a !=/], ['_field="f"', 'not-offered', /^_field: /], ['a=/b/', 'not-offered', /^a =/],
    ['a="b', 'bad-query', /double quote .* not closed/], ['_measurement="a" AND _measurement="b"', 'bad-query', /one _measurement/], ['a="b" "c"', 'bad-query', /double quotes/],
  ] as const) fails(() => parsePredicate(text), code, words, text);
});

test('[issue 14 4] predicates of InfluxDB 2', () => {
  assert.deepEqual(parsePredicate(''), { measurement: null, tags: [] });
  assert.deepEqual(parsePredicate('_measurement="m"'), { measurement: 'm', tags: [] });
  assert.deepEqual(parsePredicate('_measurement=m and (host=\'a b\' AND "rack"="r\\"1")'), { measurement: 'm', tags: [['host', 'a b'], ['rack', 'r"1']] });
});

test('moments are read to the nanosecond, in any zone, and what is none is null', () => {
  for (const [text, ns] of [
    ['1970-01-01', 0n], ['1970-01-01T00:00:00.000000001Z', 1n], ['1969-12-31T23:59:59.999999999Z', -1n], ['1970-01-01 01:00', 3_600_000_000_000n], ['1970-01-01t02:00:00+02:00', 0n],
    ['2262-04-11T23:47:16.854775807Z', LAST_NS], ['2262-04-11T23:47:16.854775808Z', null], ['2026-02-30', null], ['2026-13-01', null], ['soon', null], ['', null], ['2026-01-01T25:00:00Z', null],
  ] as const) assert.equal(parseTimeNs(text), ns, text);
});

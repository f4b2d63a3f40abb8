/**
 * What each of Telegraf's four outputs does with each status that sluice can give, by the recorded runs of the real one
 * (test/data/telegraf/status-behaviour.json).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ERRORS, type ErrorCode } from '../../src/errors.js';
import { failure, STORED, type Asker } from '../../src/http/front/answer.js';
import type { Answer } from '../../src/http/listener/listener.js';
import { TELEGRAF_DATA } from './telegraf/recordings.js';

type Output = 'influxdb' | 'influxdb_v2' | 'influxdb_v3' | 'http';
type Action = 'accept' | 'drop' | 'retry' | 'split';

interface Run {
  readonly scenario: string;
  readonly output: Output;
  readonly status: number | null;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | null;
  readonly action: string;
  /** What makes the run special: an own flush interval, a shutdown, a status that depends on the body. */
  readonly note?: string;
  readonly points_never_accepted?: readonly number[];
}

const runs = JSON.parse(readFileSync(join(TELEGRAF_DATA, 'status-behaviour.json'), 'utf8')) as Run[];
const OUTPUTS: readonly Output[] = ['influxdb', 'influxdb_v2', 'influxdb_v3', 'http'];
const SHORT: Readonly<Record<Output, string>> = { influxdb: 'v1', influxdb_v2: 'v2', influxdb_v3: 'v3', http: 'http' };
/** `outputs.http` is pointed at any of the endpoints; they differ for it in nothing but the body. */
const DIALECT: Readonly<Record<Output, Asker['dialect']>> = { influxdb: 'v1', influxdb_v2: 'v2', influxdb_v3: 'v3', http: 'v1' };

/** The truth in one table: status → what v1, v2, v3 and http do. */
const ACTIONS: ReadonlyMap<number, readonly [v1: Action, v2: Action, v3: Action, http: Action]> = new Map([
  [204, ['accept', 'accept', 'accept', 'accept']],
  // http: for ever, unless non_retryable_statuscodes names it.
  [400, ['drop', 'drop', 'drop', 'retry']],
  [401, ['drop', 'retry', 'retry', 'retry']],
  [403, ['drop', 'retry', 'retry', 'retry']],
  [404, ['drop', 'drop', 'drop', 'retry']],
  [405, ['drop', 'drop', 'drop', 'retry']],
  [409, ['drop', 'drop', 'drop', 'retry']],
  [413, ['drop', 'split', 'split', 'retry']],
  [415, ['drop', 'drop', 'drop', 'retry']],
  [422, ['drop', 'drop', 'drop', 'retry']],
  [500, ['retry', 'retry', 'retry', 'retry']],
  [503, ['retry', 'retry', 'retry', 'retry']],
]);

/** Statuses of which the same points, sent again later or in smaller bodies, could be stored. */
const SAVED_BY_A_RETRY: ReadonlySet<number> = new Set([401, 403, 413, 500, 503]);

/** Not among the answers to a write, which makes the database that it names: at these words v1 sends CREATE DATABASE. */
const OF_PAGES_ALONE: readonly ErrorCode[] = ['database-not-found'];

/** Words of an error at which the v1 output does something else than the status says. */
const V1_WORDS = /partial write|unable to parse|points beyond retention policy|retention policy not found|hinted handoff queue not empty|database not found/;

function answerTo(output: Output, code: ErrorCode): Answer {
  return failure(code, 'detail', { dialect: DIALECT[output], telegraf: true, retryAfterS: 1 });
}

/** All statuses that an output can be sent. */
function statusesTo(output: Output): Set<number> {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  return new Set([STORED.status, ...codes.map((code) => answerTo(output, code).status)]);
}

/** The plain runs with a status and a body like sluice's: none after a 204, else a JSON object without v1's words. */
function runsLike(output: Output, status: number): Run[] {
  const alike = (body: string | null): boolean => (status === 204 ? body === null : body?.startsWith('{') === true && !V1_WORDS.test(body));
  return runs.filter((run) => run.scenario.startsWith(`b-${SHORT[output]}-${status}`)
    && run.output === output && run.status === status && run.note === undefined && alike(run.body)
    && !run.scenario.endsWith('-then-shutdown'));
}

for (const [status, actions] of ACTIONS) {
  for (const [i, output] of OUTPUTS.entries()) {
    test(`${output} after ${status}: ${actions[i]}`, () => {
      const alike = runsLike(output, status);
      assert.ok(alike.length > 0, 'there are recordings of it');
      for (const { scenario, action } of alike) assert.equal(action, actions[i], scenario);
    });
  }
}

test('the table has every status that sluice gives, and no other', () => {
  const given = new Set(OUTPUTS.flatMap((output) => [...statusesTo(output)]));
  assert.deepEqual([...given].sort(), [...ACTIONS.keys()].sort());
});

test('v1 gets JSON without the words that overrule a status, else it would drop or ask for a database', () => {
  for (const code of (Object.keys(ERRORS) as ErrorCode[]).filter((one) => !OF_PAGES_ALONE.includes(one))) {
    const { body, headers } = answerTo('influxdb', code);
    assert.ok(JSON.parse(body));
    assert.ok(headers.some(([name, value]) => name === 'Content-Type' && value === 'application/json'), code);
    assert.doesNotMatch(body, V1_WORDS, code);
  }
});

test('v2 is never sent 429 or 503, at which it forgets points of other buckets', () => {
  for (const status of [429, 503]) {
    assert.ok(!statusesTo('influxdb_v2').has(status), String(status));
    assert.ok(lostByOthers('influxdb_v2', status).length > 0, `recorded: ${status} loses`);
  }
  assert.deepEqual(lostByOthers('influxdb_v2', 500), [], 'what it is sent instead loses nothing');
});

/** Points that runs with a tag as target lost although their own target would have taken them. */
function lostByOthers(output: Output, status: number): readonly number[] {
  return runs
    .filter((run) => run.output === output && run.status === status && run.scenario.includes('-tag-routing-'))
    // host-3, the one target that refuses, has point 3; of three targets eu-1 has points 1, 4 and 7, which fit when halved.
    .flatMap(({ scenario, points_never_accepted: never = [] }) => (scenario.includes('-routing-one-') ? never.filter((point) => point !== 3) : never));
}

test('only 401, 403 and 413 on v1, and 413 on v3 with database_tag, lose points that a retry could save', () => {
  const losses = new Set<string>();
  for (const [i, output] of OUTPUTS.entries()) {
    for (const status of statusesTo(output)) {
      if (!SAVED_BY_A_RETRY.has(status)) continue;
      if (ACTIONS.get(status)?.[i] === 'drop') losses.add(`${output} ${status}`);
      else if (lostByOthers(output, status).length > 0) losses.add(`${output} with a target tag ${status}`);
    }
  }
  assert.deepEqual([...losses].sort(), ['influxdb 401', 'influxdb 403', 'influxdb 413', 'influxdb_v3 with a target tag 413']);
});

test('a refusal that no retry can mend is never one that v2 and v3 try again for ever', () => {
  for (const output of ['influxdb_v2', 'influxdb_v3'] as const) {
    for (const status of statusesTo(output)) {
      if (status === 204 || SAVED_BY_A_RETRY.has(status)) continue;
      assert.equal(ACTIONS.get(status)?.[OUTPUTS.indexOf(output)], 'drop', `${output} ${status}`);
    }
  }
});

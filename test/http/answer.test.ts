import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import { ERRORS } from '../../src/errors.js';
import type { ErrorCode } from '../../src/errors.js';
import { failure, outcomeAnswer } from '../../src/http/front/answer.js';
import type { Asker } from '../../src/http/front/answer.js';
import { lineErrorArray, lineErrorText } from '../../src/line-errors.js';
import type { Dialect } from '../../src/ingest/request.js';
import type { LineError, RejectedLines } from '../../src/model/line-error.js';

const DIALECTS: readonly Dialect[] = ['v1', 'v2', 'v3'];
const asker = (dialect: Dialect, telegraf = false): Asker => ({ dialect, telegraf, retryAfterS: 1 });

const missing: LineError = {
  line: 3, column: 5, code: abi.LINE_FIELDS_MISSING, source: 'cpu v=', measurement: 'cpu', key: '', value: '', kindHas: 0, kindCame: 0,
};
const conflict: LineError = {
  line: 7, column: 12, code: abi.LINE_TYPE_CONFLICT, source: 'cpu usage=1i', measurement: 'cpu', key: 'usage', value: '1i',
  kindHas: abi.KIND_F64, kindCame: abi.KIND_I64,
};

function partial(dialect: Dialect, errors: readonly LineError[], stored = true, rejected = errors.length, more: RejectedLines['more'] = []) {
  const rejectedLines: RejectedLines = { text: new Uint8Array(), kept: 0, codes: [], more };
  const answer = outcomeAnswer({ kind: 'partial', stored, accepted: stored ? 8 : 0, rejected, errors, rejectedRuns: new Uint32Array(), rejectedLines }, asker(dialect));
  return { answer, body: JSON.parse(answer.body) };
}

test('a stored write is 204 without a body on every endpoint', () => {
  for (const dialect of DIALECTS) assert.deepEqual(outcomeAnswer({ kind: 'stored' }, asker(dialect)), { status: 204, headers: [], body: '' });
});

test('a line error says what is wrong, and a conflict names table, column and both types', () => {
  assert.equal(lineErrorText(conflict), 'field type conflict: column "usage" of table "cpu" has type float, integer came');
  assert.equal(lineErrorText(missing), 'the line has no valid field: table "cpu"');
  assert.equal(lineErrorText({ ...missing, measurement: '' }), 'the line has no valid field');
  assert.equal(
    lineErrorText({ ...conflict, code: abi.LINE_TAG_AND_FIELD, kindHas: abi.KIND_TAG, kindCame: abi.KIND_F64 }),
    'one name is both tag and field: column "usage" of table "cpu" has type tag, float came; with --types split it goes to a column of its own, where that is free',
  );
  assert.equal(
    lineErrorText({ ...missing, code: abi.LINE_TOO_MANY_COLUMNS, key: 'x' }),
    'the table is at its limit of columns: column "x" of table "cpu"',
  );
  assert.equal(
    lineErrorText({ ...missing, code: abi.LINE_TAGS_FIXED, key: 'rack' }),
    'the tags of a table are fixed after its first write, and this one is new: tag "rack" of table "cpu"',
  );
});

test('rejected lines are 400 in JSON, each with number, column, code and value, and the total', () => {
  for (const dialect of DIALECTS) {
    const { answer, body } = partial(dialect, [missing, conflict]);
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.headers[0], ['Content-Type', 'application/json']);
    assert.equal(body.total, 2);
    assert.deepEqual(body.data[1], {
      error_message: 'field type conflict: column "usage" of table "cpu" has type float, integer came',
      line_number: 7, original_line: 'cpu usage=1i', line: 7, column: 12, code: 'type-conflict',
      measurement: 'cpu', key: 'usage', value: '1i',
    });
  }
});

test('v1 says partial write and dropped, and the words that make clients give up', () => {
  assert.equal(
    partial('v1', [missing, conflict]).body.error,
    `partial write: unable to parse 'cpu v=': the line has no valid field: table "cpu" (line 3, column 5) dropped=2`,
  );
  assert.match(partial('v1', [conflict]).body.error, /^partial write: field type conflict: .*dropped=1$/);
  assert.match(partial('v1', [conflict], false).body.error, /^field type conflict: .*nothing was stored$/);
  assert.match(partial('v1', [missing], false).body.error, /^unable to parse 'cpu v=': .*nothing was stored$/);
  assert.match(partial('v1', [], true, 5).body.error, /unable to parse dropped=5$/);
});

test('v2 has code, message and the first line beside what v3 clients read', () => {
  const { body } = partial('v2', [missing, conflict]);
  assert.equal(body.code, 'invalid');
  assert.equal(body.line, 3);
  assert.match(body.message, /^2 lines were rejected, 8 were stored; line 3, column 5: fields-missing: the line has no valid field/);
  assert.equal(body.error, 'partial write of line protocol occurred');
  assert.match(partial('v2', [missing], false).body.message, /nothing was stored/);
  const { body: counted } = partial('v2', [], true, 5);
  assert.equal(counted.message, '5 lines were rejected, 8 were stored');
  assert.equal('line' in counted, false);
});

test('v2 messages never hold the words at which clients drop in silence, not even out of a line', () => {
  const words = ['partial write', 'unable to parse', 'points beyond retention policy', 'hinted handoff queue not empty'];
  for (const word of words) {
    const { body } = partial('v2', [{ ...conflict, measurement: word }, missing]);
    for (const other of words) assert.equal(body.message.includes(other), false);
    assert.match(body.message, /line 7, column 12: type-conflict/);
  }
});

test('[issue 14 4] a line past retention has the words by which clients of v1 give it up, and not those at which clients of v2 are silent', () => {
  const old: LineError = { ...missing, code: abi.LINE_BEYOND_RETENTION, value: '1' };
  assert.match(partial('v1', [old]).body.error, /^partial write: points beyond retention policy: the point is older than the retention period of its database: table "cpu" \(line 3, column 5\) dropped=\d+$/);
  assert.match(partial('v1', [old], false).body.error, /^points beyond retention policy: .*; nothing was stored$/);
  assert.match(partial('v2', [old]).body.message, /line 3, column 5: beyond-retention: the point is older than the retention period of its database: table "cpu"$/);
});

test('v3 has its own sentence for each kind of refusal', () => {
  assert.equal(partial('v3', [missing]).body.error, 'partial write of line protocol occurred');
  assert.equal(partial('v3', [missing], false).body.error, 'line protocol parsing error');
});

function longError(line: number, letter: string): LineError {
  const text = letter.repeat(256 / Buffer.byteLength(letter));
  return { ...conflict, line, source: text, measurement: text, key: text, value: text };
}

/** The entry of a line of which only number and code are known, 300 of them behind the first 100. */
const MORE = Array.from({ length: 300 }, (_, i): [number, number] => [101 + i, abi.LINE_NOT_UTF8]);

for (const letter of ['x', '\u0001', '"', '€€€€', '😀']) {
  test(`100 long errors of ${JSON.stringify(letter)} and more stay under 16 KiB and the first 100 are all named`, () => {
    const errors = Array.from({ length: 100 }, (_, i) => longError(i + 1, letter));
    for (const dialect of DIALECTS) {
      const { answer, body } = partial(dialect, errors, true, 123_456, MORE);
      const headerBytes = answer.headers.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
      assert.ok(Buffer.byteLength(answer.body) + headerBytes + 400 < 16 * 1024, `${Buffer.byteLength(answer.body)} bytes`);
      assert.equal(body.total, 123_456);
      assert.deepEqual(body.data.slice(0, 100).map((entry: { line: number }) => entry.line), errors.slice(0, 100).map((error) => error.line));
      // Six texts of the first one, six bytes a character, have no room beside the names of all.
      if (letter !== '\u0001') assert.equal(body.data[0].value, errors[0]!.value);
      assert.deepEqual(Object.keys(body.data[99]), ['line_number', 'line', 'code']);
    }
  });
}

test('errors that fit are all shown whole, and behind them number and code of others as far as they fit', () => {
  const errors = Array.from({ length: 30 }, (_, i) => ({ ...missing, line: i + 1 }));
  const { answer, body } = partial('v3', errors, true, 5000, MORE);
  assert.ok(body.data.slice(0, 30).every((entry: { value?: string }) => entry.value !== undefined));
  assert.deepEqual(body.data[30], { line_number: 101, line: 101, code: 'not-utf8' });
  assert.ok(body.data.length > 100 && body.data.length < 330, `${body.data.length} entries`);
  assert.ok(answer.body.length > 14_900);
});

test('the array of errors keeps to its limit whatever it is', () => {
  const errors = Array.from({ length: 100 }, (_, i) => longError(i + 1, '€'));
  for (const bytesMax of [2, 60, 1000, 5000, 9000]) {
    const text = lineErrorArray(errors, MORE, bytesMax);
    assert.ok(Buffer.byteLength(text) <= bytesMax);
    assert.ok(Array.isArray(JSON.parse(text)));
  }
});

test('an entry that fits to the byte is shown, and one that misses by a byte is shortened or left out', () => {
  const entriesWithin = (errors: readonly LineError[], more: RejectedLines['more'], bytesMax: number) =>
    JSON.parse(lineErrorArray(errors, more, bytesMax)) as { value?: string }[];
  // An array's limit counts a comma behind each entry.
  const wholeBytes = lineErrorArray([missing], [], 1000).length + 1;
  assert.equal(entriesWithin([missing], [], wholeBytes)[0]!.value, '');
  assert.deepEqual(entriesWithin([missing], [], wholeBytes - 1), [{ line_number: 3, line: 3, code: 'fields-missing' }]);
  const shortBytes = lineErrorArray([], [[3, abi.LINE_NOT_UTF8]], 1000).length + 1;
  assert.equal(entriesWithin([], [[3, abi.LINE_NOT_UTF8]], shortBytes).length, 1);
  assert.equal(entriesWithin([], [[3, abi.LINE_NOT_UTF8]], shortBytes - 1).length, 0);
});

test('a code and a kind that have no name here are called unknown', () => {
  assert.equal(lineErrorText({ ...missing, code: 99, measurement: '' }), 'the line was rejected');
  assert.equal(
    lineErrorText({ ...conflict, kindCame: 99 }),
    'field type conflict: column "usage" of table "cpu" has type float, unknown came',
  );
  assert.equal(partial('v3', [{ ...missing, code: 99 }]).body.data[0].code, 'unknown');
});

test('the bodies of a rejected line, byte for byte', () => {
  const entry = '{"error_message":"field type conflict: column \\"usage\\" of table \\"cpu\\" has type float, integer came","line_number":7,'
    + '"original_line":"cpu usage=1i","line":7,"column":12,"code":"type-conflict","measurement":"cpu","key":"usage","value":"1i"}';
  const sentence = 'field type conflict: column \\"usage\\" of table \\"cpu\\" has type float, integer came';
  assert.equal(partial('v1', [conflict]).answer.body, `{"error":"partial write: ${sentence} (line 7, column 12) dropped=1","total":1,"data":[${entry}]}`);
  assert.equal(
    partial('v2', [conflict]).answer.body,
    `{"code":"invalid","message":"1 line was rejected, 8 were stored; line 7, column 12: type-conflict: ${sentence}","line":7,`
      + `"error":"partial write of line protocol occurred","total":1,"data":[${entry}]}`,
  );
  assert.equal(partial('v3', [conflict], false).answer.body, `{"error":"line protocol parsing error","total":1,"data":[${entry}]}`);
});

test('the bodies of refusals, byte for byte', () => {
  const bodies = DIALECTS.map((dialect) => failure('unauthorized', 'the token is not known', asker(dialect)).body);
  assert.deepEqual(bodies, [
    '{"error":"authorization failed: the token is not known","code":"unauthorized"}',
    '{"code":"unauthorized","message":"authorization failed: the token is not known"}',
    '{"error":"authorization failed: the token is not known","code":"unauthorized"}',
  ]);
});

test('every refusal has its status, JSON and a single-line header in each dialect', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    for (const dialect of DIALECTS) {
      const answer = failure(code, 'why "it"\nis so é', asker(dialect));
      const headers = new Map(answer.headers);
      const body = JSON.parse(answer.body);
      assert.equal(answer.status, ERRORS[code].status);
      assert.equal(headers.get('Content-Type'), 'application/json');
      assert.match(headers.get('X-Influxdb-Error')!, /^[\x20-\x7e]{1,256}$/);
      assert.equal(headers.has('Retry-After'), answer.status === 503);
      assert.equal(headers.has('WWW-Authenticate'), answer.status === 401);
      assert.ok((dialect === 'v2' ? body.message : body.error).startsWith(ERRORS[code].sentence));
      if (dialect !== 'v2') assert.equal(body.code, code);
    }
  }
});

test('v2 names its codes', () => {
  const codes = (['bad-parameter', 'unauthorized', 'not-found', 'body-too-large', 'disk-full', 'internal'] as const)
    .map((code) => JSON.parse(failure(code, 'x', asker('v2')).body).code);
  assert.deepEqual(codes, ['invalid', 'unauthorized', 'not found', 'request too large', 'unavailable', 'internal error']);
});

test('503 of any cause is 500 to a Telegraf on v2 and to no one else', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    if (ERRORS[code].status !== 503) continue;
    const outcome = { kind: 'failed', code, detail: 'x' } as const;
    const answer = outcomeAnswer(outcome, asker('v2', true));
    assert.equal(answer.status, 500);
    assert.equal(new Map(answer.headers).has('Retry-After'), false);
    for (const other of [asker('v1', true), asker('v3', true), asker('v2')]) assert.equal(outcomeAnswer(outcome, other).status, 503);
  }
});

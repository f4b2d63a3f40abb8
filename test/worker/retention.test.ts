/** Lines past retention: rejected by the exact path and the fast one alike, with nothing of them left. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import { lineErrorText } from '../../src/line-errors.js';
import { FILES, type Build } from './builds.js';
import { ParserSession } from './parser-session.js';
import { Random } from './random.js';

for (const build of Object.keys(FILES) as Build[]) {
  test(`[issue 14 4] a line before the first time that is kept is rejected and makes nothing (${build})`, () => {
    const session = new ParserSession({}, build);
    const parsed = session.write('m f=1 1000\nold,t=a f=1 999\nm f=2\nm f=x 1\nm g=1 -5\nm f=3 1001', { keptSince: 1000n });
    assert.equal(parsed.status, abi.PARSE_ACCEPTED);
    assert.deepEqual(parsed.errors.map(({ line, code }) => [line, code]), [[2, abi.LINE_BEYOND_RETENTION], [4, abi.LINE_FIELDS_MISSING], [5, abi.LINE_BEYOND_RETENTION]]);
    const [first] = parsed.errors;
    assert.deepEqual([first!.column, first!.value, first!.measurement], [13, '999', 'old']);
    assert.equal(lineErrorText(first!), 'the point is older than the retention period of its database: table "old"');
    assert.deepEqual([parsed.accepted, parsed.rejected], [3, 3]);
    assert.deepEqual(parsed.spans.map(({ rowFirst, rowEnd }) => rowEnd - rowFirst), [3], 'one table, of the lines that are kept');
  });

  test(`[issue 14 4] lines like the ones before them are rejected for their age, and leave no value (${build})`, () => {
    const random = new Random(14);
    for (let round = 0; round < 20; round += 1) {
      const times = Array.from({ length: 400 }, () => (random.below(2) === 0 ? 1_000_000_000_000 : 0) + random.below(1_000_000));
      const lineOf = (time: number): string => `m,t=${time % 3} f=${time},s="${time}"${random.below(10) > 0 ? ',b=t' : ''} ${time}`;
      const lines = times.map(lineOf);
      const keptSince = 1_000_000_500_000n;
      const session = new ParserSession({}, build);
      const twin = new ParserSession({}, build);
      const parsed = session.write(lines.join('\n'), { keptSince });
      const kept = twin.write(lines.filter((_, at) => BigInt(times[at]!) >= keptSince).join('\n'));
      assert.equal(parsed.accepted, kept.accepted);
      assert.equal(parsed.checksum, kept.checksum);
      assert.deepEqual(session.rows('m'), twin.rows('m'));
      const old = times.flatMap((time, at) => (BigInt(time) < keptSince ? [at + 1] : []));
      const rejected: number[] = [];
      for (let run = 0; run < parsed.rejectedRuns.length; run += 2) {
        for (let line = parsed.rejectedRuns[run]!; line <= parsed.rejectedRuns[run + 1]!; line += 1) rejected.push(line);
      }
      assert.deepEqual(rejected, old);
    }
  });

  test(`[issue 14 4] what is read back is taken however old it is, and what was rejected stays out (${build})`, () => {
    const body = 'm f=1 1\nm f=2 2000\nm f=3 3';
    const session = new ParserSession({}, build);
    const live = session.write(body, { keptSince: 1000n });
    const replayed = new ParserSession({}, build);
    replayed.write('m f=9 9');
    const again = replayed.parse(body, { flags: abi.PARSE_REPLAY, replaySeq: 7, rejectedRuns: live.rejectedRuns, keptSince: 5000n });
    assert.deepEqual([again.accepted, again.rejected, again.checksum], [1, 2, live.checksum]);
  });
}

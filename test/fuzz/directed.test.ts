/** The parser against the oracle where chance would come too seldom: real data, every vector, every edge. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readVectors } from '../oracle/vectors.js';
import { type Request, toStored } from './case.js';
import { PRECISIONS, randomRules } from './cases.js';
import { difference } from './compare.js';
import { randomBody } from './generator.js';
import { OracleSubject } from './oracle-subject.js';
import { fuzzCount, isLongRun, Random } from './random.js';
import { sameAs } from './same.js';
import { readSamples } from './samples.js';
import { timestampEdges } from './values.js';
import { everySubject, WasmSubject } from './wasm-subject.js';

function request(body: string | Buffer, changes: Partial<Request> = {}): Request {
  return { database: 1, precision: 'ns', acceptPartial: true, body: Buffer.from(body), ...changes };
}

/** Compares both builds in both ways with the oracle. */
const assertSame = sameAs(everySubject);

/** Of the seven, for each short vector; which ones goes round, so that all are met. */
const PRECISIONS_EACH = Math.min(PRECISIONS.length, fuzzCount(1));

test('every vector, and the short ones in several precisions', () => {
  const vectors = readVectors();
  for (let from = 0; from < vectors.length; from += 100) {
    const oracle = new OracleSubject(), parsers = (['simd', 'scalar'] as const).map((build) => new WasmSubject({ build, thorough: from % 200 === 0 }));
    let database = 0;
    for (const [at, { id, body }] of vectors.slice(from, from + 100).entries()) {
      const goneRound = [...PRECISIONS.slice(at % PRECISIONS.length), ...PRECISIONS];
      const precisions = body.length < 4096 ? goneRound.slice(0, PRECISIONS_EACH) : ['ns' as const];
      const requests = precisions.map((precision) => request(body, { database: ++database, precision }));
      assert.equal(difference(requests, oracle, parsers), null, id);
    }
  }
});

test('real data, whole and in requests of 500 lines', () => {
  for (const [at, { name, lines }] of readSamples().entries()) {
    if (isLongRun || at % 2 === 0) assertSame([request(lines.join('\n'))], name);
    if (!isLongRun && at % 2 === 0) continue;
    const parts: Request[] = [];
    for (let from = 0; from < lines.length; from += 500) parts.push(request(lines.slice(from, from + 500).join('\n'), { precision: 'auto' }));
    assertSame(parts, `${name} in parts`);
  }
});

/** Random cases for each limit. */
const LIMITED = fuzzCount(12);

test('limits of tables, columns and bytes of column names', () => {
  const random = new Random(11);
  // No generated line has more than 15 tags and fields: above the limit of columns a line need not be read to its end.
  for (const limits of [{ tablesMax: 2 }, { columnsMax: 15 }, { columnNameBytesMax: 12 }, { tablesMax: 3, columnsMax: 15, columnNameBytesMax: 30 }, { namesBytesMax: 700 }]) {
    const codes = new Set<string>();
    for (let i = 0; i < LIMITED; i++) {
      const requests = Array.from({ length: 6 }, () => request(randomBody(random, 'ns'), { acceptPartial: random.chance(0.8), rules: randomRules(random) }));
      const found = difference(requests, new OracleSubject(limits), everySubject(limits));
      assert.equal(found, null, JSON.stringify([limits, toStored('a limit', requests)]));
      const oracle = new OracleSubject(limits);
      for (const { code } of requests.flatMap((each) => oracle.write(each).errors)) codes.add(code);
    }
    assert.equal(codes.has('names-full'), 'namesBytesMax' in limits, JSON.stringify(limits));
    assert.equal(codes.has('too-many-tables'), 'tablesMax' in limits, JSON.stringify(limits));
    assert.equal(codes.has('too-many-columns'), 'columnsMax' in limits || 'columnNameBytesMax' in limits, JSON.stringify(limits));
  }
});

const ODD_TIMES = ['', '-0', '00', '9223372036854775808', '-9223372036854775809', '18446744073709551616', '99999999999999999999999'];

test('a timestamp at every edge of every precision, and none', () => {
  for (const precision of PRECISIONS) {
    for (const time of [...ODD_TIMES, ...timestampEdges(precision).map(String)]) {
      // Behind another time of as many digits too: what was read before must not matter.
      const body = `m f=1 ${time}\nm f=2 1700000000000000000\nm f=3 ${time}\nm f=4 1700000000\nm f=5 ${time}`;
      assertSame([request(body, { precision })], `${time} in ${precision}`);
    }
  }
});

/** One for each error code that a line has by itself, and a conflict with the good lines of each kind. */
const BAD_LINES: readonly (readonly [code: string, line: string])[] = [
  ['measurement-missing', ',t=a f=1'], ['fields-missing', 'm,t=a'], ['fields-missing', 'm f=x'], ['tag-key-missing', 'm,=a f=1'],
  ['tag-without-equals', 'm,t f=1'], ['tag-value-missing', 'm,t= f=1'], ['ends-with-backslash', 'm,t=a\\\\ f=1'],
  ['trailing-content', 'm f=1 5 6'], ['trailing-content', 'm f=1,i=2i,'], ['unterminated-string', 'm s="a'],
  ['integer-out-of-range', 'm i=9223372036854775808i'], ['unsigned-out-of-range', 'm u=18446744073709551616u'], ['float-out-of-range', 'm f=1e400'],
  ['timestamp-out-of-range', 'm f=1 9223372036854775808'], ['name-too-long', `m,t=${'x'.repeat(65_537)} f=1`],
  ['string-too-long', `m f=1,s="${'x'.repeat(1_048_577)}"`], ['not-utf8', 'm,t=\xff f=1'], ['duplicate-tag', 'm,t=a,t=b f=1'],
  ['duplicate-field', 'm f=1,f=2'], ['tag-and-field', 'm,n=a n=1'], ['tag-and-field', 'm,f=a i=1i'], ['tag-and-field', 'm t=1'],
  ['reserved-name', 'm,time=a f=1'], ['reserved-name', 'm f=1,time=2'], ['type-conflict', 'm f=1i'], ['type-conflict', 'm new=1,i=1'],
];

test('a bad line costs itself alone, wherever it stands', () => {
  const good = ['m,t=a f=1,i=1i 1', 'm,t=b f=2,i=2i 2', 'm,t=a f=3,b=t 3', 'm,t=a,u=x f=4,i=4i 4', 'other u=1u 5', 'm,t=a f=1,i=1i 6'];
  const first = request(good.join('\n'));
  for (const [code, bad] of BAD_LINES) {
    for (let at = 0; at <= good.length; at++) {
      const body = Buffer.from([...good.slice(0, at), bad, ...good.slice(at)].join('\n'), 'latin1');
      const what = `${bad.slice(0, 60)} at line ${at + 1}`;
      const parser = new WasmSubject();
      const { rows } = parser.write(first);
      const outcome = parser.write(request(body));
      assert.deepEqual(outcome.rows, rows, `the rows beside ${what}`);
      assert.deepEqual(outcome.errors, [{ line: at + 1, code }], what);
      assertSame([request(body)], `${what} of a new database`);
      assertSame([first, request(body, { acceptPartial: false }), first], `${what}, refused`);
    }
  }
});

test('quotes that stay open cannot make a body slow: in the end every newline ends a line', () => {
  // Each of these lines opens quotes that only the body's end would close; the last two lines are one until then.
  const body = `${'" f="\n'.repeat(5000)}m f=1\\\nm g=2\n`;
  const outcome = new WasmSubject().write(request(body));
  assert.equal(outcome.rejected, 5001);
  assert.deepEqual([...outcome.rows.values()].map((rows) => rows.length), [1]);
  assertSame([request(body)], 'a body of open quotes');
});

test('a body that is refused leaves no trace', () => {
  const refused = request('m,t=a f=1 1\nnew f=1\nm,t2=b g=1i\nm f=1i', { acceptPartial: false });
  const parser = new WasmSubject();
  parser.write(request('m,t=a f=1 1'));
  const before = parser.state(1);
  const outcome = parser.write(refused);
  const { status, errors, rows } = outcome;
  assert.deepEqual({ status, errors, rows }, { status: 'refused', errors: [{ line: 4, code: 'type-conflict' }], rows: new Map() });
  assert.deepEqual(parser.state(1), before);
  assertSame([refused, request('m f=1i,g=2\nnew f="x"'), refused], 'refused, then written with other types');
});

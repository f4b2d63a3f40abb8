import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import { LINE_ERRORS } from '../../src/errors.js';
import { listedPoints } from '../../src/worker/wasm/dump.js';
import { compile, type Parsed, WasmParser } from '../../src/worker/wasm/wasm.js';
import { DEFAULT_TIME, ParserSession } from './parser-session.js';

function codes({ errors }: Parsed): string[] {
  return errors.map(({ line, code }) => `${line} ${LINE_ERRORS[code]?.name}`);
}

test('an error names the physical line, the byte column, the line, its measurement, key and value', () => {
  const cases: [body: string, column: number, name: string, measurement: string, key: string, value: string][] = [
    ['cpu,host=a usage=1.5x 7', 18, 'trailing-content', 'cpu', 'usage', '1.5x'],
    ['  cpu,host=a usage=abc,b=1 7', 20, 'fields-missing', 'cpu', 'usage', 'abc'],
    ['cpu a=1,b=abc 7', 11, 'trailing-content', 'cpu', 'b', 'abc'],
    ['cpu a=1 tomorrow', 9, 'trailing-content', 'cpu', '', 'tomorrow'],
    ['cpu a=1 99999999999999999999', 9, 'timestamp-out-of-range', 'cpu', '', '99999999999999999999'],
    ['cpu a=99999999999999999999i', 7, 'integer-out-of-range', 'cpu', 'a', '99999999999999999999i'],
    ['c\\ u,x=1,x=2 a=1', 10, 'duplicate-tag', 'c\\ u', 'x', 'x'],
    ['cpu,x=1 time=1', 9, 'reserved-name', 'cpu', 'time', 'time'],
    ['cpu,host= a=1', 10, 'tag-value-missing', 'cpu', 'host', ''],
    ['cpu,host a=1', 5, 'tag-without-equals', 'cpu', 'host', 'host'],
    [',a=b c=1', 1, 'measurement-missing', '', '', ''],
    ['cpu a="é', 7, 'unterminated-string', 'cpu', 'a', '"é'],
    ['é a=1,é=2 ,', 13, 'trailing-content', 'é', '', ','],
  ];
  for (const [body, column, name, measurement, key, value] of cases) {
    const { errors } = new ParserSession().parse(`ok a=1\n\n${body}\n`);
    const [{ code, ...rest }] = errors as [(typeof errors)[number]];
    const expected = { line: 3, column, source: body, measurement, key, value, kindHas: 0, kindCame: 0, ...(name === 'timestamp-out-of-range' ? { precision: abi.PRECISION_NS } : {}) };
    assert.deepEqual({ name: LINE_ERRORS[code]?.name, ...rest }, { name, ...expected }, body);
  }
});

test('texts of errors are cut at 256 bytes on a character boundary, and bytes that are not UTF-8 are replaced', () => {
  const session = new ParserSession();
  const long = session.parse(`m f=x${'é'.repeat(400)}`).errors[0];
  assert.equal(long?.value, `x${'é'.repeat(127)}`);
  const broken = session.parse(Buffer.from('6d20663dff', 'hex')).errors[0];
  assert.equal(broken?.source, 'm f=\ufffd');
});

test('conflicts name both kinds', () => {
  const session = new ParserSession();
  session.write('m,t=a f=1');
  const { errors } = session.parse('m f=1i\nm t=1\nm,f=x g=1');
  assert.deepEqual(
    errors.map(({ code, key, value, kindHas, kindCame }) => [code, key, value, kindHas, kindCame]),
    [
      [abi.LINE_TYPE_CONFLICT, 'f', '1i', abi.KIND_F64, abi.KIND_I64],
      [abi.LINE_TAG_AND_FIELD, 't', '1', abi.KIND_TAG, abi.KIND_F64],
      [abi.LINE_TAG_AND_FIELD, 'f', 'x', abi.KIND_F64, abi.KIND_TAG],
    ],
  );
});

test('rejected lines next to one another are one run, whatever blank lines and comments stand between', () => {
  const body = 'bad\nm f=1\nbad\n\n# c\nm f="a\nb" x\nm f=2\nbad\nm f=3';
  const { lines, accepted, rejected, rejectedRuns } = new ParserSession().parse(body);
  assert.deepEqual({ lines, accepted, rejected }, { lines: 7, accepted: 3, rejected: 4 });
  assert.deepEqual([...rejectedRuns], [1, 1, 3, 7, 9, 9]);
});

test('of very many rejected lines the first hundred are told and all are counted', () => {
  const { errors, rejected, rejectedRuns } = new ParserSession().parse('bad\n'.repeat(1000));
  assert.equal(errors.length, abi.ERRORS_MAX);
  assert.equal(rejected, 1000);
  assert.deepEqual([...rejectedRuns], [1, 1000]);
});

test('timestamps are scaled from every precision, and what leaves the range is an error', () => {
  const max = 9223372036854775807n;
  const units: [precision: number, unit: bigint][] = [
    [abi.PRECISION_NS, 1n], [abi.PRECISION_US, 1000n], [abi.PRECISION_MS, 1_000_000n], [abi.PRECISION_S, 1_000_000_000n],
    [abi.PRECISION_M, 60_000_000_000n], [abi.PRECISION_H, 3_600_000_000_000n],
  ];
  for (const [precision, unit] of units) {
    const session = new ParserSession();
    const fits = [0n, 1n, -1n, 12_345n, max / unit, (-max - 1n) / unit];
    session.write(fits.map((value) => `m f=1 ${value}\n`).join(''), { precision });
    assert.deepEqual(session.rows('m').map(({ timestamp }) => timestamp), fits.map((value) => String(value * unit)));
    const over = session.parse(`m f=1 ${max / unit + 1n}\nm f=1 ${(-max - 1n) / unit - 1n}`, { precision });
    assert.deepEqual(codes(over), ['1 timestamp-out-of-range', '2 timestamp-out-of-range']);
  }
});

test('with precision auto the magnitude of each number tells its unit', () => {
  const cases: [written: bigint, unit: bigint][] = [
    [0n, 1_000_000_000n], [4_999_999_999n, 1_000_000_000n], [5_000_000_000n, 1_000_000n], [4_999_999_999_999n, 1_000_000n],
    [5_000_000_000_000n, 1000n], [4_999_999_999_999_999n, 1000n], [5_000_000_000_000_000n, 1n], [9223372036854775807n, 1n],
  ];
  const session = new ParserSession();
  const both = cases.flatMap(([written, unit]) => [[written, unit], [-written, unit]] as const);
  session.write(both.map(([written]) => `m f=1 ${written}\n`).join(''), { precision: abi.PRECISION_AUTO });
  session.write('m f=1 -9223372036854775808', { precision: abi.PRECISION_AUTO });
  assert.deepEqual(
    session.rows('m').map(({ timestamp }) => timestamp),
    [...both.map(([written, unit]) => String(written * unit)), '-9223372036854775808'],
  );
});

test('a line without a timestamp takes the default time as it is given', () => {
  const session = new ParserSession();
  session.write('m f=1\nm f=2 \nm f=3 5', { precision: abi.PRECISION_S });
  assert.deepEqual(session.rows('m').map(({ timestamp }) => timestamp), [String(DEFAULT_TIME), String(DEFAULT_TIME), '5000000000']);
});

test('a byte order mark at the start of a body is skipped, and only there', () => {
  const session = new ParserSession();
  const mark = '\ufeff';
  for (const body of [`${mark}m f=1 1`, `${mark}# comment\nm f=1 1`, `${mark}\r\n m f=1 1`, mark, `${mark}\n`]) {
    const { errors, accepted } = session.write(body);
    assert.deepEqual([errors, accepted], [[], body.includes('m') && body.length > 2 ? 1 : 0], JSON.stringify(body));
  }
  assert.deepEqual(session.rows('m').map(({ timestamp }) => timestamp), ['1', '1', '1']);
  const { errors } = session.write(`${mark}m x\nm f=2 2`);
  assert.deepEqual(errors.map(({ line, column, source }) => [line, column, source]), [[1, 3, 'm x']]);
  session.write(`m f=1 1\n${mark}m f=1 1\n`);
  session.write(`${mark}${mark}m f=1 1\n`);
  assert.equal(session.rows(`${mark}m`).length, 2);
  assert.deepEqual([...Buffer.from(mark)].map((_, at) => session.parse(Buffer.from(mark).subarray(0, at)).rejected), [0, 1, 1]);
});

test('a frame of grammar 1 keeps its byte order mark, a later one has it skipped', () => {
  const session = new ParserSession();
  const body = '\ufeffm f=1 1';
  session.write('m f=1 1\n\ufeffm f=1 1');
  for (const [rules, counts] of [[0, [3, 1]], [abi.RULE_GRAMMAR_1, [3, 2]]] as const) {
    assert.equal(session.parse(body, { flags: abi.PARSE_REPLAY | rules, replaySeq: 2 }).accepted, 1);
    assert.deepEqual(['m', '\ufeffm'].map((name) => session.rows(name).length), counts.map((count, i) => count - (i === 0 ? 1 : 0)));
  }
});

test('a body over the line limit is rolled back; blank lines and comments do not count', () => {
  const session = new ParserSession();
  session.write('m f=1');
  const before = session.dump();
  assert.equal(session.parse('m f=2\n\n# c\nm f=3\n', { linesMax: 2 }).status, abi.PARSE_ACCEPTED);
  session.parser.removeRows(session.table('m').id, [{ rowFirst: 1, rowEnd: 3 }]);
  assert.equal(session.parse('m f=2\n\nm f=3\nbad', { linesMax: 2 }).status, abi.PARSE_TOO_MANY_LINES);
  assert.deepEqual(session.dump(), before);
});

test('the listing gives lines as written even where they go into no table', () => {
  const session = new ParserSession();
  const { status } = session.parse('m,b=2,a=1 f=1i\n\nn s="x\ny" 7', { flags: abi.PARSE_DUMP });
  assert.equal(status, abi.PARSE_NEEDS);
  assert.deepEqual(listedPoints(session.parser), [
    { line: 1, measurement: 'm', tags: [['b', '2'], ['a', '1']], fields: [['f', 'i64', '1']], timestamp: null },
    { line: 3, measurement: 'n', tags: [], fields: [['s', 'string', 'x\ny']], timestamp: '7' },
  ]);
});

test('bodies full of open quotes cost their lines, and a bounded number of bytes is scanned for them', () => {
  const lines = 2_000_000;
  const body = Buffer.from('a"b f="\n'.repeat(lines));
  const session = new ParserSession();
  const { rejected, rejectedRuns, errors } = session.parse(body);
  assert.equal(rejected, lines);
  assert.deepEqual([...rejectedRuns], [1, lines]);
  assert.equal(errors.every(({ code }) => code === abi.LINE_UNTERMINATED_STRING), true);
  assert.ok(session.parser.exports.openQuoteBytes() > body.length);
  assert.ok(session.parser.exports.openQuoteBytes() <= 2 * body.length + (8 << 20));
});

test('past the bound of open quotes every newline ends a line', () => {
  // From any filler line on a string stays open to the end of the body; the rest alone is two good lines, of which the first spans two.
  const filler = 'a"b f="\n';
  const rest = 'm" f="a\nb",x"=1\nok"" f=1\n';
  const few = new ParserSession().parse(filler.repeat(10) + rest);
  assert.deepEqual([few.lines, few.accepted], [12, 2]);
  const many = (9 << 20) / filler.length;
  const { lines, accepted } = new ParserSession().parse(filler.repeat(many) + rest);
  assert.deepEqual([lines, accepted], [many + 3, 1]);
});

test('what the parser has learnt makes no difference to the bound of open quotes', () => {
  const open = 'mm "f="x\n'.repeat(9);
  const known = `m,t=a\\ ${'b'.repeat(60)} f=1\n`;
  const rest = `${'m,t=c f=1\n'.repeat(40)}${known}m,t=a\\\nb f=2\n`;
  // Of so many bytes the open strings leave 44 of their bound: fewer than the known line has, more than the two behind it.
  const comment = '#'.repeat(1_048_611 - open.length - rest.length - 1);
  const session = new ParserSession();
  session.write(`m,t=c f=1\n${known}`);
  const outcomes = [0, abi.PARSE_DUMP].map((flags) => session.parse(`${open}${comment}\n${rest}`, { flags }));
  for (const { accepted, rejected, checksum } of outcomes) assert.deepEqual([accepted, rejected, checksum], [42, 9, outcomes[0]?.checksum]);
});

test('tables, columns and the bytes of their names are limited', () => {
  const session = new ParserSession({ tablesMax: 2, columnsMax: 3, columnNameBytesMax: 20 });
  assert.deepEqual(codes(session.write('a f=1\nb f=1\nc f=1\na g=1,h=1\na i=1')), ['3 too-many-tables', '5 too-many-columns']);
  assert.deepEqual(codes(session.parse('c f=1\na f=2,g=2,h=2\na f=1,g=1,h=1,i=1')), ['1 too-many-tables', '3 too-many-columns']);
  assert.deepEqual(codes(session.parse(`b ${'x'.repeat(20)}=1\nb ${'x'.repeat(19)}=1`)), ['1 too-many-columns']);
  assert.deepEqual(codes(session.parse('b f=1,f=1,f=1,f=1,f=1')), ['1 duplicate-field']);
});

test('the bytes of all names are limited, each counted with 64 more', () => {
  const session = new ParserSession({ namesBytesMax: 4 * 64 + 10 });
  assert.deepEqual(codes(session.write('aaaa f=1\nbbbb g=1')), []);
  assert.deepEqual(codes(session.parse('aaaa f=2\nbbbb g=2\naaaa h=1\nc f=1')), ['3 names-full', '4 names-full']);
  session.parser.drop(1);
  assert.deepEqual(codes(session.parse('aaaa f=1\nbbbb g=2')), [], 'what was dropped counts no more');
});

test('a line of thousands of tags and fields is judged in time that grows with its length alone', () => {
  const wide = (count: number): string => `w ${Array.from({ length: count }, (_, i) => `field_${i}=${i}i`).join(',')}`;
  const session = new ParserSession();
  assert.equal(session.write(wide(4096)).accepted, 1);
  assert.deepEqual(codes(session.parse(wide(4097))), ['1 too-many-columns']);
  assert.deepEqual(codes(session.parse(`${wide(4000)},field_7=1i`)), ['1 duplicate-field']);
  assert.deepEqual(codes(session.parse(wide(200_000))), ['1 too-many-columns']);
  assert.equal(session.rows('w')[0]?.fields[4095]?.[2], '4095');
});

test('a module of another border version is refused in words', () => {
  // A module whose only function, abiVersion, returns 63.
  const other = '0061736d010000000105016000017f03020100070e010a61626956657273696f6e00000a06010400413f0b';
  assert.throws(() => new WasmParser(compile(Buffer.from(other, 'hex'))), /border version 63, this program needs/);
});

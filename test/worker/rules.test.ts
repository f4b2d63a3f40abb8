/** The schema rules of a database, as the parser keeps them: tags fixed, types widen and split; and on replay. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import type { Point } from '../../src/worker/wasm/dump.js';
import type { Parsed } from '../../src/worker/wasm/wasm.js';
import { ParserSession } from './parser-session.js';

const MAX = '9223372036854775807';

/** Errors as `line code key`. */
function faults({ errors }: Parsed): string[] {
  return errors.map(({ line, code, key }) => `${line} ${code} ${key}`);
}

/** The fields of a row as `key type value`. */
function fields({ fields: all }: Point): string[] {
  return all.map((field) => field.join(' '));
}

/** The IEEE 754 bits of a float, as rows give them. */
function bits(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}

test('tags fixed: all lines of the first write bring tags, later ones bring none, and the error names tag and table', () => {
  const session = new ParserSession();
  const options = { flags: abi.RULE_TAGS_FIXED };
  assert.equal(session.write('m,t=a f=1\nm,u=b f=2\nm,t=a g=1', options).accepted, 3);
  const parsed = session.write('m,t=b f=1\nm,t=a,ra\\ ck=r f=1,h=1\nm h=2\nm,f=x g=1\nnew,any=x f=1', options);
  assert.deepEqual(faults(parsed), [`2 ${abi.LINE_TAGS_FIXED} ra\\ ck`, `4 ${abi.LINE_TAG_AND_FIELD} f`]);
  const [error] = parsed.errors;
  assert.deepEqual([error!.measurement, error!.column, error!.value], ['m', 7, 'ra\\ ck']);
  assert.deepEqual(session.table('m').columns.map(({ key }) => key), ['t', 'f', 'u', 'g', 'h'], 'fields may come at any time');
  assert.deepEqual(session.table('new').columns.map(({ key }) => key), ['any', 'f']);
});

test('widen: an integer goes into a float column that is there, when a float can be exactly that', () => {
  const session = new ParserSession();
  const options = { flags: abi.RULE_WIDEN };
  const exact = ['0', '-0', '5', '9007199254740992', '-9007199254740992', '9007199254740994', '4611686018427387904', '-9223372036854775808'];
  const inexact = ['9007199254740993', '-9007199254740993', MAX, '-9223372036854775807', '4611686018427387905'];
  const body = ['m f=1,i=1i', ...exact.map((text) => `m f=${text}i`), ...inexact.map((text) => `m f=${text}i`), 'm i=1.5', 'm f=1u', 'm f=t', 'm f="1"'];
  const parsed = session.write(body.join('\n'), options);
  assert.deepEqual(parsed.errors.map(({ line, code }) => [line, code]), body.slice(exact.length + 1).map((_, i) => [exact.length + 2 + i, abi.LINE_TYPE_CONFLICT]));
  assert.deepEqual([parsed.errors[0]!.kindHas, parsed.errors[0]!.kindCame, parsed.errors[0]!.value], [abi.KIND_F64, abi.KIND_I64, '9007199254740993i']);
  assert.deepEqual(session.rows('m').slice(1).flatMap(fields), exact.map((text) => `f f64 ${bits(Number(BigInt(text)))}`));
});

test('split: a value of another type goes into a column of its key and type, made with the first', () => {
  const session = new ParserSession();
  const options = { flags: abi.RULE_SPLIT };
  session.write('m,t=a a=1,b=1i', options);
  const body = 'm a=2i,b=2.5\nm a=3u\nm a=t,b=f\nm a="x",b="y"\nm a=4,b=4i\nm a=5i,c=1\nm c=t';
  const first = session.parse(body, options);
  assert.equal(first.status, abi.PARSE_NEEDS);
  assert.deepEqual(first.needs.map(({ key, kind }) => `${key} ${kind}`), [
    `a__integer ${abi.KIND_I64}`, `b__float ${abi.KIND_F64}`, `a__unsigned ${abi.KIND_U64}`, `a__boolean ${abi.KIND_BOOL}`,
    `b__boolean ${abi.KIND_BOOL}`, `a__string ${abi.KIND_STRING}`, `b__string ${abi.KIND_STRING}`, `c ${abi.KIND_F64}`, `c__boolean ${abi.KIND_BOOL}`,
  ]);
  assert.equal(session.write(body, options).rejected, 0);
  assert.deepEqual(session.rows('m').slice(1).map((row) => fields(row).sort()), [
    ['a__integer i64 2', `b__float f64 ${bits(2.5)}`], ['a__unsigned u64 3'], ['a__boolean bool true', 'b__boolean bool false'],
    ['a__string string x', 'b__string string y'], [`a f64 ${bits(4)}`, 'b i64 4'], ['a__integer i64 5', `c f64 ${bits(1)}`], ['c__boolean bool true'],
  ]);
});

test('split: where the key is taken by another kind, or named by the line itself, it is a type conflict; and so it is for a tag', () => {
  const session = new ParserSession();
  const options = { flags: abi.RULE_SPLIT };
  session.write('m,b__float=t a=1i,b=1i,a__string=1', options);
  const conflict = (line: number, key: string): string => `${line} ${abi.LINE_TYPE_CONFLICT} ${key}`;
  const body = [
    'm b=1.5', 'm a="x"', 'm a=1.5,a__float=2.5', 'm a__float=2.5,a=1.5', 'm,a__float=x a=1.5', 'm a__float=1i,a=1.5',
    'm,a=x,a__tag=y b=1i', 'm b__float=1', 'm a=1.5', 'm a__float=3.5', 'm a__float=7i',
  ];
  const parsed = session.write(body.join('\n'), options);
  assert.deepEqual(faults(parsed), [
    conflict(1, 'b'), conflict(2, 'a'), conflict(3, 'a'), conflict(4, 'a'), conflict(5, 'a'), conflict(6, 'a'),
    `7 ${abi.LINE_TAG_AND_FIELD} a`,
  ]);
  assert.deepEqual(session.rows('m').slice(1).flatMap(fields), [
    'b__float__field f64 ' + bits(1), `a__float f64 ${bits(1.5)}`, `a__float f64 ${bits(3.5)}`, 'a__float__integer i64 7',
  ]);
});

/** Tags and fields of a row, each as `key kind value`. */
function cells(point: Point): string[] {
  return [...point.tags.map(([key, value]) => `${key} tag ${value}`), ...fields(point)];
}

test('split: a tag and a field of one key each have a column, whichever came first, and so has `time`', () => {
  const options = { flags: abi.RULE_SPLIT };
  for (const build of ['simd', 'scalar'] as const) {
    const session = new ParserSession({}, build);
    const lines = [
      'm,t=a f=1i', 'm t=1i', 'm,t=b t=2i', 'm t="x"', 'm,f=x f=3i', 'm,n=c n="s"', 'm,time=u f=4i', 'm time=5i', 'm,t=a time="x",f=6i', 'm,t=a,t__field=b f=7i',
    ];
    assert.equal(session.write(lines.join('\n'), options).rejected, 0);
    assert.deepEqual(session.rows('m').map(cells), [
      ['t tag a', 'f i64 1'], ['t__field i64 1'], ['t tag b', 't__field i64 2'], ['t__field__string string x'], ['f__tag tag x', 'f i64 3'],
      ['n tag c', 'n__field string s'], ['time__tag tag u', 'f i64 4'], ['time__field i64 5'], ['t tag a', 'f i64 6', 'time__field__string string x'],
      ['t tag a', 't__field__tag tag b', 'f i64 7'],
    ], build);
    const before = session.rows('m').length;
    // One and the same lines again, as the fast path has learnt them, in one body and in many.
    assert.equal(session.write(lines.join('\n'), options).rejected, 0);
    for (const line of lines) assert.equal(session.parse(line, options).accepted, 1);
    const rows = session.rows('m').map(cells);
    assert.deepEqual(rows.slice(before, 2 * before), rows.slice(0, before));
    assert.deepEqual(rows.slice(2 * before), rows.slice(0, before));
  }
});

test('split: what the series cache knows of a line with a tag moved counts under split alone', () => {
  const session = new ParserSession();
  const line = 'm,f=x f=1';
  session.write('m f=1');
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(session.write(`${line}\n${line}`, { flags: abi.RULE_SPLIT }).errors, []);
    for (const flags of [0, abi.RULE_WIDEN]) assert.deepEqual(faults(session.parse(`${line}\nm,f=x g=1`, { flags })), [`1 ${abi.LINE_TAG_AND_FIELD} f`, `2 ${abi.LINE_TAG_AND_FIELD} f`]);
  }
  assert.deepEqual(new Set(session.rows('m').slice(1).map((row) => cells(row).join())), new Set([`f__tag tag x,f f64 ${bits(1)}`]));
});

test('split: a tag or field without a place costs its line, and the error names it', () => {
  const session = new ParserSession({ columnsMax: 12 });
  const options = { flags: abi.RULE_SPLIT };
  session.write('m,t=a,u=b,u__field=c f=1i,g=1i,g__tag=1i\nm time=1i', options);
  const bad = [
    'm,t=a,t__field=b t=1i', 'm t__field=1i,t=1i', 'm,g=x f=1i', 'm u=1i', 'm,f=x,f__tag=y f=1i', 'm time=t,time__field__boolean=t', 'm,time=a,time__tag=b f=1i',
    'm t=1i,t=2i', 'm,f=a,f=b f=1i', 'm time=1i,time=2i', 'm,time=a,time=b f=1i',
  ];
  const parsed = session.parse(bad.join('\n'), options);
  const [both, reserved, field, tag] = [abi.LINE_TAG_AND_FIELD, abi.LINE_RESERVED_NAME, abi.LINE_DUPLICATE_FIELD, abi.LINE_DUPLICATE_TAG];
  assert.deepEqual(faults(parsed), [
    `1 ${both} t`, `2 ${both} t`, `3 ${both} g`, `4 ${both} u`, `5 ${both} f`, `6 ${reserved} time`, `7 ${reserved} time`, `8 ${field} t`, `9 ${tag} f`,
    `10 ${field} time`, `11 ${tag} time`,
  ]);
  assert.deepEqual([parsed.status, parsed.needs], [abi.PARSE_ACCEPTED, []], 'they make nothing');
  const fixed = session.parse('m,f=x f=1i\nm t=1i', { flags: abi.RULE_SPLIT | abi.RULE_TAGS_FIXED });
  assert.deepEqual(faults(fixed), [`1 ${abi.LINE_TAGS_FIXED} f`]);
  assert.deepEqual(fixed.needs.map(({ key, kind }) => `${key} ${kind}`), [`t__field ${abi.KIND_I64}`]);
  const full = new ParserSession({ columnsMax: 2 });
  full.write('m,t=a f=1i', options);
  assert.deepEqual(faults(full.parse('m,f=x f=1i\nm t=1i\nm time=1i', options)), [1, 2, 3].map((line) => `${line} ${abi.LINE_TOO_MANY_COLUMNS} ${['f', 't', 'time'][line - 1]}`));
});

test('split: columns made for a line count for its limits, and a rejected line makes none', () => {
  const session = new ParserSession({ columnsMax: 2 });
  const options = { flags: abi.RULE_SPLIT };
  session.write('m a=1i', options);
  const parsed = session.write('m a=1.5,z=t\nm a=2.5\nm a=t', options);
  assert.deepEqual(faults(parsed), [`1 ${abi.LINE_TOO_MANY_COLUMNS} z`, `3 ${abi.LINE_TOO_MANY_COLUMNS} a`]);
  assert.deepEqual(session.table('m').columns.map(({ key }) => key), ['a', 'a__float']);
  const full = new ParserSession({ columnsMax: 2 });
  full.write('m a=1i,b=1i', options);
  assert.deepEqual(faults(full.parse('m b=1i,a=1.5,b__x=t\nm a=1.5,b=1i', options)), [`1 ${abi.LINE_TOO_MANY_COLUMNS} a`, `2 ${abi.LINE_TOO_MANY_COLUMNS} a`]);
  const other = new ParserSession();
  other.write('m a=1i,s="x"\nm,t=a s="y"');
  assert.deepEqual(other.parse('m,t=b,t__field=c a=1.5,t=1\nm a=2i', options).needs, []);
});

test('replay puts values where the rules of the frame put them, whatever columns came later; the checksum is that of the line', () => {
  const bodies = [
    ['m a=1,b=1i', 0], ['m a=2i,b=2i', abi.RULE_WIDEN], ['m a=3i,b=3.5', abi.RULE_SPLIT], ['m a=4i,a__integer=44i', abi.RULE_WIDEN],
    [`m a=${MAX}i`, abi.RULE_SPLIT], ['m,a=u,time=v,k=w a=3,k=9i,time=t\nm,k=x k=t', abi.RULE_SPLIT], ['m,t=x a=5', abi.RULE_TAGS_FIXED], ['m a=6i,c=1', abi.RULE_WIDEN | abi.RULE_TAGS_FIXED],
  ] as const;
  const live = new ParserSession();
  const sums = bodies.map(([body, flags]) => live.write(body, { flags }));
  assert.deepEqual(live.rows('m').map((row) => fields(row).sort()), [
    [`a f64 ${bits(1)}`, 'b i64 1'], [`a f64 ${bits(2)}`, 'b i64 2'], ['a__integer i64 3', `b__float f64 ${bits(3.5)}`],
    [`a f64 ${bits(4)}`, 'a__integer i64 44'], [`a__integer i64 ${MAX}`],
    [`a f64 ${bits(3)}`, 'k__field i64 9', 'time__field bool true'], ['k__field__boolean bool true'], [`a f64 ${bits(6)}`, `c f64 ${bits(1)}`],
  ]);
  const again = new ParserSession();
  again.parser.define(live.table('m'));
  for (const [i, [body, flags]] of bodies.entries()) {
    const { rejectedRuns, checksum, accepted } = sums[i]!;
    const replayed = again.parse(body, { flags: abi.PARSE_REPLAY | flags, rejectedRuns, replaySeq: 100 + i });
    assert.deepEqual([replayed.checksum, replayed.accepted, replayed.errors], [checksum, accepted, []], body);
  }
  assert.deepEqual(again.dumpOf(live.table('m')), live.dumpOf(live.table('m')));
  const strict = new ParserSession();
  strict.write('m a=1i');
  assert.equal(strict.parse('m a=4i').checksum, live.parse('m a=4i', { flags: abi.RULE_WIDEN }).checksum);
});

test('replay of a value that has no place stores its row without it, and takes no memory for it', () => {
  const session = new ParserSession();
  // The second row has none of the values, so that they have row numbers already.
  session.write('m,t=a f=1,b=t,n=1i,s__float="x"\nm,s="y" g=1\nm f=1,b=t,n=1i,s__float="x"');
  const before = session.parser.memtableBytes();
  const bodies = [
    ['m f=2i', 0], ['m b=1', 0], ['m n="x"', 0], ['m t=1', 0], ['m,n=x f=3', 0], ['m f=9007199254740993i', abi.RULE_WIDEN], ['m s__float=1i', abi.RULE_SPLIT],
    ['m f=2u,f__unsigned=3u', abi.RULE_SPLIT],
  ] as const;
  for (const [body, rules] of bodies) {
    assert.equal(session.parse(body, { flags: abi.PARSE_REPLAY | rules, replaySeq: 9 }).accepted, 1, body);
  }
  assert.deepEqual(session.rows('m').slice(3).map(({ tags, fields: all }) => [tags, all.length]), bodies.map((_, i) => [[], i === 4 ? 1 : 0]));
  assert.equal(session.parser.memtableBytes(), before);
});

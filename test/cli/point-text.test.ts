/** Rows as line protocol: the parser makes the same rows of the text, whatever stands in names and values. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import { pointText, type PointCell } from '../../src/cli/import/point-text.js';
import { listedPoints, type Point } from '../../src/worker/wasm/dump.js';
import { moduleOf } from '../worker/builds.js';
import { WasmParser } from '../../src/worker/wasm/wasm.js';
import { Random } from '../worker/random.js';

const POINTS = 4000;
const TYPES = ['tag', 'f64', 'i64', 'u64', 'bool', 'string'] as const;
const PIECES = ['a', 'b', 'é', '漢', '\\', ',', ' ', '=', '"', '#', '\\\n', '\\\t', '\\\r', '0', '.', '\\\\'];
const STRING_PIECES = [...PIECES, '\n', '\t', '\r\n', '\0'];

function text(random: Random, pieces: readonly string[], most: number): string {
  return Array.from({ length: 1 + random.below(most) }, () => random.pick(pieces)).join('');
}

/** A name that a line can have: none ends with a backslash. */
function name(random: Random): string {
  const made = text(random, PIECES, 6);
  return made.endsWith('\\') ? `${made}x` : made;
}

function value(random: Random, kind: number): PointCell['value'] {
  switch (kind) {
    case abi.KIND_F64: return random.pick([0, -0, 1.5, -2e-308, 5e-324, 1e21, 123456789.125, Number(random.bits()) / 7, Infinity, -Infinity]);
    case abi.KIND_I64: return String(BigInt.asIntN(64, random.bits()));
    case abi.KIND_U64: return String(random.bits());
    case abi.KIND_BOOL: return random.below(2) === 0;
    case abi.KIND_STRING: return random.below(9) === 0 ? '' : text(random, STRING_PIECES, 8);
    default: return name(random);
  }
}

function bitsOf(number: number): string {
  const bits = Buffer.alloc(8);
  bits.writeDoubleBE(number);
  return bits.toString('hex');
}

function pointOf(measurement: string, cells: readonly PointCell[], timeNs: bigint): Point {
  const said = ({ kind, value: each }: PointCell): string => (kind === abi.KIND_F64 ? bitsOf(Number(each)) : String(each));
  return {
    measurement,
    tags: cells.filter(({ kind }) => kind === abi.KIND_TAG).map(({ key, value: each }) => [key, String(each)] as const),
    fields: cells.filter(({ kind }) => kind !== abi.KIND_TAG).map((cell) => [cell.key, TYPES[cell.kind] as Exclude<(typeof TYPES)[number], 'tag'>, said(cell)] as const),
    timestamp: String(timeNs),
  };
}

test('random rows come back cell by cell', () => {
  const random = new Random(11);
  const parser = new WasmParser(moduleOf('simd'));
  const points = Array.from({ length: POINTS }, () => {
    const keys = [...new Set(Array.from({ length: 2 + random.below(6) }, () => name(random)))].filter((key) => key !== 'time');
    const cells = keys.map((key, at) => {
      const kind = at === keys.length - 1 ? 1 + random.below(5) : random.below(6);
      return { key, kind, value: value(random, kind) };
    });
    // A line that begins with # is a comment: no measurement does.
    return { measurement: name(random).replace(/^#/, 'm'), cells, timeNs: BigInt.asIntN(63, random.bits()) };
  });
  const body = Buffer.from(points.map(({ cells, measurement, timeNs }) => `${pointText(measurement, cells, timeNs)}\n`).join(''));
  parser.inputView(body.length).set(body);
  const { accepted, errors } = parser.parse({
    databaseId: 0, bytes: body.length, precision: abi.PRECISION_NS, defaultTime: 0n, flags: abi.PARSE_REPLAY | abi.PARSE_DUMP | abi.RULE_GRAMMAR_1, linesMax: 0,
  });
  assert.deepEqual(errors, []);
  assert.equal(accepted, POINTS);
  listedPoints(parser).forEach(({ fields, measurement, tags, timestamp }, at) => {
    const point = points[at]!;
    assert.deepEqual({ measurement, tags, fields, timestamp }, pointOf(point.measurement, point.cells, point.timeNs), `point ${at}`);
  });
});

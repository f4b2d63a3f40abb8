import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import { LINE_ERRORS } from '../../src/errors.js';
import { listedPoints, type Point } from '../../src/worker/wasm/dump.js';
import { readVectors, type VectorPoint } from '../oracle/vectors.js';
import { DEFAULT_TIME, ParserSession } from './parser-session.js';

const vectors = readVectors();

test('every vector gives its points and errors', () => {
  assert.equal(vectors.length, 1848);
  const session = new ParserSession();
  for (const vector of vectors) {
    // A replay judges no schema: some vectors give one field several types.
    const parsed = session.parse(vector.body, { flags: abi.PARSE_DUMP | abi.PARSE_REPLAY });
    const listed = listedPoints(session.parser);
    const points = typeof vector.points === 'number' ? listed.length : listed;
    const errors = parsed.errors.map(({ line, code }) => ({ line, code: LINE_ERRORS[code]?.name }));
    assert.deepEqual({ points, errors }, { points: vector.points, errors: vector.errors.slice(0, abi.ERRORS_MAX) }, vector.id);
    assert.equal(parsed.rejected, vector.errors.length, vector.id);
    assert.equal(parsed.accepted, listed.length, vector.id);
  }
});

/** A point with tags and fields by key, as memtables keep them. */
function unordered({ measurement, tags, fields, timestamp }: Point | VectorPoint): unknown {
  const byKey = (a: readonly string[], b: readonly string[]): number => (a[0]! < b[0]! ? -1 : 1);
  return { measurement, tags: tags.toSorted(byKey), fields: fields.toSorted(byKey), timestamp: timestamp ?? String(DEFAULT_TIME) };
}

test('every vector without a conflict of types leaves its points in the memtables', () => {
  let compared = 0;
  for (const { id, body, points } of vectors) {
    if (typeof points === 'number' || points.length === 0) continue;
    const session = new ParserSession();
    const parsed = session.write(body);
    if (parsed.errors.some(({ code }) => code === abi.LINE_TYPE_CONFLICT || code === abi.LINE_TAG_AND_FIELD)) continue;
    for (const measurement of new Set(points.map((point) => point.measurement))) {
      const expected: unknown[] = points.filter((point) => point.measurement === measurement).map(unordered);
      assert.deepEqual(session.rows(measurement).map(unordered), expected, id);
      compared += expected.length;
    }
  }
  assert.ok(compared > 900, `${compared} points were compared`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBody } from './line-protocol.js';
import { type Point, valueText } from './point.js';
import { readVectors, type VectorPoint } from './vectors.js';

// No vector names this time, so that it stands for a missing one.
const NO_TIME = -987_654_321_987_654_321n;

function vectorPoint(point: Point): VectorPoint {
  return {
    line: point.line,
    measurement: point.measurement,
    tags: point.tags,
    fields: point.fields.map(([key, value]) => [key, value.type, valueText(value)]),
    timestamp: point.timestampNs === NO_TIME ? null : String(point.timestampNs),
  };
}

test('the oracle gives the result of every vector', () => {
  const vectors = readVectors();
  assert.equal(vectors.length, 1848);
  for (const vector of vectors) {
    const { points, errors } = parseBody(vector.body, { precision: 'ns', defaultTimeNs: NO_TIME });
    const found = typeof vector.points === 'number' ? points.length : points.map(vectorPoint);
    assert.deepEqual({ points: found, errors }, { points: vector.points, errors: vector.errors }, vector.id);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lowerBound, upperBound } from '../../src/tables/parquet/text-bounds.js';
import { Random } from '../fuzz/random.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);

test('a text of up to 32 code points bounds itself', () => {
  for (const text of ['', 'a', 'x'.repeat(32), '𝄞'.repeat(32), '\u{10ffff}'.repeat(32), '\ud7ff'.repeat(32)]) {
    assert.deepEqual(lowerBound(bytes(text)), { text, exact: true });
    assert.deepEqual(upperBound(bytes(text)), { text, exact: true });
  }
});

test('a longer text is cut at 32 code points, and its upper bound raised', () => {
  assert.deepEqual(lowerBound(bytes('ab'.repeat(20))), { text: 'ab'.repeat(16), exact: false });
  assert.deepEqual(upperBound(bytes('ab'.repeat(20))), { text: `${'ab'.repeat(15)}ac`, exact: false });
  assert.deepEqual(lowerBound(bytes('𝄞'.repeat(33))), { text: '𝄞'.repeat(32), exact: false });
  assert.deepEqual(upperBound(bytes('𝄞'.repeat(33))), { text: `${'𝄞'.repeat(31)}\u{1d11f}`, exact: false });
});

test('raising skips the surrogates', () => {
  assert.equal(upperBound(bytes(`${'a'.repeat(31)}\ud7ffzz`)).text, `${'a'.repeat(31)}\ue000`);
  assert.equal(upperBound(bytes(`${'a'.repeat(31)}\uffffzz`)).text, `${'a'.repeat(31)}\u{10000}`);
});

test('U+10FFFF carries to the left, and a text of nothing else stays whole', () => {
  assert.deepEqual(upperBound(bytes(`${'a'.repeat(30)}\u{10ffff}\u{10ffff}z`)), { text: `${'a'.repeat(29)}b`, exact: false });
  assert.deepEqual(upperBound(bytes(`a${'\u{10ffff}'.repeat(40)}`)), { text: 'b', exact: false });
  const whole = `${'\u{10ffff}'.repeat(32)}tail`;
  assert.deepEqual(upperBound(bytes(whole)), { text: whole, exact: true });
});

test('bounds of random texts hold in byte order and are short', () => {
  const random = new Random(1);
  const points = ['a', 'z', '\u0000', 'é', '\ud7ff', '\uffff', '\u{10000}', '\u{10ffff}'];
  for (let i = 0; i < 3000; i++) {
    const few = points.slice(random.below(points.length));
    const text = Array.from({ length: random.below(80) }, () => random.pick(few)).join('');
    const lower = lowerBound(bytes(text)), upper = upperBound(bytes(text));
    assert.ok(Buffer.compare(bytes(lower.text), bytes(text)) <= 0);
    assert.ok(Buffer.compare(bytes(upper.text), bytes(text)) >= 0);
    assert.ok([...lower.text].length <= 32);
    assert.ok(upper.exact || [...upper.text].length <= 32);
    assert.equal(lower.exact, lower.text === text);
    assert.equal(upper.exact, upper.text === text);
  }
});

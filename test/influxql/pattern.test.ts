/** Patterns of InfluxQL: what they match is what JavaScript's mean where both know a thing; how long they take does not depend on them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NamePattern } from '../../src/influxql/pattern.js';

/** What a pattern says of a text, and in how many steps. */
function matched(pattern: NamePattern, text: string): { found: boolean; taken: number } {
  const match = pattern.match(text);
  let taken = 0;
  for (let next = match.next(); ; next = match.next()) {
    if (next.done === true) return { found: next.value, taken };
    assert.ok(next.value < 3000, 'it lets others have their turn');
    taken += next.value;
  }
}

const TEXTS = ['', 'a', 'b', 'ab', 'ba', 'aab', 'abab', 'cpu', 'CPU', 'cpu_load', 'disk.io', 'a+b', 'größe', '😀', 'x1', 'x12', 'x123', 'a b', 'net\nio', '-', ']', '\\'];

test('patterns match what they match elsewhere', () => {
  for (const source of [
    '', 'a', '^a', 'a$', '^a$', '^$', '.', '^.$', 'a*', '^a*b$', 'a+b', '^(ab)+$', '^(ab|ba)$', 'a|b', '^(?:a|b)*$', '^x\\d?$', '^x\\d{2}$', '^x\\d{2,}$', '^x\\d{1,2}$',
    '[ab]', '^[^ab]+$', '[a-c]pu', '^[\\w.]+$', '\\.', 'a\\+b', '^\\w+$', '\\W', '\\s', '^\\S+$', '\\bio', 'o\\b', '\\Bo', '(a(b))', 'a??b', 'a*?b', '[]]', '[^]]', '[a-]', '[-a]', '\\\\',
    '(((a)))', '(|a)b', 'a{0}b', 'x{,2}', '[\\]]', '^.+$', 'cpu.*load', '^(a|ab)(b|ab)$', '(a*)*b', '(a+)+$', '\\n', '^ö|ö', '[ä-ü]',
  ]) {
    // JavaScript takes the first bracket for the end.
    const script = new RegExp(source.replace('[]]', '[\\]]').replace('[^]]', '[^\\]]'), source === 'x{,2}' ? '' : 'u');
    const pattern = new NamePattern(source);
    for (const text of TEXTS) assert.equal(matched(pattern, text).found, script.test(text), `${source} in ${JSON.stringify(text)}`);
  }
});

test('flags, anchors and names of groups as Go has them', () => {
  for (const [source, text, matches] of [
    ['(?i)CPU', 'my cpu', true], ['(?i)größe', 'GRÖSSE', false], ['(?i)größE', 'GRößE', true], ['(?i:c)PU', 'CPU', true], ['(?i:c)PU', 'cpu', false],
    ['(?i)[a-c]pu', 'CPU', true], ['(a(?i)b)c', 'aBc', true], ['(a(?i)b)c', 'aBC', false], ['\\Acpu\\z', 'cpu', true], ['\\Acpu\\z', 'cpus', false],
    ['(?P<name>c)pu', 'cpu', true], ['a.b', 'a\nb', false],
  ] as const) assert.equal(matched(new NamePattern(source), text).found, matches, `${source} in ${text}`);
});

test('what cannot be read is said', () => {
  for (const [source, message] of [
    ['(', /does not close a parenthesis/], [')', /closes a parenthesis/], ['[a', /does not close a bracket/], ['*a', /repeats nothing/], ['a{2,1}', /says \{2,1\}/],
    ['\\', /ends with a backslash/], ['\\1', /escape \\1/], ['\\pL', /escape \\p/], ['(?=a)', /group that is not read/], ['(?-i)a', /group that is not read/],
    ['[[:alpha:]]', /class by name/], ['[z-a]', /range z-a/], ['a'.repeat(1001), /more than 1000 characters/], ['((a{100}){100}){100}', /too large/],
  ] as const) assert.throws(() => new NamePattern(source), { code: 'bad-query', message }, source);
});

test('steps grow with pattern times text, whatever the pattern', () => {
  for (const source of ['(a*)*b', '(a|aa)+$', '(a+)+b', '(.*)(.*)(.*)(.*)b', '^(([a-z])+.)+[A-Z]([a-z])+$']) {
    const stepsFor = (length: number): number => matched(new NamePattern(source), `${'a'.repeat(length)}!`).taken;
    assert.ok(stepsFor(2000) < 2.1 * stepsFor(1000), source);
    assert.ok(stepsFor(1000) < 1000 * 100, source);
  }
});

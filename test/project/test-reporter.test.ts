/** What `npm test` shows (scripts/test-reporter.mjs): a line a file, failures whole, and counts that a program can read. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { root } from '../root.js';

const folder = mkdtempSync(join(tmpdir(), 'sl-'));
after(() => rmSync(folder, { recursive: true }));

const LONG = Array.from({ length: 200 }, (_, i) => i);
const FILES: Readonly<Record<string, string>> = {
  'a.test.mjs': "test('one', () => {}); test('two', { skip: 'no Python' }, () => {});",
  'b.test.mjs': `test('outer', async (t) => {
    await t.test('inner', (t) => { t.diagnostic('SEED=4'); console.log('said'); assert.deepEqual(${JSON.stringify(LONG)}, []); });
  });`,
  'c.test.mjs': "test('never', () => new Promise((resolve) => { process.exitCode = 3; setImmediate(process.exit); }));",
  'd.test.mjs': "throw new Error('cannot be loaded');",
};

/** Runs these files; returns what is shown. */
function shown(...names: readonly string[]): { text: string; status: number | null } {
  for (const name of names) writeFileSync(join(folder, name), `import test from 'node:test';\nimport assert from 'node:assert/strict';\n${FILES[name]}\n`);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const options = ['--test', '--test-concurrency=2', '--test-reporter=./scripts/test-reporter.mjs', '--test-reporter-destination=stdout'];
  const { stdout, stderr, status } = spawnSync(process.execPath, [...options, ...names.map((name) => join(folder, name))], { cwd: root, env, encoding: 'utf8', timeout: 60_000 });
  assert.equal(stderr, '');
  return { text: stdout, status };
}

test('files that pass have a line each, with what was skipped; the last line counts all', () => {
  const { text, status } = shown('a.test.mjs');
  assert.equal(status, 0);
  assert.match(text, /^ok {8}2 tests +[\d.]+ s {2}\S*a\.test\.mjs\n {7}skipped: two \(no Python\)\n\nslowest: .*\nfiles 1 in \d+ s\ntests 2, passed 1, failed 0, cancelled 0, skipped 1, todo 0\n$/);
});

test('a failure is told whole where it is and named at the end, also of files that end early', () => {
  const { text, status } = shown('a.test.mjs', 'b.test.mjs', 'c.test.mjs', 'd.test.mjs');
  assert.equal(status, 1);
  const lines = text.split('\n');
  assert.deepEqual(lines.filter((line) => /^(ok|FAILED) /.test(line)).map((line) => line.replace(/ +[\d.]+ s .*\//, ' ')), [
    'ok        2 tests a.test.mjs', 'FAILED    2 tests b.test.mjs', 'FAILED    0 tests c.test.mjs', 'FAILED    0 tests d.test.mjs',
  ]);
  for (const seq of LONG) assert.match(text, new RegExp(`\\b${seq}\\b`), 'nothing of the values is left out');
  for (const said of [/^ {2}inner\n {2}at .*b\.test\.mjs:4:/m, /^ {2}said$/m, /^ {2}SEED=4$/m, /the file as a whole, exit code 3$/m, /Error: cannot be loaded/]) assert.match(text, said);
  assert.match(text, /\nfailed:\n.*b\.test\.mjs: inner\n.*c\.test\.mjs: the file as a whole\n.*d\.test\.mjs: the file as a whole\n\nslowest: /);
  assert.match(text, /\ntests 6, passed 1, failed 4, cancelled 0, skipped 1, todo 0\n$/);
});

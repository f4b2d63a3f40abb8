/** Pages of docs/ that list what the code has: nothing is missing, nothing too many, and what a machine can compare is equal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS, LINE_ERRORS } from '../../src/errors.js';
import { codeOf, pageRows } from './page-tables.js';

test('docs/errors.md has every error of a request, with its status and its sentence', () => {
  const onPage = pageRows('errors.md', 'code', 'status').map((row) => [codeOf(row['code']!), row['status'], row['what it says']]);
  const inCode = Object.entries(ERRORS).map(([code, { status, sentence }]) => [code, String(status), sentence]);
  assert.deepEqual(onPage.toSorted(), inCode.toSorted());
});

test('docs/errors.md has every code of a rejected line, with its sentence', () => {
  const onPage = pageRows('errors.md', 'code', 'what it says').filter((row) => !('status' in row)).map((row) => [codeOf(row['code']!), row['what it says']]);
  const inCode = LINE_ERRORS.filter(({ name }) => name !== 'ok').map(({ name, sentence }) => [name, sentence]);
  assert.deepEqual(onPage.toSorted(), inCode.toSorted());
});

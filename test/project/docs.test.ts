/** Endpoints of docs/ that list what the code has: nothing is missing, nothing too many, and what a machine can compare is equal. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROBLEM_CODES } from '../../src/check/problem.js';
import { ERRORS, LINE_ERRORS } from '../../src/errors.js';
import { pageText } from '../clients/page.js';
import { root } from '../root.js';
import { metricsInSource, metricsOfServer } from './metrics.js';
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

test('docs/operations.md has every code of a problem that a check finds', () => {
  assert.deepEqual(pageRows('operations.md', 'code', 'what was found').map((row) => codeOf(row['code']!)).toSorted(), [...PROBLEM_CODES].toSorted());
});

test('docs/metrics.md has every metric, with its type and its labels', { timeout: 60_000 }, async () => {
  const all = await metricsOfServer();
  const shown = all.filter(({ name }) => name.startsWith('sluice_'));
  assert.deepEqual(shown.map(({ name }) => name), metricsInSource(), 'the server of this test shows all metrics');
  const onPage = pageRows('metrics.md', 'metric', 'type', 'labels').map(({ metric, type, labels }) => (
    { name: codeOf(metric!), type, labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label) }));
  assert.deepEqual(onPage.toSorted((a, b) => (a.name < b.name ? -1 : 1)), shown);
  const ofProcess = pageRows('metrics.md', 'metric', 'type').filter((row) => !('labels' in row)).map(({ metric, type }) => ({ name: codeOf(metric!), type }));
  assert.deepEqual(ofProcess.toSorted((a, b) => (a.name < b.name ? -1 : 1)), all.filter(({ name }) => !name.startsWith('sluice_')).map(({ name, type }) => ({ name, type })));
  const names = new Set(shown.map(({ name }) => name));
  for (const [name] of pageText('metrics.md').matchAll(/\bsluice_\w+/g)) assert.ok(names.has(name), `the page names ${name}, which is no metric`);
});

test('docs/configuration.md is what the code makes it', () => {
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts/configuration-page.mjs'), '--print'], { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.equal(pageText('configuration.md'), stdout, '`npm run docs` makes the page anew');
});

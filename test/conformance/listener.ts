/** Every rule of compatibility in tables of requests and answers, on the real program with one listener. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeDataDir, removeDataDir, TestServer } from '../e2e/server.js';
import { badInput } from './bad-input.js';
import { credentials } from './credentials.js';
import { lines } from './lines.js';
import { names } from './names.js';
import { pages } from './pages.js';
import { parameters } from './parameters.js';
import { precision } from './precision.js';
import { query } from './query.js';
import { runCases, type Case } from './run.js';
import { schema } from './schema.js';

export const OPEN: readonly Case[] = [...parameters, ...names, ...precision, ...lines, ...schema, ...query, ...pages, ...badInput];
const LIMITS = ['--databases-max', '2000', '--body-bytes-max', '1100000', '--body-lines-max', '30000'];

async function conform(args: readonly string[], cases: readonly Case[]): Promise<void> {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, [...LIMITS, ...args]);
    const token = args.includes('--without-auth') ? '' : server.token;
    const failures = await runCases({ url: server.url, dataDir, token }, 'c', cases);
    assert.equal(failures.length, 0, `${failures.length} of ${cases.length}:\n${failures.join('\n')}`);
    assert.equal(await server.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
}

/** Tests that a listener answers as the tables say. @param kind as `--http` takes it */
export function testConformance(kind: 'uws' | 'node'): void {
  test(`${kind}: parameters, names, precision, lines, schema, /query, pages and bad input`, () => conform(['--http', kind, '--without-auth'], OPEN));

  test(`${kind}: credentials`, () => conform(['--http', kind], credentials));
}

/** A start that fails late undoes what it began: the program says why and ends, and the next start finds the folder free. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { makeDataDir, PROGRAM, removeDataDir, TestServer } from './server.js';

const END_MS_MAX = 20_000;
/** Loaded into every thread: the last step of a start that asks the disk for anything fails. */
const NO_STATFS = `
const { promises } = require('node:fs');
promises.statfs = () => Promise.reject(new Error('this disk tells no free bytes'));`;

test('a start that fails once its workers run ends the program with the reason', () => {
  const dataDir = makeDataDir();
  const preload = join(dirname(dataDir), 'no-statfs.cjs');
  writeFileSync(preload, NO_STATFS);
  try {
    const { status, signal, stderr, stdout } = spawnSync(
      process.execPath, [PROGRAM, 'serve', '--data-dir', dataDir, '--http-bind', '127.0.0.1:0', '--without-auth'],
      { encoding: 'utf8', timeout: END_MS_MAX, env: { ...process.env, NODE_OPTIONS: `--require ${preload}` } },
    );
    assert.deepEqual([status, signal], [1, null], stderr);
    assert.match(stderr, /this disk tells no free bytes/);
    assert.equal(stdout, '');
  } finally {
    removeDataDir(dataDir);
  }
});

test('the folder of a start that failed is free for the next', async () => {
  const dataDir = makeDataDir();
  const preload = join(dirname(dataDir), 'no-statfs.cjs');
  writeFileSync(preload, NO_STATFS);
  try {
    await assert.rejects(TestServer.start(dataDir, ['--without-auth'], { NODE_OPTIONS: `--require ${preload}` }), /the server ended with 1: .*tells no free bytes/s);
    const server = await TestServer.start(dataDir);
    assert.equal(await server.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

/** A command that is killed before an operation on its disk, by code that is loaded beside it: the program knows nothing of it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PROGRAM } from '../e2e/server.js';

/** Whose operations are counted: those of the main thread, or of the one that compacts. */
export type KillThread = 'main' | 'compaction';

/** Loaded into every thread: counts what changes the data folder, and kills the process before the one that is meant. */
const KILLER = `
const fs = require('node:fs');
const { isMainThread, workerData } = require('node:worker_threads');
const { syncBuiltinESMExports } = require('node:module');
const { appendFileSync } = fs;
const { SLUICE_TEST_THREAD: thread, SLUICE_TEST_STEP: step, SLUICE_TEST_STEPS: steps } = process.env;
let operations = 0;
const counted = (name, action) => function (...args) {
  operations += 1;
  if (operations === Number(step)) process.kill(process.pid, 'SIGKILL');
  appendFileSync(steps, name + ' ' + (typeof args[0] === 'string' ? args[0] : '') + '\\n');
  return action.apply(this, args);
};
function patch() {
  for (const name of ['link', 'rename', 'rm', 'unlink', 'mkdir']) fs.promises[name] = counted(name, fs.promises[name]);
  fs.fsync = counted('fsync', fs.fsync);
  const { open } = fs.promises;
  let isPatched = false;
  fs.promises.open = async (...args) => {
    const handle = await open(...args);
    if (isPatched) return handle;
    isPatched = true;
    const prototype = Object.getPrototypeOf(handle);
    for (const name of ['write', 'datasync']) prototype[name] = counted(name, prototype[name]);
    return handle;
  };
  syncBuiltinESMExports();
}
if (isMainThread ? thread === 'main' : thread === 'compaction' && workerData?.root !== undefined) patch();
`;

/** Runs a command up to an operation of one of its threads. @param step from 1; null: to its end @returns the operations that were done, in words */
export function runKilled(dataDir: string, args: readonly string[], thread: KillThread, step: number | null): string[] {
  const [preload, steps] = [join(dirname(dataDir), 'killer.cjs'), join(dirname(dataDir), 'steps')];
  rmSync(steps, { force: true });
  writeFileSync(preload, KILLER);
  const env = { ...process.env, NODE_OPTIONS: `--require ${preload}`, SLUICE_TEST_THREAD: thread, SLUICE_TEST_STEP: String(step), SLUICE_TEST_STEPS: steps };
  const { signal, status, stderr } = spawnSync(process.execPath, [PROGRAM, ...args, '--data-dir', dataDir], { encoding: 'utf8', env, timeout: 60_000 });
  assert.deepEqual([signal, status], step === null ? [null, 0] : ['SIGKILL', null], stderr);
  return !existsSync(steps) ? [] : readFileSync(steps, 'utf8').trimEnd().split('\n');
}

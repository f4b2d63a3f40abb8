/** The clock of the machine is set back or ahead, before a start and under it: rows go into files by age all the same. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { post } from './client.js';
import { readDatabase } from './delta-folder.js';
import { makeDataDir, removeDataDir, TestServer } from './server.js';

const WAIT_MS_MAX = 20_000;
const DAY_MS = 24 * 3_600_000;
/** The clock that people read is SHIFT_MS ahead; SIGUSR2 sets it to the time of this machine. */
const SHIFTED = `
const { now } = Date;
let shift = Number(process.env.SHIFT_MS);
Date.now = () => now() + shift;
process.on('SIGUSR2', () => {
  shift = 0;
});`;

interface Scene {
  readonly dataDir: string;
  start(shiftMs: number, ageMax: string): Promise<TestServer>;
}

function makeScene(): Scene {
  const dataDir = makeDataDir();
  const script = join(dirname(dataDir), 'shifted.cjs');
  writeFileSync(script, SHIFTED);
  return {
    dataDir,
    start: (shiftMs, ageMax) => TestServer.start(dataDir, ['--without-auth', '--workers', '1', '--log-age-max', ageMax], { NODE_OPTIONS: `--require ${script}`, SHIFT_MS: String(shiftMs) }),
  };
}

async function store(server: TestServer, value: number): Promise<void> {
  assert.equal((await post(server.url, '/write?db=db&precision=ns', Buffer.from(`m v=${value}i ${value}`))).status, 204);
}

async function untilInFiles(dataDir: string, rows: number): Promise<void> {
  const inFiles = (): number => [...readDatabase(dataDir, 'db').values()].flatMap(({ files }) => files).reduce((sum, file) => sum + file.rows, 0);
  for (const end = performance.now() + WAIT_MS_MAX; inFiles() < rows; await new Promise((resolve) => setTimeout(resolve, 50))) {
    assert.ok(performance.now() < end, `${inFiles()} of ${rows} rows are in files after ${WAIT_MS_MAX} ms`);
  }
}

test('killed with a clock that was a day ahead: after the start rows of then and of now go into files by age', async () => {
  const { dataDir, start } = makeScene();
  try {
    const ahead = await start(DAY_MS, '10m');
    await store(ahead, 1);
    await ahead.kill();
    const server = await start(0, '1s');
    await untilInFiles(dataDir, 1);
    await store(server, 2);
    await untilInFiles(dataDir, 2);
    assert.equal(await server.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

test('a clock that was ahead and comes back: rows go into files by age, those from before and those after', async () => {
  const { dataDir, start } = makeScene();
  try {
    const server = await start(DAY_MS, '3s');
    await store(server, 1);
    server.child.kill('SIGUSR2');
    await store(server, 2);
    await untilInFiles(dataDir, 2);
    await store(server, 3);
    await untilInFiles(dataDir, 3);
    assert.equal(await server.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

/** A log file that is gone or emptied between two lives is named in /health; the rows of the others are all there. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { post } from '../e2e/client.js';
import { readDatabase } from '../e2e/delta-folder.js';
import { makeDataDir, removeDataDir, TestServer } from '../e2e/server.js';
import { open, store } from './harness.js';

const ROWS_A_WRITE = 550;
const FILES = 3;
const MARK_MS_MAX = 60_000;

function logFiles(dataDir: string): string[] {
  return readdirSync(join(dataDir, 'log')).filter((name) => name.endsWith('.log')).map((name) => join(dataDir, 'log', name));
}

/** A write that fills most of a log file. */
function body(write: number): Buffer {
  const lines = Array.from({ length: ROWS_A_WRITE }, (_, i) => `m,w=w${write} v=${i}i,s="${'.'.repeat(80)}" ${write * 1000 + i}`);
  return Buffer.from(lines.join('\n'));
}

async function messages(server: TestServer): Promise<string[]> {
  const { checks } = (await (await fetch(`${server.url}/health`)).json()) as { checks: { message: string }[] };
  return checks.map(({ message }) => message);
}

const LOSSES: Readonly<Record<string, { lose: (path: string) => void; says: RegExp }>> = {
  'removed': { lose: (path) => rmSync(path), says: /is missing, though .* names it/ },
  'emptied': { lose: (path) => truncateSync(path), says: /holds no record, though .* says that it did: moved to quarantine/ },
};

/** A folder as kill -9 leaves it: a row in a file, and FILES log files with a body each. */
async function killed(dataDir: string): Promise<void> {
  const first = await TestServer.start(dataDir);
  assert.equal((await post(first.url, '/write?db=d', Buffer.from('m,w=first v=1i,s="" 1'))).status, 204);
  assert.equal(await first.stop(), 0);
  const server = await TestServer.start(dataDir, ['--without-auth', '--log-segment-bytes', '64KiB']);
  for (let write = 0; write < FILES; write += 1) assert.equal((await post(server.url, '/write?db=d', body(write))).status, 204);
  // Just after its first record the newest one is not marked yet.
  const mark = logFiles(dataDir).at(-1)!.replace(/\.log$/, '.newest');
  for (const end = performance.now() + MARK_MS_MAX; !existsSync(mark); await new Promise((resolve) => setTimeout(resolve, 10))) {
    assert.ok(performance.now() < end, `${mark} is not there`);
  }
  await server.kill();
  // No copy can be made of a socket.
  rmSync(join(dataDir, 'sluice.sock'));
}

const rowsInFiles = (dataDir: string): number =>
  [...readDatabase(dataDir, 'd').values()].flatMap(({ files }) => files).reduce((sum, { rows }) => sum + rows, 0);

test('a log file is removed or emptied after kill -9: /health names it, whichever it is', async () => {
  const base = makeDataDir();
  try {
    await killed(base);
    for (const { lose, says } of Object.values(LOSSES)) {
      for (let victim = 0; victim < FILES; victim += 1) {
        const dataDir = makeDataDir();
        try {
          cpSync(base, dataDir, { recursive: true });
          const file = logFiles(dataDir).slice(-FILES)[victim]!;
          lose(file);
          const again = await TestServer.start(dataDir, ['--without-auth']);
          const said = await messages(again);
          assert.equal(said.length, 1, said.join('\n'));
          assert.ok(said[0]!.includes(file.slice(-20)) && says.test(said[0]!), said[0]);
          assert.equal(await again.stop(), 0);
          assert.equal(rowsInFiles(dataDir), 1 + (FILES - 1) * ROWS_A_WRITE);
        } finally {
          removeDataDir(dataDir);
        }
      }
    }
  } finally {
    removeDataDir(base);
  }
});

test('the whole log is removed after a clean stop: the catalog knows a number that the log should', async () => {
  const dataDir = makeDataDir();
  try {
    const engine = await open(dataDir);
    await store(engine, 'd', 'm v=1i 1');
    await engine.stop();
    const clean = await open(dataDir);
    assert.deepEqual(clean.problems(), []);
    await clean.stop();
    rmSync(join(dataDir, 'log'), { recursive: true });
    const lost = await open(dataDir);
    assert.match(lost.problems().join('\n'), /^the catalog knows seq \d+ and the log none above 0: the newest part of the log is missing$/);
    await store(lost, 'd', 'm v=2i 2');
    await lost.stop();
    const after = await open(dataDir);
    assert.deepEqual(after.problems(), []);
    await after.stop();
  } finally {
    removeDataDir(dataDir);
  }
});

/** How the program ends: by a signal under load, by two signals, by force; and that a data folder has one server. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sampled } from '../fuzz/random.js';
import { post } from './client.js';
import { makeDataDir, PROGRAM, removeDataDir, SERVER_ENV, sluice, TestServer } from './server.js';

const CLIENTS = 8;
const WRITES_BEFORE = 200;

/** One client: writes until it is told to stop or cannot; every answer must be one that a stop may give. */
async function writeUntilRefused(url: string, client: number, stored: Set<string>, onStored: () => void): Promise<void> {
  for (let value = 0; ; value += 1) {
    const reply = await post(url, '/api/v3/write_lp?db=load&precision=ns', Buffer.from(`m,client=c${client} v=${value}i ${value}`)).catch(() => null);
    if (reply === null) return;
    if (reply.status === 503) {
      assert.match(String(reply.headers['retry-after']), /^\d+$/);
      assert.match(String(reply.headers['content-type']), /^application\/json/);
      return;
    }
    assert.equal(reply.status, 204, reply.body);
    stored.add(`c${client},${value}`);
    onStored();
  }
}

for (const signal of sampled(['SIGTERM', 'SIGINT'] as const, 2)) {
  test(`${signal} under load: nothing acknowledged is lost, all rows are in files, the exit code is 0`, async () => {
    const dataDir = makeDataDir();
    try {
      const server = await TestServer.start(dataDir);
      const stored = new Set<string>();
      let underLoad!: () => void;
      const loaded = new Promise<void>((resolve) => (underLoad = resolve));
      const clients = Array.from({ length: CLIENTS }, (_, client) => (
        writeUntilRefused(server.url, client, stored, () => stored.size === WRITES_BEFORE && underLoad())
      ));
      await loaded;
      // A stop that takes over 9.5 s has another exit code.
      assert.equal(await server.stop(signal), 0, server.said);
      await Promise.all(clients);

      const again = await TestServer.start(dataDir);
      const { stdout, stderr } = sluice(['query', '--data-dir', dataDir, '--database', 'load', '--format', 'csv', 'SELECT client, v FROM m']);
      const found = new Set(stdout.trim().split(/\r?\n/).slice(1));
      const lost = [...stored].filter((row) => !found.has(row));
      assert.deepEqual(lost, [], stderr);
      assert.equal(await again.stop(), 0);
      assert.doesNotMatch(again.said, /frames of the log are back|WARN|"level":(40|50)/i, 'the stop left nothing to the log');
    } finally {
      removeDataDir(dataDir);
    }
  });
}

test('a second signal ends the program at once, with exit code 1 and nothing lost', async () => {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir);
    assert.equal((await post(server.url, '/write?db=twice', Buffer.from('m v=1i 1'))).status, 204);
    assert.equal(await server.stop('SIGTERM', 'SIGINT'), 1);
    const again = await TestServer.start(dataDir);
    const { stdout } = sluice(['query', '--data-dir', dataDir, '--format', 'csv', 'SELECT v FROM m']);
    assert.equal(stdout.trim().replaceAll('\r', ''), 'v\n1');
    assert.equal(await again.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

test('a data folder has one server: a second one refuses with a sentence, and starts when the first was killed', async () => {
  const dataDir = makeDataDir();
  try {
    const first = await TestServer.start(dataDir);
    const { code, stderr } = sluice(['serve', '--data-dir', dataDir, '--http-bind', '127.0.0.1:0', '--without-auth']);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`^sluice: the data folder is in use: process ${first.child.pid} holds .*sluice\\.sock$`, 'm'));
    assert.equal((await post(first.url, '/write?db=lock', Buffer.from('m v=1i 1'))).status, 204, 'the first goes on');
    await first.kill();
    const second = await TestServer.start(dataDir);
    assert.equal((await post(second.url, '/write?db=lock', Buffer.from('m v=2i 2'))).status, 204);
    assert.equal(await second.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

test('a server that finds its folder held by a command waits for it, saying so once; a signal ends the wait', async () => {
  const dataDir = makeDataDir();
  let command: ChildProcess | undefined;
  try {
    const first = await TestServer.start(dataDir);
    assert.equal(await first.stop(), 0);
    const holding = spawn(process.execPath, [PROGRAM, 'import', '-', '--database', 'held', '--data-dir', dataDir], { stdio: ['pipe', 'ignore', 'inherit'] });
    command = holding;
    const holds = (): boolean => existsSync(join(dataDir, 'sluice.sock'));
    while (!holds() && holding.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));

    const stopped = spawn(process.execPath, [PROGRAM, 'serve', '--data-dir', dataDir, '--http-bind', '127.0.0.1:0'], { stdio: ['ignore', 'ignore', 'pipe'], env: SERVER_ENV });
    stopped.stderr.once('data', () => stopped.kill('SIGTERM'));
    assert.deepEqual(await once(stopped, 'exit'), [0, null]);

    let said = '';
    const starting = TestServer.start(dataDir, ['--without-auth'], {}, (text) => {
      said += text;
      if (/is waited for/.test(said)) holding.stdin.end('m v=1i 1\n');
    });
    const [server] = await Promise.all([starting, once(holding, 'exit')]);
    assert.equal(holding.exitCode, 0);
    assert.equal(said.match(/is waited for/g)?.length, 1, said);
    const { stdout } = sluice(['query', '--data-dir', dataDir, '--format', 'csv', 'SELECT v FROM m']);
    assert.equal(stdout.trim().replaceAll('\r', ''), 'v\n1');
    assert.equal(await server.stop(), 0);
  } finally {
    command?.kill('SIGKILL');
    removeDataDir(dataDir);
  }
});

/** A server whose stderr or stdout nobody takes, and signals that come before it serves: neither ends it, neither holds it up. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, existsSync, openSync, readFileSync, readSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { askServer } from '../../src/control/client.js';
import { dataPaths } from '../../src/names.js';
import { post } from './client.js';
import { makeDataDir, PROGRAM, removeDataDir, SERVER_ENV } from './server.js';

const READY_MS_MAX = 30_000;
const AGAIN_MS = 20;

async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const end = performance.now() + READY_MS_MAX; performance.now() < end; ) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  throw new Error(`in vain waited for: ${what}`);
}

/** Below the data folder's parent. */
function mkfifo(dataDir: string, name: string): string {
  const path = join(dataDir, '..', name);
  assert.equal(spawnSync('mkfifo', [path]).status, 0);
  return path;
}

/** A module that has every worker thread write more to its stderr than a pipe holds. */
function talkativeThreads(dataDir: string): string {
  const path = join(dataDir, '..', 'talk.mjs');
  writeFileSync(path, `import { isMainThread } from 'node:worker_threads';
    if (!isMainThread) for (let i = 0; i < 100; i += 1) process.stderr.write(\`{"thread":"\${'.'.repeat(2000)}"}\\n\`);`);
  return path;
}

/** One that a failed test leaves behind is ended by force. */
const started = new Set<ChildProcess>();

function start(dataDir: string, stdio: StdioOptions, ...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [PROGRAM, 'serve', '--data-dir', dataDir, '--http-bind', '127.0.0.1:0', '--log-level', 'debug', ...args], {
    stdio, env: { ...SERVER_ENV, NODE_OPTIONS: `--import=${talkativeThreads(dataDir)}` },
  });
  started.add(child);
  return child;
}

/** The address that the server printed into a file. */
function addressIn(path: string): Promise<string> {
  return until('the address', () => /http:\/\/127\.0\.0\.1:\d+/.exec(readFileSync(path, 'utf8'))?.[0]);
}

/** Ends a server and gives its exit code. */
async function stop(child: ChildProcess): Promise<number | null> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  return (await ended)[0] as number | null;
}

/** Refused credentials are said, line after line; then a write that is taken. */
async function useIt(dataDir: string, url: string): Promise<void> {
  const token = readFileSync(join(dataDir, 'admin-token'), 'utf8').trim();
  for (let i = 0; i < 20; i += 1) {
    const { status } = await post(url, '/write?db=d', Buffer.from('m v=1i 1'), { headers: { Authorization: `Token no${i}`, 'X-Forwarded-For': `10.0.0.${i}` } });
    assert.equal(status, 401);
  }
  assert.equal((await post(url, '/write?db=d', Buffer.from('m v=1i 1'), { headers: { Authorization: `Token ${token}` } })).status, 204);
}

async function withFolder(body: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = join(makeDataDir(), '..', 'a space');
  try {
    await body(dataDir);
  } finally {
    for (const child of started) child.kill('SIGKILL');
    started.clear();
    removeDataDir(dataDir);
  }
}

test('stderr on a full disk: the server serves, counts the lines, and ends as ever', () => withFolder(async (dataDir) => {
  const out = join(dataDir, '..', 'out');
  const files = [openSync(out, 'w'), openSync('/dev/full', 'w')];
  const child = start(dataDir, ['ignore', ...files], '--trusted-proxy', '127.0.0.1');
  const url = await addressIn(out);
  await useIt(dataDir, url);
  const dropped = /^sluice_log_lines_dropped_total (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text());
  assert.ok(Number(dropped?.[1]) > 20, dropped?.[0]);
  assert.equal(await stop(child), 0);
  files.forEach(closeSync);
}));

test('stdout on a full disk: the server serves', () => withFolder(async (dataDir) => {
  const full = openSync('/dev/full', 'w');
  const child = start(dataDir, ['ignore', full, 'ignore']);
  const { socket } = dataPaths(dataDir);
  await until('an answer', async () => (await askServer(socket, 'status', {}).catch(() => null)) ?? undefined);
  assert.equal(await stop(child), 0);
  closeSync(full);
}));

for (const stuck of ['stderr', 'stdout'] as const) {
  test(`${stuck} into a full pipe that nobody reads: the server serves and ends; what is read later is whole`, () => withFolder(async (dataDir) => {
    const path = mkfifo(dataDir, 'pipe');
    const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    let filled = 0;
    assert.throws(() => {
      for (;;) filled += writeSync(reader, '\n'.repeat(4096));
    }, { code: 'EAGAIN' });
    const end = openSync(path, constants.O_WRONLY);
    const out = openSync(join(dataDir, '..', 'out'), 'w');
    const child = start(dataDir, stuck === 'stderr' ? ['ignore', out, end] : ['ignore', end, out], '--trusted-proxy', '127.0.0.1');
    if (stuck === 'stderr') {
      await useIt(dataDir, await addressIn(join(dataDir, '..', 'out')));
    } else {
      await until('an answer', async () => (await askServer(dataPaths(dataDir).socket, 'status', {}).catch(() => null)) ?? undefined);
    }
    const into = Buffer.alloc(filled + 100_000);
    let said = '';
    const words = stuck === 'stderr' ? /token is not known[^]*: 204, [^\n]*\n$/ : /takes writes on [^\n]*\n$/;
    await until('what waited', () => {
      try {
        said += into.toString('utf8', 0, readSync(reader, into));
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
      }
      return words.test(said) ? true : undefined;
    });
    if (stuck === 'stderr') for (const line of said.trim().split('\n')) JSON.parse(line);
    assert.throws(() => {
      for (;;) writeSync(reader, '\n'.repeat(4096));
    }, { code: 'EAGAIN' });
    assert.equal(await stop(child), 0, 'it ends though the pipe is full again');
    [reader, end, out].forEach(closeSync);
  }));
}

test('stderr and stdout into a pipe whose reader is gone: the server serves', () => withFolder(async (dataDir) => {
  const child = start(dataDir, ['ignore', 'pipe', 'pipe']);
  child.stderr!.destroy();
  let url = '';
  for await (const piece of child.stdout!) {
    url = /http:\/\/127\.0\.0\.1:\d+/.exec(String(piece))?.[0] ?? url;
    if (url !== '') break;
  }
  child.stdout!.destroy();
  await useIt(dataDir, url);
  assert.equal(await stop(child), 0);
}));

/** A server whose start waits for an admin token file; it goes on when `open` is called. */
async function startSlowly(dataDir: string): Promise<{ child: ChildProcess; out: string; open: () => void }> {
  const out = join(dataDir, '..', 'out');
  const file = openSync(out, 'w');
  const tokenFile = mkfifo(dataDir, 'admin.json');
  const child = start(dataDir, ['ignore', file, file], '--admin-token-file', tokenFile);
  closeSync(file);
  const writer = await until('the start to read its tokens', () => {
    try {
      return openSync(tokenFile, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENXIO');
      return undefined;
    }
  });
  const open = (): void => {
    const text = JSON.stringify({ token: 'apiv3_given', name: 'robot' });
    writeFileSync(`${tokenFile}.file`, text);
    renameSync(`${tokenFile}.file`, tokenFile);
    writeSync(writer, text);
    closeSync(writer);
  };
  return { child, out, open };
}

test('a SIGHUP during the start is done after it', () => withFolder(async (dataDir) => {
  const { child, out, open } = await startSlowly(dataDir);
  child.kill('SIGHUP');
  await until('the signal to be there', () => (pendingGone(child) ? true : undefined));
  assert.equal(child.signalCode, null);
  open();
  await addressIn(out);
  await until('the reload', () => (/SIGHUP: tokens read again/.test(readFileSync(out, 'utf8')) ? true : undefined));
  assert.equal(await stop(child), 0);
}));

/** Whether no signal waits for the process. */
function pendingGone({ pid }: ChildProcess): boolean {
  return existsSync(`/proc/${pid}/status`) && /^ShdPnd:\s0+$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`a ${signal} during the start ends it in order: no listener, the lock is free, exit code 0`, () => withFolder(async (dataDir) => {
    const { child, out, open } = await startSlowly(dataDir);
    const ended = once(child, 'exit');
    child.kill(signal);
    await until('the signal to be there', () => (pendingGone(child) ? true : undefined));
    assert.ok(existsSync(dataPaths(dataDir).socket));
    open();
    assert.deepEqual(await ended, [0, null]);
    assert.match(readFileSync(out, 'utf8'), new RegExp(`${signal}: stopping`));
    assert.doesNotMatch(readFileSync(out, 'utf8'), /takes writes/);
    assert.ok(!existsSync(dataPaths(dataDir).socket));
  }));
}

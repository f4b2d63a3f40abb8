import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { askServer } from '../../src/control/client.js';
import type { ArgsOf, ControlHandlers } from '../../src/control/commands.js';
import { takeBehindCommands } from '../../src/control/behind-commands.js';
import { bindControl, FolderHeld } from '../../src/control/server.js';
import { exchangeLine, nameWithoutFile } from '../../src/control/socket.js';
import { identityOf, systemDisk, type Disk } from '../../src/disk.js';
import { OVERVIEW } from '../cli/overview.js';

const root = mkdtempSync(join(tmpdir(), 'sluice-control-'));
after(() => rmSync(root, { recursive: true }));

let made = 0;
function freshPath(): string {
  made += 1;
  const folder = join(root, String(made));
  mkdirSync(folder);
  return join(folder, 'sluice.sock');
}

let written: { database: string; body: Buffer } | undefined;
const handlers: ControlHandlers = {
  'status': async () => ({ pid: 1, problems: ['ünïcode\n'], bodyBytesMax: 1, bodyLinesMax: 1 }),
  'overview': async () => OVERVIEW,
  'write': async ({ database }, body) => {
    written = { database, body: Buffer.from(body) };
    return { kind: 'stored' };
  },
  'delete': async () => ({ tables: 0 }),
  'compact': async () => ({ tables: 0, jobs: 0, failed: [] }),
  'flush': async ({ database }) => {
    throw new Error(`there is no database ${database}`);
  },
  'tables': async () => Array.from({ length: 5000 }, (_, n) => ({ database: 'db', measurement: `m${n}`, columns: [], rows: n, unflushed: 0, files: ['/a/b.parquet'], quarantined: [], flushedTo: n, problems: [] })),
  'files': async () => {
    throw new Error('it is not asked here');
  },
  'log-hold': async () => ({ hold: 'a', segments: [] }),
  'log-release': async () => ({ held: true }),
  'schema': async () => [],
  'tables-to-read': async () => ({ failed: [], tables: [] }),
  'quarantine-list': async () => [],
  'quarantine-remove': async () => ({}),
  'database-create': async ({ name }) => ({ created: name === 'new' }),
  'database-list': async () => [],
  'database-update': async ({ settings }) => ({ tags: 'grow', types: 'strict', retentionS: null, ...settings }),
  'database-drop': async () => ({ tables: 0, trash: { folder: '/data/trash', untilMs: 3_600_000 } }),
  'token-create': async ({ name }) => ({ name: name ?? '', token: '' }),
  'token-list': async () => [],
  'token-rotate': async ({ name }) => ({ name, token: '' }),
  'token-delete': async () => ({}),
};

/** A process that binds the path and then dies without removing its socket. */
async function leaveStale(path: string): Promise<void> {
  const child = spawn(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`]);
  await once(child, 'exit');
  assert.ok(existsSync(path));
}

test('commands reach the handlers, results and errors come back', async () => {
  const path = freshPath();
  const control = await bindControl(path, systemDisk);
  control.serve(handlers);
  assert.deepEqual(await askServer(path, 'status', {}), { pid: 1, problems: ['ünïcode\n'], bodyBytesMax: 1, bodyLinesMax: 1 });
  assert.deepEqual(await askServer(path, 'database-create', { name: 'new' }), { created: true });
  assert.equal((await askServer(path, 'tables', { database: null }))?.length, 5000);
  await assert.rejects(askServer(path, 'flush', { database: 'x' }), /^Error: there is no database x$/);
  await assert.rejects(askServer(path, 'constructor' as 'status', {}), /there is no command "constructor"/);
  assert.deepEqual(await control.run('database-list', {}), []);
  await control.close();
});

test('a connection carries any number of lines, and one that is no JSON gets an error', async () => {
  const path = freshPath();
  const control = await bindControl(path, systemDisk);
  control.serve(handlers);
  const socket = connect(path).setEncoding('utf8');
  socket.write('nonsense\n{"command":"database-list","args":{}}\n{"command":"hel');
  socket.write('lo"}\n');
  let text = '';
  for await (const piece of socket) {
    text += String(piece);
    if (text.split('\n').length === 4) break;
  }
  const answers = text.trimEnd().split('\n').map((line) => JSON.parse(line) as { error?: string; result?: { pid: number } });
  assert.match(String(answers[0]?.error), /JSON/);
  assert.deepEqual(answers[1], { result: [] });
  assert.equal(answers[2]?.result?.pid, process.pid);
  await control.close();
});

test('a body of any bytes goes with a command, in whatever pieces it comes', async () => {
  const path = freshPath();
  const control = await bindControl(path, systemDisk);
  control.serve(handlers);
  const body = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 7) % 256));
  assert.deepEqual(await askServer(path, 'write', { database: 'a', precision: 1 }, body), { kind: 'stored' });
  assert.equal(written?.database, 'a');
  assert.ok(written?.body.equals(body));
  const socket = connect(path).setEncoding('utf8');
  for (const piece of ['3', ' {"command":"write","args":{"database":"b","precision":1}}', '\n\n', '\n{{"command":"hello"}', '\n']) {
    await new Promise((resolve) => socket.write(piece, resolve));
  }
  let answers = '';
  for await (const piece of socket) {
    answers += String(piece);
    if (answers.split('\n').length === 3) socket.write('9999999999 {"command":"hello"}\n');
  }
  assert.equal(written.body.toString(), '\n\n{');
  assert.match(answers, /^\{"result":\{"kind":"stored"\}\}\n\{"result":\{"pid":\d+,.*\}\}\n$/, 'and a body longer than any may be ends the connection');
  await control.close();
});

test('a command that is given what it does not take is told where and why', async () => {
  const path = freshPath();
  const control = await bindControl(path, systemDisk);
  control.serve(handlers);
  const wrong = (args: unknown): Promise<unknown> => askServer(path, 'database-create', args as ArgsOf<'database-create'>);
  await assert.rejects(wrong({}), /the command database-create was asked with what it does not take, .*: "name" is missing/);
  await assert.rejects(wrong({ name: 5 }), /"name" is not a text: it is 5/);
  await assert.rejects(wrong({ name: 'a', settings: { tags: 'all' } }), /"settings\.tags" is not "grow" or "fixed": it is a text/);
  await assert.rejects(wrong({ name: 'a', settings: { retentionS: 60 } }), /"settings\.retentionS" is not a period that a database may have: it is 60/);
  await control.close();
});

test('what comes before there are handlers waits for them', async () => {
  const path = freshPath();
  const control = await bindControl(path, systemDisk);
  const asked = askServer(path, 'database-list', {});
  control.serve(handlers);
  assert.deepEqual(await asked, []);
  await control.close();
});

test('only its user can open the socket, and closing removes it', async () => {
  const path = freshPath();
  const control = await bindControl(path, systemDisk);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  await control.close();
  assert.equal(existsSync(path), false);
  assert.equal(await askServer(path, 'status', {}), null);
});

test('a folder that is held is refused, naming the process', async () => {
  const path = freshPath();
  const control = await bindControl(path, systemDisk);
  await assert.rejects(bindControl(path, systemDisk), new RegExp(`the data folder is in use: process ${process.pid} holds ${path}`));
  control.serve(handlers);
  assert.deepEqual(await askServer(path, 'database-list', {}), []);
  await control.close();
});

test('a socket left by a dead process is moved away', async () => {
  const path = freshPath();
  await leaveStale(path);
  assert.equal(await askServer(path, 'status', {}), null);
  const control = await bindControl(path, systemDisk);
  control.serve(handlers);
  assert.deepEqual(await askServer(path, 'database-list', {}), []);
  assert.deepEqual(readdirSync(join(path, '..')), ['sluice.sock']);
  await control.close();
});

test('of many that start on a stale socket at the same time no two hold the folder', async () => {
  const path = freshPath();
  await leaveStale(path);
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => bindControl(path, systemDisk)));
  const held = results.filter((result) => result.status === 'fulfilled');
  assert.ok(held.length <= 1);
  await held[0]?.value.close();
  await (await bindControl(path, systemDisk)).close();
});

test('a file in the place of the socket is moved away as well', async () => {
  const path = freshPath();
  writeFileSync(path, 'not a socket');
  await (await bindControl(path, systemDisk)).close();
});

test('a live socket that was moved by mistake is put back', async () => {
  const path = freshPath();
  const control = await bindControl(path, systemDisk);
  control.serve(handlers);
  let asked = 0;
  const away = `${path}.away`;
  const racing = {
    ...systemDisk,
    async rename(from: string, to: string) {
      asked += 1;
      await systemDisk.rename(away, from);
      await systemDisk.rename(from, to);
    },
  };
  await systemDisk.rename(path, away);
  await leaveStale(path);
  await assert.rejects(bindControl(path, racing), new RegExp(`process ${process.pid} holds`));
  assert.equal(asked, 1);
  assert.deepEqual(await askServer(path, 'database-list', {}), []);
  await control.close();
});

test('a server that goes away while it is asked is an error', async () => {
  const path = freshPath();
  const server = createServer((socket) => socket.once('data', () => socket.destroy()));
  server.listen(path);
  await once(server, 'listening');
  await assert.rejects(askServer(path, 'status', {}), /the server went away before it answered/);
  server.close();
});

test('a process that listens but does not answer is not taken for dead', async () => {
  const path = freshPath();
  const server = createServer();
  server.listen(path);
  await once(server, 'listening');
  await assert.rejects(exchangeLine(path, 'hello', 50, Buffer.alloc(0)), /whoever listens at .* does not answer/);
  server.close();
});

test('a path too long for a socket says so', async () => {
  const folder = join(root, 'x'.repeat(120));
  mkdirSync(folder);
  await assert.rejects(bindControl(join(folder, 'sluice.sock'), systemDisk), /a socket's may have 107: choose a shorter data folder/);
});

/** A disk that has no room for a name. */
function fullDisk(): { disk: Disk; isFull: boolean } {
  const state = {
    isFull: true,
    disk: {
      ...systemDisk,
      async link(from: string, to: string) {
        if (state.isFull) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        return systemDisk.link(from, to);
      },
    },
  };
  return state;
}

const LINUX_ALONE = process.platform === 'linux' ? false : 'sockets without files are Linux\'s';

test('without room for the socket the folder is held all the same, says why no command comes in, and the socket comes with the room', { skip: LINUX_ALONE }, async () => {
  const path = freshPath();
  const name = nameWithoutFile(await identityOf(join(path, '..')));
  const full = fullDisk();
  const control = await bindControl(path, full.disk, name);
  control.serve(handlers);
  assert.match(control.problem()!, /^no command can reach this server: the socket .*sluice\.sock cannot be made, which is tried again: ENOSPC/);
  assert.deepEqual(readdirSync(join(path, '..')), []);
  assert.deepEqual(await control.run('database-list', {}), []);
  const inUse = new RegExp(`the data folder is in use: process ${process.pid} holds it, and has no socket at ${path} yet`);
  await assert.rejects(bindControl(path, systemDisk, name), inUse, 'also where there is room by now');
  await control.heal();
  assert.notEqual(control.problem(), null);
  full.isFull = false;
  await Promise.all([control.heal(), control.heal()]);
  assert.equal(control.problem(), null);
  assert.deepEqual(await askServer(path, 'database-list', {}), []);
  await assert.rejects(bindControl(path, systemDisk, name), new RegExp(`process ${process.pid} holds ${path}`));
  await control.close();
  assert.deepEqual(readdirSync(join(path, '..')), []);
  await control.heal();
  await (await bindControl(path, systemDisk, name)).close();
});

test('the lock without a file answers who holds it, and no command', { skip: LINUX_ALONE }, async () => {
  const path = freshPath();
  const name = nameWithoutFile(await identityOf(join(path, '..')))!;
  const control = await bindControl(path, systemDisk, name);
  control.serve(handlers);
  for (const line of ['{"command":"hello"}', '{"command":"token-create","args":{"name":null,"rights":"admin","lifeMs":null}}', 'x']) {
    const answer = JSON.parse((await exchangeLine(name, line, 1000, Buffer.alloc(0)))!) as { result: { pid: number } };
    assert.deepEqual(Object.keys(answer.result), ['pid', 'holder', 'nonce']);
    assert.equal(answer.result.pid, process.pid);
  }
  await control.close();
  assert.equal(await exchangeLine(name, 'x', 1000, Buffer.alloc(0)), null);
});

test('a full disk stops whoever has the path alone for a lock', async () => {
  const path = freshPath();
  await assert.rejects(bindControl(path, fullDisk().disk), { code: 'ENOSPC' });
  assert.deepEqual(readdirSync(join(path, '..')), []);
});

/** A wait whose time a test counts. @param onPause what happens while it waits */
function patience(onPause: () => Promise<void> = async () => undefined) {
  const waiting = {
    ms: 0, said: [] as string[], isStopped: false,
    monotonicMs: () => waiting.ms,
    pause: async (ms: number) => {
      waiting.ms += ms;
      await onPause();
    },
    say: (sentence: string) => void waiting.said.push(sentence),
    isOver: () => waiting.isStopped,
  };
  return waiting;
}

test('a server waits for a command that holds the folder, says so once, and takes it when the command ends', async () => {
  for (const lockName of [null, 'with a lock']) {
    const path = freshPath();
    const name = lockName === null ? null : nameWithoutFile(await identityOf(join(path, '..')));
    const command = await bindControl(path, systemDisk, name, 'command');
    const waiting = patience(async () => {
      if (waiting.ms >= 1000) await command.close();
    });
    const server = await takeBehindCommands(() => bindControl(path, systemDisk, name, 'server'), waiting);
    assert.deepEqual(waiting.said, [`the data folder is in use: process ${process.pid}, a command of sluice, holds ${path}: it is waited for, 30 s at most`]);
    assert.ok(waiting.ms >= 1000 && waiting.ms < 5000);
    await assert.rejects(takeBehindCommands(() => bindControl(path, systemDisk, name, 'server'), patience()), FolderHeld, 'a server is not waited for');
    await server.close();
  }
});

test('a server waits for a command no longer than 30 s, and not when it is told to stop', async () => {
  const path = freshPath();
  const command = await bindControl(path, systemDisk, null, 'command');
  const take = (): ReturnType<typeof bindControl> => bindControl(path, systemDisk, null, 'server');
  const waiting = patience();
  await assert.rejects(takeBehindCommands(take, waiting), /in use: process \d+, a command of sluice, holds/);
  assert.equal(waiting.ms, 30_000);
  const stopped = patience(async () => void (stopped.isStopped = stopped.ms >= 500));
  await assert.rejects(takeBehindCommands(take, stopped), FolderHeld);
  assert.equal(stopped.ms, 500);
  await command.close();
});

test('a holder of an earlier program, which does not say what it is, is taken for a server', async () => {
  const path = freshPath();
  const earlier = createServer((socket) => socket.resume().end(`${JSON.stringify({ result: { pid: 1, nonce: 'x' } })}\n`));
  await new Promise<void>((resolve) => earlier.listen(path, resolve));
  const waiting = patience();
  await assert.rejects(takeBehindCommands(() => bindControl(path, systemDisk), waiting), /process 1 holds/);
  assert.equal(waiting.ms, 0);
  await new Promise((resolve) => earlier.close(resolve));
});

test('a holder that goes away before it answers is nobody', async () => {
  const path = freshPath();
  const going = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => going.listen(path, resolve));
  const control = await bindControl(path, systemDisk);
  await control.close();
  await new Promise((resolve) => going.close(resolve));
});

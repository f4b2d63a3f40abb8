/** The control socket of a data folder: its lock, and where commands come in. */
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Disk } from '../disk.js';
import { helloAt } from './client.js';
import { decode, exactOptional, object, string, unknown } from '../json.js';
import { argsOf } from './args.js';
import type { ArgsOf, CommandName, ControlAnswer, ControlHandlers, Hello, Holder, ResultOf } from './commands.js';
import { assertSocketPath, listenLines, type LineListener } from './socket.js';

/** A stale socket is moved away this often before giving up. */
const attemptsMax = 5;

/** What a full disk answers who makes a file. */
const NO_ROOM: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT']);

/** Another process holds the data folder. */
export class FolderHeld extends Error {
  override readonly name = 'FolderHeld';
  readonly by: Hello;

  /** @param where in words: what of it the process holds */
  constructor(by: Hello, where: string) {
    super(`the data folder is in use: process ${by.pid}${by.holder === 'command' ? ', a command of sluice,' : ''} holds ${where}`);
    this.by = by;
  }
}

/** A held data folder. */
export interface Control {
  /** Answers commands from now on; those that came before have waited. */
  serve(handlers: ControlHandlers): void;
  /** Runs a command as if it had come in, in the process that holds the folder. */
  run<C extends CommandName>(command: C, args: ArgsOf<C>, body?: Uint8Array): Promise<ResultOf<C>>;
  /** Why no command can come in, or null. */
  problem(): string | null;
  /** Tries again to bind a socket for which there was no room. Call it about once a second; it never rejects. */
  heal(): Promise<void>;
  /** Lets go of the folder. */
  close(): Promise<void>;
}

/**
 * Takes a data folder. A socket with a name and no file (`lockName`) is its lock, and so is the one at the path, where
 * commands come in: where there is no room for that one the folder is held all the same.
 * @param path of the socket
 * @param lockName null: the socket at the path alone is the lock
 * @param holder what it is taken for
 * @throws FolderHeld when a process holds the folder
 */
export async function bindControl(path: string, disk: Disk, lockName: string | null = null, holder: Holder = 'server'): Promise<Control> {
  assertSocketPath(path);
  const hello: Hello = { pid: process.pid, holder, nonce: randomUUID() };
  const { promise: handlers, resolve: serve } = deferred<ControlHandlers>();
  const lock = lockName === null ? null : await takeLock(lockName, path, hello);
  let bound: LineListener | null = null;
  let refusal: Error | null = null;
  const bind = async (): Promise<void> => {
    try {
      bound = await bindAt(path, disk, hello, handlers);
      refusal = null;
    } catch (error) {
      refusal = error as Error;
    }
  };
  await bind();
  if (refusal !== null && (lock === null || !NO_ROOM.has((refusal as NodeJS.ErrnoException).code))) {
    await lock?.close();
    throw refusal as Error;
  }
  let healing: Promise<void> | null = null;
  let isClosing = false;
  return {
    serve,
    run: async (command, args, body = new Uint8Array()) => (await handlers)[command](args, body),
    problem: () => (refusal === null ? null : `no command can reach this server: the socket ${path} cannot be made, which is tried again: ${refusal.message}`),
    async heal() {
      if (bound !== null || isClosing) return;
      healing ??= bind().finally(() => {
        healing = null;
      });
      await healing;
    },
    async close() {
      isClosing = true;
      await healing;
      if (bound !== null && await isAt(path, hello)) await disk.remove(path);
      await bound?.close();
      await lock?.close();
    },
  };
}

/**
 * Takes the lock that needs no file. Whoever connects to it is told who holds it and nothing else, for it asks nobody
 * who he is.
 * @returns null where this system has no such sockets
 */
async function takeLock(lockName: string, path: string, hello: Hello): Promise<LineListener | null> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    try {
      return await listenLines(lockName, async () => JSON.stringify({ result: hello } satisfies ControlAnswer));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return null;
    }
    const holder = await helloAt(lockName);
    if (holder === null) continue; // it went away in between
    const isAtPath = (await helloAt(path)) !== null;
    throw new FolderHeld(holder, isAtPath ? path : `it, and has no socket at ${path} yet`);
  }
  throw new Error('the lock of the data folder could not be taken: other processes are starting on it');
}

/**
 * Binds the socket: one at most stands at the path. It is bound under a name of its own and linked there, so that
 * whatever stands at the path either answers or is dead; what a dead process left is moved away.
 */
async function bindAt(path: string, disk: Disk, hello: Hello, handlers: Promise<ControlHandlers>): Promise<LineListener> {
  const boundAs = join(dirname(path), `.${hello.nonce.slice(0, 6)}`);
  const listener = await listenLines(boundAs, (line, body) => answerTo(line, body, hello, handlers));
  try {
    await linkWhenFree(boundAs, path, disk);
    await disk.remove(boundAs);
    if (!(await isAt(path, hello))) throw new Error(`the socket ${path} was taken by another process`);
  } catch (error) {
    await listener.close();
    throw error;
  }
  return listener;
}

async function isAt(path: string, { nonce }: Hello): Promise<boolean> {
  return (await helloAt(path))?.nonce === nonce;
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

async function linkWhenFree(boundAs: string, path: string, disk: Disk): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    if (await disk.link(boundAs, path)) return;
    const holder = await helloAt(path);
    if (holder !== null) throw new FolderHeld(holder, path);
    await moveStaleAway(path, `${boundAs}s`, disk);
  }
  throw new Error(`the socket ${path} could not be taken: other processes are starting on the same data folder`);
}

/** Between the question and the move another process may have taken the path: then its socket is put back. */
async function moveStaleAway(path: string, stale: string, disk: Disk): Promise<void> {
  try {
    await disk.rename(path, stale);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const holder = await helloAt(stale);
  if (holder !== null) await disk.link(stale, path);
  await disk.remove(stale);
  if (holder !== null) throw new FolderHeld(holder, path);
}

async function answerTo(line: string, body: Uint8Array, hello: Hello, handlers: Promise<ControlHandlers>): Promise<string> {
  let answer: ControlAnswer;
  try {
    answer = { result: await resultOf(JSON.parse(line), body, hello, handlers) };
  } catch (error) {
    answer = { error: (error as Error).message };
  }
  return JSON.stringify(answer);
}

const requestSchema = object({ command: string(), args: exactOptional(unknown()) });

async function resultOf(request: unknown, body: Uint8Array, hello: Hello, handlers: Promise<ControlHandlers>): Promise<unknown> {
  const { command, args = {} } = decode(requestSchema, request);
  if (command === 'hello') return hello;
  const known = await handlers;
  const isKnown = (name: string): name is CommandName => Object.hasOwn(known, name);
  if (!isKnown(command)) throw new Error(`there is no command ${JSON.stringify(command)}`);
  const handle = known[command] as (args: unknown, body: Uint8Array) => Promise<unknown>;
  return handle(argsOf(command, args), body);
}

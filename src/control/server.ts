/** The control socket of a data folder: its lock, and where commands come in. */
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Disk } from '../disk.js';
import { helloAt } from './client.js';
import type { ArgsOf, CommandName, ControlAnswer, ControlHandlers, ControlRequest, Hello, ResultOf } from './commands.js';
import { assertSocketPath, listenLines } from './socket.js';

/** A stale socket is moved away this often before giving up. */
const attemptsMax = 5;

/** A held data folder. */
export interface Control {
  /** Answers commands from now on; those that came before have waited. */
  serve(handlers: ControlHandlers): void;
  /** Runs a command as if it had come in, in the process that holds the folder. */
  run<C extends CommandName>(command: C, args: ArgsOf<C>, body?: Uint8Array): Promise<ResultOf<C>>;
  /** Lets go of the folder. */
  close(): Promise<void>;
}

/**
 * Takes a data folder: one socket at most stands at the path. It is bound under a name of its own and linked there, so
 * that whatever stands at the path either answers or is dead; what a dead process left is moved away.
 * @param path of the socket
 * @throws Error with a sentence when a process holds the folder
 */
export async function bindControl(path: string, disk: Disk): Promise<Control> {
  assertSocketPath(path);
  const hello: Hello = { pid: process.pid, nonce: randomUUID() };
  const { promise: handlers, resolve: serve } = deferred<ControlHandlers>();
  const boundAs = join(dirname(path), `.${hello.nonce.slice(0, 6)}`);
  const listener = await listenLines(boundAs, (line, body) => answerTo(line, body, hello, handlers));
  const isOurs = async (): Promise<boolean> => (await helloAt(path))?.nonce === hello.nonce;
  try {
    await linkWhenFree(boundAs, path, disk);
    await disk.remove(boundAs);
    if (!(await isOurs())) throw new Error(`the socket ${path} was taken by another process`);
  } catch (error) {
    await listener.close();
    throw error;
  }
  return {
    serve,
    run: async (command, args, body = new Uint8Array()) => (await handlers)[command](args, body),
    close: async () => {
      if (await isOurs()) await disk.remove(path);
      await listener.close();
    },
  };
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
    if (holder !== null) throw inUse(path, holder);
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
  if (holder !== null) throw inUse(path, holder);
}

function inUse(path: string, holder: Hello): Error {
  return new Error(`the data folder is in use: process ${holder.pid} holds ${path}`);
}

async function answerTo(line: string, body: Uint8Array, hello: Hello, handlers: Promise<ControlHandlers>): Promise<string> {
  let answer: ControlAnswer;
  try {
    answer = { result: await resultOf(JSON.parse(line) as ControlRequest, body, hello, handlers) };
  } catch (error) {
    answer = { error: (error as Error).message };
  }
  return JSON.stringify(answer);
}

async function resultOf(request: ControlRequest, body: Uint8Array, hello: Hello, handlers: Promise<ControlHandlers>): Promise<unknown> {
  if (request.command === 'hello') return hello;
  const known = await handlers;
  if (!Object.hasOwn(known, request.command)) throw new Error(`there is no command ${JSON.stringify(request.command)}`);
  return (known[request.command] as (args: unknown, body: Uint8Array) => Promise<unknown>)(request.args, body);
}

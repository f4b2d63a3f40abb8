/** Asks the process that holds a data folder. */
import type { ArgsOf, CommandName, ControlAnswer, ControlRequest, Hello, ResultOf } from './commands.js';
import { exchangeLine } from './socket.js';

/** A process answers `hello` at once, unless it is stopped or hangs. */
const helloMsMax = 5000;

/**
 * Runs a command in the server.
 * @param path of its socket
 * @returns null when no server runs
 * @throws Error with the server's sentence when the command failed
 */
export async function askServer<C extends CommandName>(path: string, command: C, args: ArgsOf<C>): Promise<ResultOf<C> | null> {
  return (await ask(path, { command, args }, 0)) as ResultOf<C> | null;
}

/** Who is bound to the socket, or null. @throws when somebody is but does not answer */
export async function helloAt(path: string): Promise<Hello | null> {
  return (await ask(path, { command: 'hello' }, helloMsMax)) as Hello | null;
}

async function ask(path: string, request: ControlRequest, silenceMsMax: number): Promise<unknown> {
  const line = await exchangeLine(path, JSON.stringify(request), silenceMsMax);
  if (line === null) return null;
  const answer = JSON.parse(line) as ControlAnswer;
  if ('error' in answer) throw new Error(answer.error);
  return answer.result;
}

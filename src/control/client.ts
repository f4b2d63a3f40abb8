/** Asks the process that holds a data folder. */
import type { ArgsOf, CommandName, ControlAnswer, ControlRequest, Hello, ResultOf } from './commands.js';
import { exchangeLine, WentAway } from './socket.js';

/** A process answers `hello` at once, unless it is stopped or hangs. */
const helloMsMax = 5000;
const NO_BODY = new Uint8Array();

/**
 * Runs a command in the server.
 * @param path of its socket
 * @param body what goes with the command, if it takes something
 * @returns null when no server runs
 * @throws Error with the server's sentence when the command failed
 */
export async function askServer<C extends CommandName>(path: string, command: C, args: ArgsOf<C>, body: Uint8Array = NO_BODY): Promise<ResultOf<C> | null> {
  return (await ask(path, { command, args }, 0, body)) as ResultOf<C> | null;
}

/** Who is bound to the socket, or null; who is about to end is nobody. @throws when somebody is but does not answer */
export async function helloAt(path: string): Promise<Hello | null> {
  try {
    return (await ask(path, { command: 'hello' }, helloMsMax, NO_BODY)) as Hello | null;
  } catch (error) {
    if (error instanceof WentAway) return null;
    throw error;
  }
}

async function ask(path: string, request: ControlRequest, silenceMsMax: number, body: Uint8Array): Promise<unknown> {
  const line = await exchangeLine(path, JSON.stringify(request), silenceMsMax, body);
  if (line === null) return null;
  const answer = JSON.parse(line) as ControlAnswer;
  if ('error' in answer) throw new Error(answer.error);
  return answer.result;
}

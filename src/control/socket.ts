/** Unix sockets that carry lines of text, and with some of them a body. */
import { connect, createServer, type Socket } from 'node:net';
import { requestBytes, RequestReader } from './requests.js';

/** sun_path of Linux holds 108 bytes with the zero at its end. */
const pathBytesMax = 107;

/** The other side went away before it answered. */
export class WentAway extends Error {
  override readonly name = 'WentAway';
}

/** @throws Error for a path that is too long for a socket */
export function assertSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= pathBytesMax) return;
  throw new Error(`the path ${path} has ${bytes} bytes, a socket's may have ${pathBytesMax}: choose a shorter data folder`);
}

/** The name of a socket without a file, which a folder has by its identity; null where there are none. */
export function nameWithoutFile(identity: string): string | null {
  return process.platform === 'linux' ? `\0sluice-${identity}` : null;
}

/** A bound socket. */
export interface LineListener {
  /** Drops open connections. The name that was bound goes, if it is still there. */
  close(): Promise<void>;
}

/**
 * Binds a socket that only this user can open and answers each line of a connection in turn.
 * @param answer gives the answer's line; must not reject
 * @throws when something stands at the path
 */
export async function listenLines(path: string, answer: (line: string, body: Buffer) => Promise<string>): Promise<LineListener> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    answerLines(socket, answer);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(0o177);
    server.listen(path, resolve);
    process.umask(before);
  });
  return {
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of open) socket.destroy();
    }),
  };
}

function answerLines(socket: Socket, answer: (line: string, body: Buffer) => Promise<string>): void {
  let answered = Promise.resolve();
  const reader = new RequestReader((line, body) => {
    answered = answered.then(async () => {
      socket.write(`${await answer(line, body)}\n`);
    });
  });
  // A client that goes away is no fault of the server; the socket closes by itself.
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    if (!reader.take(chunk)) socket.destroy();
  });
}

/**
 * Sends a line, with a body that may be empty, and waits for the answer's.
 * @param silenceMsMax fail when nothing comes for so long; 0 waits for ever
 * @returns null when nobody listens at the path
 * @throws when the other side goes away or is silent
 */
export function exchangeLine(path: string, line: string, silenceMsMax: number, body: Uint8Array): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, timeout: silenceMsMax });
    const pieces: string[] = [];
    socket.setEncoding('utf8');
    socket.on('timeout', () => socket.destroy(new Error(`whoever listens at ${path} does not answer`)));
    socket.on('connect', () => {
      for (const bytes of requestBytes(line, body)) socket.write(bytes);
    });
    socket.on('data', (text: string) => {
      const end = text.indexOf('\n');
      pieces.push(end < 0 ? text : text.slice(0, end));
      if (end < 0) return;
      resolve(pieces.join(''));
      socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(null);
      else if (error.code === 'ECONNRESET' || error.code === 'EPIPE') reject(new WentAway('the server went away before it answered'));
      else reject(error);
    });
    socket.on('close', () => reject(new WentAway('the server went away before it answered')));
  });
}

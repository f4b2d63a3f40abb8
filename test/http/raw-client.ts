/** A client that sends exactly the bytes it is told and reads answers off the same connection. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Status line, headers and body. */
  readonly bytes: number;
}

export class RawClient {
  readonly socket: Socket;
  /** Resolves when the connection has ended, in whatever way. */
  readonly closed: Promise<void>;
  #received = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#ended = true;
        this.#wake();
        resolve();
      });
    });
    // A reset shows as the end of the connection.
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const client = new RawClient(socket);
    await once(socket, 'connect');
    return client;
  }

  /** Resolves when the system has taken the bytes. */
  send(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
  }

  /** Reads the next answer. @throws Error when the connection ends before it is whole */
  async answer(options: { head?: boolean } = {}): Promise<RawAnswer> {
    for (;;) {
      const answer = this.#take(options.head ?? false);
      if (answer !== null) return answer;
      if (this.#ended) throw new Error(`the connection ended; received so far: ${JSON.stringify(this.#received.toString())}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #take(head: boolean): RawAnswer | null {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return null;
    const [statusLine = '', ...lines] = this.#received.toString('latin1', 0, end).split('\r\n');
    const headers = new Map(lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }));
    const length = head ? 0 : Number(headers.get('content-length') ?? 0);
    const bytes = end + 4 + length;
    if (this.#received.length < bytes) return null;
    const body = this.#received.toString('utf8', end + 4, bytes);
    this.#received = this.#received.subarray(bytes);
    return { status: Number(statusLine.split(' ')[1]), headers, body, bytes };
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** A POST with Content-Length. */
export function post(target: string, body: string | Uint8Array, headers: readonly string[] = []): Buffer {
  const bytes = Buffer.from(body);
  const head = [`POST ${target} HTTP/1.1`, 'Host: test', `Content-Length: ${bytes.length}`, ...headers, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** Head of a POST whose body comes in chunks. */
export function postChunked(target: string, headers: readonly string[] = []): string {
  return [`POST ${target} HTTP/1.1`, 'Host: test', 'Transfer-Encoding: chunked', ...headers, '', ''].join('\r\n');
}

/** A body in chunks of `chunkBytes`, the ending chunk not included. */
export function chunks(body: Uint8Array, chunkBytes: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += chunkBytes) {
    const part = body.subarray(at, at + chunkBytes);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), Buffer.from(part), Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

export const LAST_CHUNK = '0\r\n\r\n';

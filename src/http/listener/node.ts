/** The listener on node:http and node:https: it takes whatever HTTP/1.0 and 1.1 allow, however slowly it comes. */
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Server as SecureServer } from 'node:https';
import type { Certificate } from './certificate.js';
import { hostAndPort } from '../../addresses.js';
import type { Answer, AnswerHead, Exchange, Handler, Listener, ListenerOptions, MakeListener, Sending } from './listener.js';

const HEADER_BYTES_MAX = 16 * 1024;
const HEADERS_MS_MAX = 10_000;
/** A client that takes nothing of an answer for so long is gone. */
const SILENCE_MS_MAX = 10_000;
/** 64 MiB at 220 KB/s. */
const REQUEST_MS_MAX = 300_000;

const NO_BYTES = new Uint8Array(0);

class NodeExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly peer: string;
  ended = false;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #isStopping: () => boolean;
  #receive: ((chunk: Uint8Array, last: boolean) => void) | null = null;
  #aborted: () => void = () => {};
  /** Answered or aborted. */
  #over = false;
  /** Of an answer that is being sent: lets the next piece come. */
  #taken: () => void = () => {};

  constructor(request: IncomingMessage, response: ServerResponse, isStopping: () => boolean) {
    this.#request = request;
    this.#response = response;
    this.#isStopping = isStopping;
    const url = request.url ?? '';
    const mark = url.indexOf('?');
    this.method = request.method ?? '';
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.query = mark < 0 ? '' : url.slice(mark + 1);
    this.peer = request.socket.remoteAddress ?? '';
    response.on('close', () => {
      if (this.#over) return;
      this.#over = true;
      this.#taken();
      this.#aborted();
    });
  }

  get closing(): boolean {
    return !this.#response.shouldKeepAlive || this.#isStopping();
  }

  header(name: string): string {
    return String(this.#request.headers[name] ?? '');
  }

  headerLines(name: string): readonly string[] {
    return this.#request.headersDistinct[name] ?? [];
  }

  onBody(receive: (chunk: Uint8Array, last: boolean) => void): void {
    if (this.#receive === null) {
      this.#request.on('data', (chunk: Buffer) => this.#take(chunk, false));
      this.#request.on('end', () => this.#take(NO_BYTES, true));
    }
    this.#receive = receive;
  }

  #take(chunk: Uint8Array, last: boolean): void {
    if (this.#over) return;
    this.ended = last;
    this.#receive!(chunk, last);
  }

  onAborted(action: () => void): void {
    this.#aborted = action;
  }

  pause(): void {
    if (!this.#over) this.#request.pause();
  }

  resume(): void {
    if (!this.#over) this.#request.resume();
  }

  answer(answer: Answer): void {
    if (this.#over) return;
    this.#over = true;
    const response = this.#response;
    if (this.closing) response.shouldKeepAlive = false;
    for (const [name, value] of answer.headers) response.setHeader(name, value);
    if (answer.status !== 204) response.setHeader('Content-Length', Buffer.byteLength(answer.body));
    response.writeHead(answer.status);
    response.end(answer.body);
  }

  hold(): void {
    this.#request.socket.setTimeout(0);
  }

  begin(head: AnswerHead): Sending {
    const response = this.#response;
    const { socket } = this.#request;
    if (!this.#over) {
      if (this.closing) response.shouldKeepAlive = false;
      for (const [name, value] of head.headers) response.setHeader(name, value);
      response.writeHead(head.status);
      response.on('drain', () => this.#taken());
    }
    return {
      send: async (piece) => {
        if (this.#over) return false;
        if (response.write(piece)) return true;
        socket.setTimeout(SILENCE_MS_MAX);
        await new Promise<void>((resolve) => (this.#taken = resolve));
        socket.setTimeout(0);
        return !this.#over;
      },
      end: () => {
        if (this.#over) return;
        this.#over = true;
        socket.setTimeout(SILENCE_MS_MAX);
        response.end();
      },
      breakOff: () => {
        if (this.#over) return;
        this.#over = true;
        socket.destroy();
      },
    };
  }
}

/** What node:tls wants to know of a certificate. */
function contextOf({ cert, key, clientCa }: Certificate): { cert: Buffer; key: Buffer; ca?: Buffer } {
  return { cert, key, ...(clientCa === null ? {} : { ca: clientCa }) };
}

function makeServer(options: ServerOptions, certificate: Certificate | null, serve: RequestListener): Server | SecureServer {
  if (certificate === null) return createServer(options, serve);
  return createSecureServer({
    ...options,
    ...contextOf(certificate),
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: HEADERS_MS_MAX,
    requestCert: certificate.clientCa !== null,
  }, serve);
}

/** @throws Error when the address cannot be had */
function bind(server: Server | SecureServer, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(new Error(`cannot listen on ${hostAndPort(host, port)}: ${error.message}`, { cause: error }));
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      resolve((server.address() as { readonly port: number }).port);
    });
  });
}

/**
 * Makes sure that nobody listens at an address.
 * @param port 0 for any free one
 * @returns the port, free again
 * @throws Error when the address cannot be had
 */
export async function claimPort(host: string, port: number): Promise<number> {
  const server = createServer();
  const claimed = await bind(server, host, port);
  await new Promise((resolve) => server.close(resolve));
  return claimed;
}

class NodeListener implements Listener {
  readonly #server: Server | SecureServer;
  #stopping = false;
  #closed: Promise<void> | null = null;

  constructor(handler: Handler, { connectionsMax, certificate, idleTimeoutMs }: ListenerOptions) {
    const isStopping = () => this.#stopping;
    const serve = (request: IncomingMessage, response: ServerResponse) => handler(new NodeExchange(request, response, isStopping));
    this.#server = makeServer({
      maxHeaderSize: HEADER_BYTES_MAX,
      keepAliveTimeout: idleTimeoutMs,
      headersTimeout: HEADERS_MS_MAX,
      requestTimeout: REQUEST_MS_MAX,
      connectionsCheckingInterval: HEADERS_MS_MAX / 2,
    }, certificate, serve);
    this.#server.maxConnections = connectionsMax;
    this.#server.setTimeout(idleTimeoutMs);
    // Else an `Expect` other than 100-continue would be answered by node itself.
    this.#server.on('checkExpectation', serve);
  }

  async listen(host: string, port: number): Promise<{ host: string; port: number }> {
    return { host, port: await bind(this.#server, host, port) };
  }

  async renew(certificate: Certificate): Promise<void> {
    (this.#server as SecureServer).setSecureContext(contextOf(certificate));
  }

  stopAccepting(): void {
    this.#stopping = true;
    this.#closed ??= new Promise((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
  }

  async close(): Promise<void> {
    this.stopAccepting();
    this.#server.closeAllConnections();
    await this.#closed;
  }
}

/** Makes a listener on node:http, or on node:https with a certificate. */
export const makeNodeListener: MakeListener = (handler, options) => new NodeListener(handler, options);

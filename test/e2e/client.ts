/** Posts bodies as real clients do: each endpoint, gzip or plain, Content-Length or chunked. */
import { Agent, request } from 'node:http';
import { gzipSync } from 'node:zlib';

export const ENDPOINTS = ['/write', '/api/v2/write', '/api/v3/write_lp'] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

export interface Shape {
  readonly endpoint: Endpoint;
  readonly gzip: boolean;
  /** Chunks of at most 240 bytes, as Telegraf's v1 output sends them, instead of a Content-Length. */
  readonly chunked: boolean;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const CHUNK_BYTES = 240;
const agent = new Agent({ keepAlive: true, maxSockets: 32 });

/** Path and query of a write to a database. */
export function writePath(endpoint: Endpoint, database: string, precision?: string): string {
  const query = new URLSearchParams({ [endpoint === '/api/v2/write' ? 'bucket' : 'db']: database });
  if (precision !== undefined) query.set('precision', precision);
  return `${endpoint}?${query}`;
}

/** Sends one request and reads its answer. @throws when the connection breaks, but for one that was kept from before */
export function post(url: string, path: string, body: Uint8Array, options: { gzip?: boolean; chunked?: boolean; headers?: Record<string, string> } = {}): Promise<Reply> {
  const sent = options.gzip ? gzipSync(body) : body;
  const headers: Record<string, string | number> = { ...options.headers };
  if (options.gzip) headers['Content-Encoding'] = 'gzip';
  if (!options.chunked) headers['Content-Length'] = sent.length;
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}${path}`, { method: 'POST', headers, agent }, (incoming) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => resolve({ status: incoming.statusCode!, headers: incoming.headers, body: Buffer.concat(parts).toString() }));
      incoming.on('error', reject);
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      // A connection that waited while this process was busy otherwise may have been closed by the server, which read nothing.
      if (outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) resolve(post(url, path, body, options));
      else reject(error);
    });
    if (options.chunked) {
      for (let at = 0; at < sent.length; at += CHUNK_BYTES) outgoing.write(sent.subarray(at, at + CHUNK_BYTES));
      outgoing.end();
    } else {
      outgoing.end(sent);
    }
  });
}

/** Writes a body in a shape. */
export function write(url: string, database: string, body: Uint8Array, shape: Shape, precision?: string): Promise<Reply> {
  return post(url, writePath(shape.endpoint, database, precision), body, shape);
}

/** Every combination of endpoint, packing and framing. */
export const SHAPES: readonly Shape[] = ENDPOINTS.flatMap((endpoint) =>
  [true, false].flatMap((gzip) => [true, false].map((chunked) => ({ endpoint, gzip, chunked }))));

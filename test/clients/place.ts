/** The running program as a client is pointed at it: over http or https, with its token and the CA to trust. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { compareDatabase } from '../e2e/compare.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../e2e/server.js';
import { Model } from '../oracle/model.js';
import type { Point } from '../oracle/point.js';
import { sampled } from '../fuzz/random.js';
import { root } from '../root.js';

/** In a short run plain HTTP alone; TLS has tests of its own there. */
export const SCHEMES: readonly Scheme[] = sampled(['http', 'https'], 2);
export type Scheme = 'http' | 'https';

const TLS = join(root, 'test/data/tls');
export const CA_FILE = join(TLS, 'ca.pem');
const TLS_FLAGS = ['--tls-cert', join(TLS, 'server.pem'), '--tls-key', join(TLS, 'server.key')];

export class Place {
  readonly scheme: Scheme;
  #server: TestServer;

  private constructor(scheme: Scheme, server: TestServer) {
    this.scheme = scheme;
    this.#server = server;
  }

  /** Starts a server that wants tokens, at `port` of 127.0.0.1 (0 for any), with more flags when given. */
  static async open(scheme: Scheme, flags: readonly string[] = [], port = 0): Promise<Place> {
    const dataDir = makeDataDir();
    try {
      return new Place(scheme, await start(dataDir, scheme, port, flags));
    } catch (error) {
      removeDataDir(dataDir);
      throw error;
    }
  }

  /** Starts a server that refuses every write with 503, for want of disk space, until it is restarted. */
  static async openRefusing(scheme: Scheme): Promise<Place> {
    return Place.open(scheme, ['--disk-reserve', '1024GiB'], await freePort());
  }

  get url(): string {
    return this.#server.url;
  }

  get host(): string {
    return new URL(this.url).hostname;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get dataDir(): string {
    return this.#server.dataDir;
  }

  get token(): string {
    return this.#server.token;
  }

  /** The certificate to trust as an option of node:https; nothing over http. */
  get trust(): { ca?: Buffer } {
    return this.scheme === 'https' ? { ca: readFileSync(CA_FILE) } : {};
  }

  /** Stops the server, and starts it again at the same address with the flags of every server. */
  async restart(): Promise<void> {
    const { port } = this;
    assert.equal(await this.#server.stop(), 0);
    this.#server = await start(this.dataDir, this.scheme, port, []);
  }

  /**
   * Compares all tables of a database, as their files hold them, with what must be there.
   * @throws AssertionError that names the table and the first rows that differ
   */
  async expectStored(database: string, points: readonly Point[]): Promise<void> {
    const model = new Model();
    model.write(1, points);
    const flushed = sluice(['flush', '--data-dir', this.dataDir]);
    assert.equal(flushed.code, 0, flushed.stderr);
    await compareDatabase(this.dataDir, database, model, ['hyparquet']);
  }

  /** The result of a query as csv, without its head. */
  query(database: string, sql: string): string {
    const { stdout, stderr, code } = sluice(['query', '--data-dir', this.dataDir, '--database', database, '--format', 'csv', sql]);
    assert.equal(code, 0, stderr);
    return stdout.trim().split(/\r?\n/).slice(1).join('\n');
  }

  async close(): Promise<void> {
    const { dataDir } = this;
    try {
      assert.equal(await this.#server.stop(), 0);
    } finally {
      removeDataDir(dataDir);
    }
  }
}

function start(dataDir: string, scheme: Scheme, port: number, flags: readonly string[]): Promise<TestServer> {
  return TestServer.start(dataDir, ['--http-bind', `127.0.0.1:${port}`, ...(scheme === 'https' ? TLS_FLAGS : []), ...flags]);
}

/** A port that was free a moment ago: where a server got any free one, the next cannot listen while old connections linger. */
async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return port;
}

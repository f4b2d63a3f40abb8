/** A front end on a real listener, with a writer that records and a clock that stands still. */
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { makeNetworks } from '../../src/addresses.js';
import { systemClock } from '../../src/clock.js';
import type { TokenStore } from '../../src/auth/token-store.js';
import { makeAuthenticator, WITHOUT_AUTH } from '../../src/http/auth/auth.js';
import type { Certificate } from '../../src/http/listener/certificate.js';
import type { DialectOptions } from '../../src/http/front/dialect.js';
import { IDLE_LIMITS, type IdleLimits } from '../../src/http/listener/idle-clients.js';
import type { Listener } from '../../src/http/listener/listener.js';
import { makeListener } from '../../src/http/listener/choose.js';
import type { ListenerKind } from '../../src/http/listener/choose.js';
import { createFrontEnd, FRONT_END_DEFAULTS } from '../../src/http/front/routes.js';
import type { FrontEndLimits } from '../../src/http/front/routes.js';
import type { HealthState } from '../../src/http/api/status-endpoints.js';
import { Observability } from '../../src/http/observe/observability.js';
import { BodyMemory } from '../../src/ingest/body-memory.js';
import type { Body, WriteOutcome, WriteRequest, Writer } from '../../src/ingest/request.js';
import { diskWithoutTokens, makeStore } from '../auth/make-store.js';
import { FakeClock } from './fake-clock.js';
import { FakeQueries } from './fake-queries.js';
import { FakeSchema } from './fake-schema.js';
import { RawClient } from './raw-client.js';

/** Of listeners that close no connection for its client's pauses. */
export const NO_IDLE_LIMITS: IdleLimits = { ...IDLE_LIMITS, pauseMs: Infinity, burstMax: 0, unprovenMax: Infinity };

/** Of a listener that a test makes for itself. */
export const LISTENER_OPTIONS = { connectionsMax: 10, certificate: null, clock: systemClock, idleTimeoutMs: 10_000, idleLimits: NO_IDLE_LIMITS };

export interface Recorded {
  readonly request: WriteRequest;
  readonly bytes: Buffer;
}

/** Keeps what it gets and frees it; its outcome can be set, or held back until the test gives it. */
export class RecordingWriter implements Writer {
  readonly #memory: BodyMemory;
  readonly writes: Recorded[] = [];
  outcome: (write: Recorded) => WriteOutcome | Promise<WriteOutcome> = () => ({ kind: 'stored' });
  #arrived: () => void = () => {};

  constructor(memory: BodyMemory) {
    this.#memory = memory;
  }

  async write(request: WriteRequest, body: Body): Promise<WriteOutcome> {
    const bytes = Buffer.alloc(body.bytes);
    this.#memory.copyTo(body, bytes);
    const write = { request, bytes };
    this.writes.push(write);
    this.#arrived();
    try {
      return await this.outcome(write);
    } finally {
      this.#memory.free(body.blocks);
    }
  }

  /** Waits until `count` writes have come. */
  async came(count: number): Promise<void> {
    while (this.writes.length < count) await new Promise<void>((resolve) => (this.#arrived = resolve));
  }
}

export interface Options {
  readonly limits?: Partial<FrontEndLimits>;
  readonly memory?: { queueBytesMax: number; blockBytes: number };
  /** Asks for credentials, and believes these proxies. */
  readonly auth?: { readonly trustedProxies: readonly string[] };
  /** Not even an admin token. */
  readonly noToken?: boolean;
  /** Whether anyone may see /metrics; true unless said. */
  readonly metricsOpen?: boolean;
  readonly dialect?: DialectOptions;
  readonly health?: () => HealthState;
  readonly connectionsMax?: number;
  readonly certificate?: Certificate;
  readonly idleTimeoutMs?: number;
  /** Unless said, connections stay. */
  readonly idleLimits?: IdleLimits;
}

export interface Harness {
  readonly port: number;
  readonly listener: Listener;
  readonly writer: RecordingWriter;
  readonly schema: FakeSchema;
  readonly queries: FakeQueries;
  readonly memory: BodyMemory;
  readonly clock: FakeClock;
  readonly tokens: TokenStore;
  /** Text of the admin token. */
  readonly admin: string;
  readonly warnings: string[];
  readonly errors: string[];
  connect(): Promise<RawClient>;
}

async function start(kind: ListenerKind, t: TestContext, options: Options): Promise<Harness> {
  const memory = new BodyMemory(options.memory ?? { queueBytesMax: 1024 * 1024, blockBytes: 4096 });
  const writer = new RecordingWriter(memory);
  const schema = new FakeSchema();
  const queries = new FakeQueries();
  const clock = new FakeClock();
  const errors: string[] = [];
  const warnings: string[] = [];
  const { store: tokens, admin } = await makeStore({ clock, ...(options.noToken === true ? { disk: diskWithoutTokens() } : {}) });
  const handler = createFrontEnd({
    writer,
    schema,
    queries,
    bodyMemory: memory,
    tokens,
    authenticator: options.auth === undefined ? WITHOUT_AUTH : makeAuthenticator({
      tokens, clock, trustedProxies: makeNetworks(options.auth.trustedProxies), log: { warn: (message) => warnings.push(message) },
    }),
    limits: { ...FRONT_END_DEFAULTS, ...options.limits },
    dialect: options.dialect ?? { legacyPrecision: 'auto', databaseNames: 'plain' },
    clock,
    health: options.health ?? (() => ({ status: 'pass', message: 'ready for queries and writes', checks: [] })),
    version: 'v0.1.0-test',
    log: { error: (message) => errors.push(message) },
    metricsOpen: options.metricsOpen ?? true,
    observability: new Observability({
      clock, trustedProxies: makeNetworks(options.auth?.trustedProxies ?? []), metrics: () => [], processText: async () => '',
      log: { warn: (message) => warnings.push(message), error: (message) => errors.push(message) },
    }),
  });
  const listener = await makeListener(kind, handler, {
    connectionsMax: options.connectionsMax ?? 1000, certificate: options.certificate ?? null, clock,
    idleTimeoutMs: options.idleTimeoutMs ?? 10_000, idleLimits: options.idleLimits ?? NO_IDLE_LIMITS,
  }, {
    info: () => {},
    warn: (message) => {
      throw new Error(message);
    },
  });
  const { port } = await listener.listen('127.0.0.1', 0);
  const clients: RawClient[] = [];
  t.after(async () => {
    for (const client of clients) client.destroy();
    await listener.close();
  });
  return {
    port, listener, tokens, admin, warnings, writer, schema, queries, memory, clock, errors,
    async connect() {
      const client = await RawClient.connect(port);
      clients.push(client);
      return client;
    },
  };
}

/** Runs a test once on each listener. */
export function onBoth(name: string, options: Options, body: (harness: Harness, kind: ListenerKind) => Promise<void>): void {
  for (const kind of ['uws', 'node'] as const) {
    test(`${name} (${kind})`, { timeout: 120_000 }, async (t) => body(await start(kind, t, options), kind));
  }
}

/** Runs a test on node:http alone, for what the other listener's library does not do. */
export function onNode(name: string, options: Options, body: (harness: Harness) => Promise<void>): void {
  test(`${name} (node)`, { timeout: 120_000 }, async (t) => body(await start('node', t, options)));
}

/** Between two looks at a condition: a core that only looks is one that the server lacks. */
const LOOK_MS = 1;

/** Waits until a condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}

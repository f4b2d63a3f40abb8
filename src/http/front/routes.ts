/** The front end: path → method → credentials → parameters → body → the way of a write → answer. */
import type { TokenStore } from '../../auth/token-store.js';
import type { Clock } from '../../clock.js';
import { SluiceError } from '../../errors.js';
import type { BodyMemory } from '../../ingest/body-memory.js';
import type { Dialect, Writer } from '../../ingest/request.js';
import { failure, outcomeAnswer, STORED } from './answer.js';
import type { Asker } from './answer.js';
import { demand, demandSight, WITHOUT_AUTH } from '../auth/auth.js';
import type { Authenticator, Caller } from '../auth/auth.js';
import { receiveBody, receiveText } from './body.js';
import type { BodyMeans } from './body.js';
import { isFromForeignPage, NO_PREFLIGHT, PREFLIGHT, refuseForeignPage, type Origins } from './cors.js';
import { isTelegraf, misreadsRetryAfter, readWrite } from './dialect.js';
import type { DialectOptions } from './dialect.js';
import type { Exchange, Handler } from '../listener/listener.js';
import { missingDetail } from '../api/missing.js';
import type { Endpoint, StreamedAnswer } from '../api/endpoint.js';
import { endpointRoutes } from '../api/endpoints.js';
import { QueryParameters } from './query-string.js';
import { makeRoute } from './route.js';
import type { Route, Serve } from './route.js';
import type { SchemaAccess } from '../api/schema-access.js';
import type { SqlAccess } from '../api/sql-access.js';
import type { HealthState } from '../api/status-endpoints.js';
import { statusRoutes } from '../api/status-routes.js';
import { Throttle } from './throttle.js';
import { TOLD_VERSIONS } from './told-version.js';
import { identityHeaders, Reply } from './reply.js';
import type { Observability } from '../observe/observability.js';

export interface FrontEndLimits {
  /** Limit of a body as received. */
  readonly bodyBytesMax: number;
  /** Limit of a body that is no write. */
  readonly endpointBodyBytesMax: number;
  /** Longest wait for body memory, after which the answer is 503. */
  readonly readingWaitMsMax: number;
  /** Share of body memory under which reading slows down. */
  readonly lowMemoryShare: number;
  /** Seconds of Retry-After. */
  readonly retryAfterS: number;
}

export const FRONT_END_DEFAULTS: FrontEndLimits = {
  bodyBytesMax: 64 * 1024 * 1024,
  endpointBodyBytesMax: 64 * 1024,
  readingWaitMsMax: 2000,
  lowMemoryShare: 0.25,
  retryAfterS: 1,
};

interface FrontEndParts {
  readonly writer: Writer;
  readonly schema: SchemaAccess;
  readonly queries: SqlAccess;
  readonly tokens: TokenStore;
  /** The front end becomes the listener of its `onFree`. */
  readonly bodyMemory: BodyMemory;
  readonly authenticator: Authenticator;
  readonly limits: FrontEndLimits;
  readonly dialect: DialectOptions;
  readonly clock: Clock;
  readonly health: () => HealthState;
  /** Ours. */
  readonly version: string;
  readonly log: { error(message: string): void };
  readonly observability: Observability;
  /** Whether anyone who reaches the server may see /metrics. */
  readonly metricsOpen: boolean;
}

/** Routes by id have a star for their last part. */
function anyLast(path: string): string {
  return path.replace(/[^/]*$/, '*');
}

/** The dialect of a path that is none of ours. */
function dialectOf(path: string): Dialect {
  if (path.startsWith('/api/v2/')) return 'v2';
  return path.startsWith('/api/v3/') ? 'v3' : 'v1';
}

/** A request id that a client may choose. */
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

class FrontEnd {
  readonly #parts: FrontEndParts;
  readonly #body: BodyMeans;
  readonly #endpointBody: BodyMeans;
  readonly #identity: Readonly<Record<Origins, ReturnType<typeof identityHeaders>>>;
  readonly #idPrefix = crypto.randomUUID().slice(0, 8);
  #requests = 0;
  readonly #routes: ReadonlyMap<string, Route>;

  constructor(parts: FrontEndParts) {
    const { bodyMemory, limits, clock } = parts;
    this.#parts = parts;
    const throttle = new Throttle(bodyMemory, {
      freeBlocksLow: Math.floor(bodyMemory.blockCount * limits.lowMemoryShare),
      waitMsMax: limits.readingWaitMsMax,
    }, clock);
    this.#body = { clock, memory: bodyMemory, throttle, bodyBytesMax: limits.bodyBytesMax };
    this.#endpointBody = { ...this.#body, bodyBytesMax: limits.endpointBodyBytesMax };
    this.#identity = { any: identityHeaders(parts.version, 'any'), own: identityHeaders(parts.version, 'own') };
    // PUT: Telegraf's http output can be set to it.
    const write = (dialect: Dialect): Route => {
      const serve: Serve = (reply, asker) => this.#write(reply, asker);
      return makeRoute(dialect, { POST: serve, PUT: serve }, 'any');
    };
    const server = { clock, startedMs: clock.monotonicMs(), version: parts.version, toldVersion: TOLD_VERSIONS.v1 };
    const endpoints = Object.entries(endpointRoutes(parts.schema, parts.queries, parts.tokens, parts.observability, server)).map(([path, { dialect, methods, isOpen }]): [string, Route] => {
      const serves = Object.entries(methods).map(([method, endpoint]) => [method, this.#endpoint(endpoint, isOpen)] as const);
      return [path, makeRoute(dialect, Object.fromEntries(serves))];
    });
    this.#routes = new Map<string, Route>([
      ['/write', write('v1')],
      ['/write/', write('v1')],
      ['/api/v2/write', write('v2')],
      ['/api/v2/write/', write('v2')],
      ['/api/v3/write_lp', write('v3')],
      ...statusRoutes({ ...parts, seesNames: (caller) => this.#seesNames(caller) }),
      parts.observability.metricsRoute((caller) => this.#admitToMetrics(caller)),
      ...endpoints,
    ]);
  }

  serve(exchange: Exchange): void {
    const { limits } = this.#parts;
    const userAgent = exchange.header('user-agent');
    const route = this.#routeOf(exchange.path);
    const dialect = route?.dialect ?? dialectOf(exchange.path);
    const origins = route?.origins ?? 'own';
    const reply = new Reply(exchange, this.#identity[origins][dialect], this.#requestId(exchange));
    const asker: Asker = { dialect, telegraf: isTelegraf(userAgent), retryAfterS: misreadsRetryAfter(userAgent) ? null : limits.retryAfterS };
    try {
      if (exchange.method === 'OPTIONS') {
        reply.answer(origins === 'any' ? PREFLIGHT : NO_PREFLIGHT);
        return;
      }
      if (route === undefined) {
        // Clients try their token on any path of an API: one that is not known is told so first.
        if (exchange.path.startsWith('/api/')) this.#parts.authenticator.authenticate(exchange, undefined);
        throw new SluiceError('not-found', missingDetail(exchange.path));
      }
      if (origins === 'own') refuseForeignPage(exchange);
      const serve = route.methods.get(exchange.method);
      if (serve === undefined) reply.answer(failure('method-not-allowed', exchange.method, asker, [['Allow', [...route.methods.keys()].join(', ')]]));
      else serve(reply, asker);
    } catch (error) {
      this.#fail(reply, asker, error);
    }
  }

  /** The path of a route, with no slash at its end, an id in it as `*`; `other` for what is none, so that no client makes names. */
  endpointOf(path: string): string {
    const named = this.#routes.has(path) ? path : anyLast(path);
    if (!this.#routes.has(named)) return 'other';
    return named.endsWith('/') ? named.slice(0, -1) : named;
  }

  /** The route of a path; where it has none of its own, that of all paths that differ in their last part. */
  #routeOf(path: string): Route | undefined {
    return this.#routes.get(path) ?? this.#routes.get(anyLast(path));
  }

  /** Tells the client what was thrown; what should not have been is logged. */
  #fail(reply: Reply, asker: Asker, error: unknown): void {
    if (error instanceof SluiceError) {
      reply.answer(failure(error.code, error.detail, asker));
      return;
    }
    const { method, path } = reply.exchange;
    this.#parts.log.error(`${method} ${path} failed: ${error instanceof Error ? error.stack : String(error)}`);
    reply.answer(failure('internal', 'the server logged it', asker));
  }

  /** @throws SluiceError unauthorized, bad-authorization, forbidden */
  #admitToMetrics(caller: Caller): void {
    if (!this.#parts.metricsOpen) demandSight(this.#parts.authenticator.authenticate(caller, undefined));
  }

  /** Whether someone may be told names of databases and tables: as of /metrics, and no page of another origin. */
  #seesNames(caller: Caller): boolean {
    if (isFromForeignPage(caller)) return false;
    try {
      this.#admitToMetrics(caller);
      return true;
    } catch (error) {
      if (error instanceof SluiceError) return false;
      throw error;
    }
  }

  /** The client's own id, or a new one. */
  #requestId(exchange: Exchange): string {
    const asked = exchange.header('request-id') || exchange.header('x-request-id');
    return REQUEST_ID.test(asked) ? asked : `${this.#idPrefix}-${++this.#requests}`;
  }

  #write(reply: Reply, asker: Asker): void {
    const { exchange } = reply;
    const { authenticator, dialect, writer, log, observability } = this.#parts;
    const query = new QueryParameters(exchange.query);
    const principal = authenticator.authenticate(exchange, asker.dialect === 'v1' ? query.get('p') : undefined);
    const request = readWrite(asker.dialect, query, (name) => exchange.header(name), dialect);
    demand(principal, 'write', request.database);
    receiveBody(exchange, this.#body, (body, waitedMs) => {
      if (body.bytes === 0) {
        reply.answer(STORED);
        return;
      }
      writer.write(request, body, waitedMs).then(
        (outcome) => {
          if (outcome.kind === 'partial') observability.conflicts.note(request.database, outcome.errors, exchange);
          reply.answer(outcomeAnswer(outcome, asker));
        },
        (error: unknown) => {
          log.error(`a write to ${request.database} failed: ${error instanceof Error ? error.stack : String(error)}`);
          reply.answer(failure('internal', 'the server logged it', asker));
        },
      );
    }, (code, detail) => reply.answer(failure(code, detail, asker)));
  }

  /** An answer that breaks off has told its client all that can be told. */
  async #stream(reply: Reply, { pieces, ...head }: StreamedAnswer): Promise<void> {
    await reply.stream(head, pieces).catch((error: Error) => {
      this.#parts.log.error(`the answer to ${reply.exchange.method} ${reply.exchange.path} broke off: ${error.message}`);
    });
  }

  /** Serves an endpoint to who has credentials, or to anyone while it is open. */
  #endpoint(endpoint: Endpoint, isOpen: () => boolean = () => false): Serve {
    return (reply, asker) => {
      const { exchange } = reply;
      const query = new QueryParameters(exchange.query);
      const part = exchange.path.slice(exchange.path.lastIndexOf('/') + 1);
      const authenticator = isOpen() ? WITHOUT_AUTH : this.#parts.authenticator;
      const principal = authenticator.authenticate(exchange, asker.dialect === 'v1' ? query.get('p') : undefined);
      const serve = async (body: string): Promise<void> => {
        const gone = new AbortController();
        exchange.onAborted(() => gone.abort());
        exchange.hold();
        try {
          const answer = await endpoint({ query, header: (name) => exchange.header(name), body, part, principal, gone: gone.signal });
          if ('pieces' in answer) await this.#stream(reply, answer);
          else reply.answer(answer);
        } catch (error) {
          this.#fail(reply, asker, error);
        }
      };
      if (exchange.method === 'GET' || exchange.method === 'HEAD') void serve('');
      else receiveText(exchange, this.#endpointBody, (body) => void serve(body), (code, detail) => reply.answer(failure(code, detail, asker)));
    };
  }
}

/** Builds the handler of all requests. It throws nothing. */
export function createFrontEnd(parts: FrontEndParts): Handler {
  const frontEnd = new FrontEnd(parts);
  return parts.observability.over((exchange) => frontEnd.serve(exchange), (path) => frontEnd.endpointOf(path));
}

/** The front end: path → method → credentials → parameters → body → the way of a write → answer. */
import type { Clock } from '../clock.js';
import { SluiceError } from '../errors.js';
import type { BodyMemory } from '../ingest/body-memory.js';
import type { Dialect, Writer } from '../ingest/request.js';
import { failure, outcomeAnswer, STORED } from './answer.js';
import type { Asker } from './answer.js';
import type { Authenticator } from './auth.js';
import { receiveBody } from './body.js';
import type { BodyMeans } from './body.js';
import { isTelegraf, readWrite } from './dialect.js';
import type { DialectOptions } from './dialect.js';
import type { Exchange, Handler } from './listener.js';
import { Pauses } from './pauses.js';
import { QueryParameters } from './query.js';
import { healthAnswer, pingAnswer } from './status-pages.js';
import type { HealthState } from './status-pages.js';
import { Throttle } from './throttle.js';
import { identityHeaders, Turn } from './turn.js';

export interface FrontEndLimits {
  /** Limit of a body as received. */
  readonly bodyBytesMax: number;
  /** Longest wait for body memory, after which the answer is 503. */
  readonly readingWaitMsMax: number;
  /** Share of body memory under which reading slows down. */
  readonly lowMemoryShare: number;
  /** Seconds of Retry-After. */
  readonly retryAfterS: number;
  /** A client that is silent for longer gets its connection closed with its next answer (see pauses.ts). */
  readonly pauseMs: number;
  /** Clients remembered for that. */
  readonly clientsMax: number;
}

export const FRONT_END_DEFAULTS: FrontEndLimits = {
  bodyBytesMax: 64 * 1024 * 1024,
  readingWaitMsMax: 2000,
  lowMemoryShare: 0.25,
  retryAfterS: 1,
  pauseMs: 6000,
  clientsMax: 16_384,
};

export interface FrontEndParts {
  readonly writer: Writer;
  /** The front end becomes the listener of its `onFree`. */
  readonly bodyMemory: BodyMemory;
  readonly authenticator: Authenticator;
  readonly limits: FrontEndLimits;
  readonly dialect: DialectOptions;
  readonly clock: Clock;
  readonly health: () => HealthState;
  /** What X-Influxdb-Version says. */
  readonly version: string;
  readonly log: { error(message: string): void };
}

/** A request id that a client may choose. */
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

interface Route {
  readonly methods: readonly string[];
  readonly dialect: Dialect;
  serve(turn: Turn, asker: Asker): void;
}

class FrontEnd {
  readonly #parts: FrontEndParts;
  readonly #body: BodyMeans;
  readonly #pauses: Pauses;
  readonly #identity: readonly (readonly [string, string])[];
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
    this.#pauses = new Pauses(limits.pauseMs, limits.clientsMax);
    this.#identity = identityHeaders(parts.version);
    const write = (dialect: Dialect): Route => ({
      methods: ['POST'], dialect, serve: (turn, asker) => this.#write(turn, asker),
    });
    this.#routes = new Map<string, Route>([
      ['/write', write('v1')],
      ['/write/', write('v1')],
      ['/api/v2/write', write('v2')],
      ['/api/v3/write_lp', write('v3')],
      ['/ping', { methods: ['GET', 'HEAD'], dialect: 'v1', serve: (turn) => this.#ping(turn) }],
      ['/health', { methods: ['GET', 'HEAD'], dialect: 'v2', serve: (turn) => this.#health(turn) }],
    ]);
  }

  serve(exchange: Exchange): void {
    const { limits, clock, log } = this.#parts;
    const userAgent = exchange.header('user-agent');
    const telegraf = isTelegraf(userAgent);
    const client = `${telegraf ? exchange.peer : ''} ${userAgent} ${exchange.path}?${exchange.query}`;
    const turn = new Turn(exchange, this.#identity, this.#requestId(exchange), this.#pauses.note(client, clock.monotonicMs()));
    const route = this.#routes.get(exchange.path);
    const dialect = route?.dialect ?? (exchange.path.startsWith('/api/v2/') ? 'v2' : 'v1');
    const asker: Asker = { dialect, telegraf, retryAfterS: limits.retryAfterS };
    try {
      if (route === undefined) throw new SluiceError('not-found', exchange.path.slice(0, 200));
      if (route.methods.includes(exchange.method)) route.serve(turn, asker);
      else turn.answer(failure('method-not-allowed', exchange.method, asker, [['Allow', route.methods.join(', ')]]));
    } catch (error) {
      if (error instanceof SluiceError) {
        turn.answer(failure(error.code, error.detail, asker));
      } else {
        log.error(`${exchange.method} ${exchange.path} failed: ${error instanceof Error ? error.stack : String(error)}`);
        turn.answer(failure('internal', 'the server logged it', asker));
      }
    }
  }

  /** The client's own id, or a new one. */
  #requestId(exchange: Exchange): string {
    const asked = exchange.header('request-id') || exchange.header('x-request-id');
    return REQUEST_ID.test(asked) ? asked : `${this.#idPrefix}-${++this.#requests}`;
  }

  #write(turn: Turn, asker: Asker): void {
    const { exchange } = turn;
    const { authenticator, dialect, writer, log } = this.#parts;
    const query = new QueryParameters(exchange.query);
    const refusal = authenticator.check(exchange.header('authorization'), asker.dialect === 'v1' ? query.get('p') : undefined);
    if (refusal !== null) throw new SluiceError(refusal.code, refusal.detail);
    const request = readWrite(asker.dialect, query, (name) => exchange.header(name), dialect);
    receiveBody(exchange, this.#body, (body, waitedMs) => {
      if (body.bytes === 0) {
        turn.answer(STORED);
        return;
      }
      writer.write(request, body, waitedMs).then(
        (outcome) => turn.answer(outcomeAnswer(outcome, asker)),
        (error: unknown) => {
          log.error(`a write to ${request.database} failed: ${error instanceof Error ? error.stack : String(error)}`);
          turn.answer(failure('internal', 'the server logged it', asker));
        },
      );
    }, (code, detail) => turn.answer(failure(code, detail, asker)));
  }

  #ping(turn: Turn): void {
    const verbose = new QueryParameters(turn.exchange.query).get('verbose');
    turn.answer(pingAnswer(this.#parts.version, verbose, turn.exchange.header('accept')));
  }

  #health(turn: Turn): void {
    turn.answer(healthAnswer(this.#parts.version, this.#parts.health(), this.#parts.limits.retryAfterS));
  }
}

/** Builds the handler of all requests. It throws nothing. */
export function createFrontEnd(parts: FrontEndParts): Handler {
  const frontEnd = new FrontEnd(parts);
  return (exchange) => frontEnd.serve(exchange);
}

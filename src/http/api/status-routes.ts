/** The routes that need no token: /ping, /health, /ready. */
import type { Clock } from '../../clock.js';
import type { Caller } from '../auth/auth.js';
import { QueryParameters } from '../front/query-string.js';
import { makeRoute } from '../front/route.js';
import { TOLD_VERSIONS } from '../front/told-version.js';
import type { Route, Serve } from '../front/route.js';
import { healthAnswer, pingAnswer, readyAnswer, withoutNames } from './status-endpoints.js';
import type { HealthState } from './status-endpoints.js';

interface StatusParts {
  readonly clock: Clock;
  readonly health: () => HealthState;
  readonly version: string;
  /** Whether someone may be told names of databases and tables. */
  readonly seesNames: (caller: Caller) => boolean;
  readonly limits: { readonly retryAfterS: number };
}

/** By path. The server has started when this is called. */
export function statusRoutes({ clock, health, version, seesNames, limits: { retryAfterS } }: StatusParts): [path: string, Route][] {
  const started = new Date(clock.nowMs()).toISOString();
  const startedMs = clock.monotonicMs();
  const servePing: Serve = (reply) => {
    const verbose = new QueryParameters(reply.exchange.query).get('verbose');
    reply.answer(pingAnswer(TOLD_VERSIONS.v1, verbose, reply.exchange.header('accept')));
  };
  const serveHealth: Serve = (reply) => {
    const state = health();
    reply.answer(healthAnswer(version, seesNames(reply.exchange) ? state : withoutNames(state), retryAfterS));
  };
  const serveReady: Serve = (reply) => reply.answer(readyAnswer(started, clock.monotonicMs() - startedMs, health(), retryAfterS));
  return [
    ['/ping', makeRoute('v1', { GET: servePing, POST: servePing }, 'any')],
    ['/health', makeRoute('v2', { GET: serveHealth }, 'any')],
    ['/api/v1/health', makeRoute('v2', { GET: serveHealth }, 'any')],
    ['/ready', makeRoute('v2', { GET: serveReady }, 'any')],
  ];
}

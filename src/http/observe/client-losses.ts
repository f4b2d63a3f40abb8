/** Answers after which a client is known to drop points that a retry could save: counted, and said once a minute an address. */
import { clientAddress, type Networks } from '../../addresses.js';
import type { Clock } from '../../clock.js';
import { labelled, type Metric } from '../../metrics.js';
import { isTelegraf } from '../front/dialect.js';
import type { Exchange } from '../listener/listener.js';
import { LogLimit } from './log-limit.js';

interface ClientLossParts {
  readonly clock: Clock;
  readonly trustedProxies: Networks;
  readonly log: { warn(message: string): void };
}

/** What Telegraf's outputs were seen to do (recorded): the reason by endpoint and status. */
const TELEGRAF_LOSSES: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  '/write': { 401: 'v1-unauthorized', 403: 'v1-forbidden', 413: 'v1-too-large' },
  // Only with `database_tag`, which a request does not show.
  '/api/v3/write_lp': { 413: 'v3-too-large' },
};

export class ClientLosses {
  readonly #parts: ClientLossParts;
  readonly #logLimit: LogLimit;
  readonly #byReason = new Map<string, number>();

  constructor(parts: ClientLossParts) {
    this.#parts = parts;
    this.#logLimit = new LogLimit({ windowMs: 60_000, addressesSaidMax: 100 }, parts.clock);
  }

  /** To be told of every answer, before it goes out. @param endpoint what metrics call the path */
  note(exchange: Exchange, endpoint: string, status: number): void {
    if (status < 400) return;
    const reason = TELEGRAF_LOSSES[endpoint]?.[status];
    if (reason === undefined || !isTelegraf(exchange.header('user-agent'))) return;
    this.#byReason.set(reason, (this.#byReason.get(reason) ?? 0) + 1);
    const address = clientAddress(exchange.peer, exchange.headerLines('x-forwarded-for'), this.#parts.trustedProxies);
    if (this.#logLimit.shallSay(address)) {
      this.#parts.log.warn(`the Telegraf at ${address} was answered ${status} on ${endpoint}: it drops what it sent${reason === 'v3-too-large' ? ' if it sets database_tag' : ''}`);
    }
  }

  metrics(): Metric[] {
    return [labelled('counter', 'sluice_client_loss_total', 'Answers after which a client drops points that a retry could save', 'reason', this.#byReason)];
  }
}

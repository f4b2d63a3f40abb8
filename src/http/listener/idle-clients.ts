/**
 * Decides which answers close their connection. uWebSockets.js closes one 8 to 12 s after its last answer, and Telegraf
 * writes every 10 s: a request on its way when the connection closes is lost. A client that pauses is told to connect
 * anew, which costs it nothing it notices.
 *
 * A listener cannot say which connection a request came on, so a client is its address. An address is that of one agent,
 * mostly; many behind one address (NAT, a proxy) look busy together. So of the connections of an address only a few are
 * kept until those that were kept have been used again.
 */
import { RecentMap } from '../../recent-map.js';

interface Client {
  lastMs: number;
  /** When it last came after a pause; a first request comes after one. */
  returnedMs: number;
  /** Requests since then. */
  requests: number;
  windowMs: number;
  /** Connections that were opened in the window and not closed by an answer. */
  held: number;
  /** Answers in the window that did not close. */
  kept: number;
}

export interface IdleLimits {
  /** A longer time without a request is a pause. */
  readonly pauseMs: number;
  /** So many requests after a pause come on connections that close; more make a busy client. */
  readonly burstMax: number;
  /** Connections of one address that are kept before any was used twice. */
  readonly unprovenMax: number;
  /** What is counted of the connections of an address is counted anew after this time. */
  readonly windowMs: number;
  /** Clients remembered, each in about 150 bytes; past it the one that is silent for longest is forgotten. */
  readonly clientsMax: number;
}

export const IDLE_LIMITS: IdleLimits = { pauseMs: 6000, burstMax: 32, unprovenMax: 4, windowMs: 60_000, clientsMax: 16_384 };

export class IdleClients {
  readonly #limits: IdleLimits;
  readonly #clients: RecentMap<string, Client>;

  constructor(limits: IdleLimits) {
    this.#limits = limits;
    this.#clients = new RecentMap({ max: limits.clientsMax });
  }

  /** Notes a new connection of an address. */
  connected(address: string, nowMs: number): void {
    this.#client(address, nowMs).held += 1;
  }

  /**
   * Notes a request.
   * @returns whether its answer should close the connection
   */
  note(address: string, nowMs: number): boolean {
    const { pauseMs, burstMax, unprovenMax } = this.#limits;
    const client = this.#client(address, nowMs);
    if (nowMs - client.lastMs > pauseMs) {
      client.returnedMs = nowMs;
      client.requests = 0;
    }
    client.lastMs = nowMs;
    client.requests += 1;
    const hasPaused = nowMs - client.returnedMs <= pauseMs && client.requests <= burstMax;
    const isUnproven = client.held > unprovenMax && client.kept < 2 * (client.held - unprovenMax);
    if (hasPaused || isUnproven) client.held = Math.max(0, client.held - 1);
    else client.kept += 1;
    return hasPaused || isUnproven;
  }

  #client(address: string, nowMs: number): Client {
    let client = this.#clients.get(address);
    if (client === undefined) {
      client = { lastMs: -Infinity, returnedMs: -Infinity, requests: 0, windowMs: nowMs, held: 0, kept: 0 };
      this.#clients.set(address, client);
    }
    if (nowMs - client.windowMs > this.#limits.windowMs) {
      client.windowMs = nowMs;
      client.held = 0;
      client.kept = 0;
    }
    return client;
  }
}

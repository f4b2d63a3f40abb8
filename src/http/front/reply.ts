/** One request on its way through the front end: what every answer carries, and when the connection may close. */
import { ALLOW_ORIGIN } from './cors.js';
import type { Answer, Exchange } from '../listener/listener.js';

/** Headers of every answer that say who answers, and to whom. */
export function identityHeaders(version: string): readonly (readonly [string, string])[] {
  return [['X-Influxdb-Version', version], ['X-Influxdb-Build', 'sluice'], ALLOW_ORIGIN];
}

export class Reply {
  readonly exchange: Exchange;
  readonly #identity: readonly (readonly [string, string])[];
  readonly #requestId: string;
  readonly #closes: boolean;

  /**
   * @param identity headers that say who answers
   * @param closes the connection ends after the answer
   */
  constructor(exchange: Exchange, identity: readonly (readonly [string, string])[], requestId: string, closes: boolean) {
    this.exchange = exchange;
    this.#identity = identity;
    this.#closes = closes;
    this.#requestId = requestId;
  }

  /** Answers. An answer that closes waits for the body's end: else the client may be cut off before it has read it. */
  answer(answer: Answer): void {
    const { exchange } = this;
    const headers = [...this.#identity, ['Request-Id', this.#requestId], ['X-Request-Id', this.#requestId], ...answer.headers] as const;
    const send = () => exchange.answer({ ...answer, headers }, this.#closes);
    if (exchange.ended || !(this.#closes || exchange.closing)) send();
    else exchange.onBody((_, last) => last && send());
  }
}

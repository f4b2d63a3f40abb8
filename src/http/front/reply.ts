/** One request on its way through the front end: what every answer carries, and when the connection may close. */
import type { Dialect } from '../../ingest/request.js';
import { ALLOW_ORIGIN, type Origins } from './cors.js';
import { TOLD_VERSIONS } from './told-version.js';
import type { Answer, AnswerHead, Exchange } from '../listener/listener.js';

type Headers = readonly (readonly [string, string])[];

/** Headers of every answer that say who answers, and to pages of which origins. @param version ours */
export function identityHeaders(version: string, origins: Origins): Readonly<Record<Dialect, Headers>> {
  const of = (dialect: Dialect): Headers => [
    ['X-Influxdb-Version', TOLD_VERSIONS[dialect]], ['X-Influxdb-Build', `sluice ${version}`], ...(origins === 'any' ? [ALLOW_ORIGIN] : []),
  ];
  return { v1: of('v1'), v2: of('v2'), v3: of('v3') };
}

export class Reply {
  readonly exchange: Exchange;
  readonly #identity: Headers;
  readonly #requestId: string;

  /** @param identity headers that say who answers */
  constructor(exchange: Exchange, identity: Headers, requestId: string) {
    this.exchange = exchange;
    this.#identity = identity;
    this.#requestId = requestId;
  }

  /** Answers. An answer that closes waits for the body's end: else the client may be cut off before it has read it. */
  answer(answer: Answer): void {
    const { exchange } = this;
    const headers = this.#with(answer.headers);
    const send = () => exchange.answer({ ...answer, headers });
    if (exchange.ended || !exchange.closing) send();
    else exchange.onBody((_, last) => last && send());
  }

  /**
   * Answers piece by piece, as fast as the client takes them. Where the pieces end with an error the connection breaks off.
   * The request has been received to its end.
   * @throws what the pieces throw
   */
  async stream(head: AnswerHead, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    if (this.exchange.method === 'HEAD') {
      for await (const _ of pieces) break;
      return this.answer({ ...head, body: '' });
    }
    const sending = this.exchange.begin({ ...head, headers: this.#with(head.headers) });
    try {
      for await (const piece of pieces) if (!(await sending.send(piece))) return;
      sending.end();
    } catch (error) {
      sending.breakOff();
      throw error;
    }
  }

  #with(headers: Headers): Headers {
    return [...this.#identity, ['Request-Id', this.#requestId], ['X-Request-Id', this.#requestId], ...headers];
  }
}

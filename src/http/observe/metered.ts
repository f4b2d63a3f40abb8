/** An exchange that counts itself and the bytes of its body: the front end knows nothing of it. */
import type { Clock } from '../../clock.js';
import type { ClientLosses } from './client-losses.js';
import type { Answer, AnswerHead, Exchange, Handler, Sending } from '../listener/listener.js';
import type { RequestCounts } from './request-counts.js';

/** What metrics call a path: few names, whatever clients ask for. */
export type EndpointOf = (path: string) => string;

interface Observers {
  readonly counts: RequestCounts;
  readonly losses: ClientLosses;
  readonly endpointOf: EndpointOf;
  /** Where each request is told of; null: nowhere. */
  readonly log: RequestLog | null;
}

interface RequestLog {
  readonly say: (sentence: string) => void;
  readonly clock: Clock;
}

class MeteredExchange implements Exchange {
  readonly #inner: Exchange;
  readonly #counts: RequestCounts;
  readonly #losses: ClientLosses;
  readonly #endpointOf: EndpointOf;
  readonly #log: RequestLog | null;
  readonly #fromMs: number;
  #bytes = 0;
  /** Answered or aborted. */
  #over = false;
  #aborted: () => void = () => {};

  constructor(inner: Exchange, { counts, losses, endpointOf, log }: Observers) {
    this.#log = log;
    this.#fromMs = log?.clock.monotonicMs() ?? 0;
    this.#inner = inner;
    this.#counts = counts;
    this.#losses = losses;
    this.#endpointOf = endpointOf;
    counts.begin();
    inner.onAborted(() => {
      if (this.#over) return;
      this.#over = true;
      counts.aborted(this.#bytes);
      this.#aborted();
    });
  }

  get method(): string {
    return this.#inner.method;
  }

  get path(): string {
    return this.#inner.path;
  }

  get query(): string {
    return this.#inner.query;
  }

  get peer(): string {
    return this.#inner.peer;
  }

  get closing(): boolean {
    return this.#inner.closing;
  }

  get ended(): boolean {
    return this.#inner.ended;
  }

  header(name: string): string {
    return this.#inner.header(name);
  }

  headerLines(name: string): readonly string[] {
    return this.#inner.headerLines(name);
  }

  onBody(receive: (chunk: Uint8Array, last: boolean) => void): void {
    this.#inner.onBody((chunk, last) => {
      if (!this.#over) {
        this.#bytes += chunk.length;
        this.#counts.take(chunk.length);
      }
      receive(chunk, last);
    });
  }

  onAborted(action: () => void): void {
    this.#aborted = action;
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  answer(answer: Answer): void {
    if (this.#over) return;
    this.#end(answer, () => this.#inner.answer(answer));
  }

  hold(): void {
    this.#inner.hold();
  }

  /** Counted when it ends: until then its client may go. */
  begin(head: AnswerHead): Sending {
    const sending = this.#inner.begin(head);
    const over = (last: () => void): void => {
      if (!this.#over) this.#end(head, last);
    };
    return { send: (piece) => sending.send(piece), end: () => over(() => sending.end()), breakOff: () => over(() => sending.breakOff()) };
  }

  /** @param last sends what is left to send */
  #end({ status, refusal }: Pick<Answer, 'status' | 'refusal'>, last: () => void): void {
    this.#over = true;
    const endpoint = this.#endpointOf(this.path);
    this.#losses.note(this.#inner, endpoint, status);
    last();
    this.#counts.answered(endpoint, status, refusal, this.#bytes);
    // Without the query: a password may stand in it.
    if (this.#log !== null) this.#log.say(`${this.method} ${this.path}: ${status}, ${this.#bytes} bytes, ${Math.round(this.#log.clock.monotonicMs() - this.#fromMs)} ms`);
  }
}

/** The handler with every request counted before it and after it. */
export function metered(handler: Handler, observers: Observers): Handler {
  return (exchange) => handler(new MeteredExchange(exchange, observers));
}

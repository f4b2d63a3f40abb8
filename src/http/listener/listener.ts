/** What a listener is, whichever library makes it, and what a handler sees of one request. */
import type { ErrorCode } from '../../errors.js';
import type { Clock } from '../../clock.js';
import type { Certificate } from './certificate.js';
import type { IdleLimits } from './idle-clients.js';

export interface Answer {
  readonly status: number;
  /** Values hold no line break. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Empty for none. */
  readonly body: string;
  /** Why the request was refused as a whole, if it was: for whoever counts. */
  readonly refusal?: ErrorCode;
}

/** The head of an answer whose body comes piece by piece. */
export type AnswerHead = Omit<Answer, 'body' | 'refusal'>;

/** The body of an answer, sent piece by piece. Once the client has gone nothing fails. */
export interface Sending {
  /** Sends a piece; resolves when the client has taken so much that more may be sent, with false when it is gone. */
  send(piece: Uint8Array): Promise<boolean>;
  /** The body is whole. */
  end(): void;
  /** The rest cannot be had: the connection breaks off, so that the client knows that it has not all. */
  breakOff(): void;
}

/** One request and its answer. */
export interface Exchange {
  /** As sent, in upper case. */
  readonly method: string;
  /** Raw, up to the question mark. */
  readonly path: string;
  /** Raw, after the question mark; '' when there is none. */
  readonly query: string;
  /** IP address of the peer, '' when it is gone. Asking costs about 4 µs. */
  readonly peer: string;
  /** The connection ends after this answer in any case: the client asked for it or is told to connect anew, or the listener is stopping. */
  readonly closing: boolean;
  /** The whole request has been received. */
  readonly ended: boolean;
  /** Value of a header by its lower-case name, '' when absent. */
  header(name: string): string;
  /** Every value of a header that may stand in several lines, in their order. */
  headerLines(name: string): readonly string[];
  /**
   * Takes the body from here on. `chunk` is valid inside the call only and may be empty; `last` comes exactly once,
   * unless the request is aborted or answered before. A second call replaces the receiver.
   */
  onBody(receive: (chunk: Uint8Array, last: boolean) => void): void;
  /** Calls `action` when the client goes away before it got an answer, all of it. */
  onAborted(action: () => void): void;
  /** Stops reading from the client; what was read already still arrives. */
  pause(): void;
  resume(): void;
  /**
   * Answers, once; does nothing when the client has gone. May come before the body's end: the rest is then read and
   * thrown away.
   */
  answer(answer: Answer): void;
  /** The answer may take long: a client that waits for it in silence is no idle one. */
  hold(): void;
  /** Begins an answer whose body comes piece by piece. The request has been received to its end; not for HEAD. */
  begin(head: AnswerHead): Sending;
}

/** Must answer every exchange that is not aborted, now or later, and must not throw. */
export type Handler = (exchange: Exchange) => void;

export interface ListenerOptions {
  readonly connectionsMax: number;
  /** null: plain HTTP. */
  readonly certificate: Certificate | null;
  readonly clock: Clock;
  /** A connection that is silent for so long is closed; only node:http can be told. */
  readonly idleTimeoutMs: number;
  /** When an answer on uWebSockets.js closes. */
  readonly idleLimits: IdleLimits;
}

export interface Listener {
  /**
   * Starts to accept connections.
   * @param port 0 for any free one
   * @returns where it listens
   * @throws Error when the address cannot be had
   */
  listen(host: string, port: number): Promise<{ host: string; port: number }>;
  /**
   * Gives new connections another certificate; those that stand go on with theirs. Only for a listener that was made
   * with one.
   * @throws Error when it cannot be used: the one before stays
   */
  renew(certificate: Certificate): Promise<void>;
  /** Accepts nothing more and lets idle connections go; running requests go on, and their answers close. */
  stopAccepting(): void;
  /** Ends every connection, whatever it waits for. */
  close(): Promise<void>;
}

export type MakeListener = (handler: Handler, options: ListenerOptions) => Listener;

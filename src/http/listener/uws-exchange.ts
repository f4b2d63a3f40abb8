/** One request on uWebSockets.js. */
import type { HttpRequest, HttpResponse } from './uws-library.js';
import { systemClock } from '../../clock.js';
import type { Answer, AnswerHead, Exchange, Sending } from './listener.js';

const STATUS_LINES: Readonly<Record<number, string>> = {
  200: '200 OK',
  201: '201 Created',
  204: '204 No Content',
  400: '400 Bad Request',
  401: '401 Unauthorized',
  403: '403 Forbidden',
  404: '404 Not Found',
  405: '405 Method Not Allowed',
  409: '409 Conflict',
  413: '413 Content Too Large',
  415: '415 Unsupported Media Type',
  422: '422 Unprocessable Content',
  500: '500 Internal Server Error',
  503: '503 Service Unavailable',
};

/** A client that takes nothing of an answer for so long is gone. */
const SILENCE_MS_MAX = 10_000;

/** Writes all headers in one call, the later ones inside the value of the first, since a call costs more than they do. */
function writeHeaders(response: HttpResponse, headers: Answer['headers']): void {
  const [first, ...rest] = headers;
  if (first === undefined) return;
  let value = first[1];
  for (const header of rest) value += `\r\n${header[0]}: ${header[1]}`;
  response.writeHeader(first[0], value);
}

export class UwsExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  ended = false;
  /** Others may read another end of the body from its headers than the library does: a second request can hide in it. */
  readonly isAmbiguous: boolean;
  readonly #closesItself: boolean;
  readonly #connectsAnew: boolean;
  readonly #hasBody: boolean;
  readonly #response: HttpResponse;
  /** Names in lower case and values, in turn: copied in one go, since each question to the library costs more. */
  readonly #headers: string[] = [];
  readonly #isStopping: () => boolean;
  #receive: ((chunk: Uint8Array, last: boolean) => void) | null = null;
  #aborted: () => void = () => {};
  /** Answered or aborted: the response object must not be touched. */
  #over = false;
  /** Of an answer that is being sent: lets the next piece come. */
  #taken: () => void = () => {};

  /** @param connectsAnew the answer closes the connection, unless it comes before the end of the body */
  constructor(response: HttpResponse, request: HttpRequest, connectsAnew: boolean, isStopping: () => boolean) {
    this.#response = response;
    this.#isStopping = isStopping;
    this.method = request.getCaseSensitiveMethod();
    this.path = request.getUrl();
    this.query = request.getQuery() ?? '';
    let framings = 0;
    request.forEach((name, value) => {
      this.#headers.push(name, value);
      if (name === 'content-length' || name === 'transfer-encoding') framings += 1;
    });
    const coding = framings === 0 ? '' : this.header('transfer-encoding');
    this.isAmbiguous = framings > 1 || (coding !== '' && coding.toLowerCase() !== 'chunked');
    this.#connectsAnew = connectsAnew;
    this.#hasBody = framings > 0;
    this.#closesItself = /\bclose\b/i.test(this.header('connection'));
    // Registered here and once: the library tells the end of a body, also of an empty one, only to who listens by then, and
    // a receiver that is replaced while it runs must not be the library's.
    response.onData((chunk, last) => {
      this.ended = last;
      this.#receive?.(new Uint8Array(chunk), last);
    });
    response.onAborted(() => {
      if (this.#over) return;
      this.#over = true;
      this.#taken();
      this.#aborted();
    });
  }

  get closing(): boolean {
    return this.#closesItself || this.#isStopping() || (this.#connectsAnew && (this.ended || !this.#hasBody));
  }

  get peer(): string {
    return this.#over ? '' : Buffer.from(this.#response.getRemoteAddressAsText()).toString('latin1');
  }

  header(name: string): string {
    const headers = this.#headers;
    for (let i = 0; i < headers.length; i += 2) {
      if (headers[i] === name) return headers[i + 1]!;
    }
    return '';
  }

  headerLines(name: string): readonly string[] {
    return this.#headers.filter((_, i) => i % 2 === 1 && this.#headers[i - 1] === name);
  }

  onBody(receive: (chunk: Uint8Array, last: boolean) => void): void {
    this.#receive = receive;
  }

  onAborted(action: () => void): void {
    this.#aborted = action;
  }

  pause(): void {
    if (!this.#over) this.#response.pause();
  }

  resume(): void {
    if (!this.#over) this.#response.resume();
  }

  answer(answer: Answer): void {
    if (this.#over) return;
    this.#over = true;
    const response = this.#response;
    const closes = this.closing;
    response.cork(() => {
      response.writeStatus(STATUS_LINES[answer.status] ?? String(answer.status));
      writeHeaders(response, answer.headers);
      if (answer.status === 204 || this.method === 'HEAD') this.#endWithoutBody(answer, closes);
      else response.end(answer.body, closes);
    });
  }

  /** The library lets clients wait for an answer, and for the rest of one. */
  hold(): void {}

  begin(head: AnswerHead): Sending {
    const response = this.#response;
    const closes = this.closing;
    let isFull = false;
    if (!this.#over) {
      response.cork(() => {
        response.writeStatus(STATUS_LINES[head.status] ?? String(head.status));
        writeHeaders(response, closes ? [...head.headers, ['Connection', 'close']] : head.headers);
      });
      response.onWritable(() => {
        isFull = false;
        this.#taken();
        return true;
      });
    }
    const over = (last: () => void): void => {
      if (this.#over) return;
      this.#over = true;
      last();
    };
    return {
      send: async (piece) => {
        if (this.#over) return false;
        response.cork(() => (isFull = !response.write(piece)));
        if (!isFull) return true;
        const silence = systemClock.after(SILENCE_MS_MAX, () => response.close());
        await new Promise<void>((resolve) => (this.#taken = resolve));
        silence.cancel();
        return !this.#over;
      },
      // Told to close, the library would write a header among the pieces: the client has been told, and closes.
      end: () => over(() => response.cork(() => response.end())),
      breakOff: () => over(() => response.close()),
    };
  }

  /**
   * A length given to `endWithoutBody` is waited for, so that the connection would serve no further request: for HEAD it
   * stands among the headers. Where the connection closes there is no way but to state zero.
   */
  #endWithoutBody(answer: Answer, closes: boolean): void {
    if (closes) {
      this.#response.endWithoutBody(0, true);
      return;
    }
    if (answer.status !== 204) this.#response.writeHeader('Content-Length', String(Buffer.byteLength(answer.body)));
    this.#response.endWithoutBody();
  }
}

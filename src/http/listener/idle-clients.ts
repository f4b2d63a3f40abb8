/**
 * Finds the clients that pause between their requests. uWebSockets.js closes a connection 8 to 12 s after its last
 * answer, Telegraf writes every 10 s: a request on its way when the connection closes is lost. Such a client is told to
 * connect anew each time, which costs it nothing it notices.
 *
 * A listener cannot say which connection a request came on, so a client is what it says of itself and, for Telegraf,
 * where it comes from. Many pausing clients that look like one look like a busy one; they lose the race now and then and
 * send again.
 */

interface Visits {
  lastMs: number;
  /** When it last came back after a pause. */
  returnedMs: number;
}

export class IdleClients {
  readonly #pauseMs: number;
  readonly #clientsMax: number;
  readonly #clients = new Map<string, Visits>();

  /**
   * @param pauseMs a longer time without a request is a pause
   * @param clientsMax clients remembered; past it the one known longest is forgotten
   */
  constructor(pauseMs: number, clientsMax: number) {
    this.#pauseMs = pauseMs;
    this.#clientsMax = clientsMax;
  }

  /**
   * Notes a request.
   * @returns whether its answer should close the connection: the client came back after a pause, now or so shortly ago
   * that the next pause may begin
   */
  note(client: string, nowMs: number): boolean {
    const visits = this.#clients.get(client);
    if (visits === undefined) {
      if (this.#clients.size >= this.#clientsMax) this.#clients.delete(this.#clients.keys().next().value!);
      this.#clients.set(client, { lastMs: nowMs, returnedMs: -Infinity });
      return false;
    }
    if (nowMs - visits.lastMs > this.#pauseMs) visits.returnedMs = nowMs;
    visits.lastMs = nowMs;
    return nowMs - visits.returnedMs <= this.#pauseMs;
  }
}

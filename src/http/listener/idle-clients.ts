/**
 * Finds the clients that pause between their requests. uWebSockets.js closes a connection 8 to 12 s after its last
 * answer, Telegraf writes every 10 s: a request on its way when the connection closes is lost. Such a client is told to
 * connect anew each time, which costs it nothing it notices.
 *
 * A listener cannot say which connection a request came on, so a client is what it says of itself and, for Telegraf,
 * where it comes from. Many pausing clients that look like one look like a busy one; they lose the race now and then and
 * send again.
 */
import { RecentMap } from '../../recent-map.js';

interface Visits {
  lastMs: number;
  /** When it last came back after a pause. */
  returnedMs: number;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * What is remembered of a client: a hash of 32 bits (FNV-1a) of all that it is known by. Whoever sends long paths without
 * a token fills no memory with them; two clients of one hash look like one.
 */
function hashOf(traits: readonly string[]): number {
  let hash = FNV_OFFSET;
  for (const trait of traits) {
    for (let i = 0; i < trait.length; i++) hash = Math.imul(hash ^ trait.charCodeAt(i), FNV_PRIME);
    // No character: where one trait ends and the next begins counts.
    hash = Math.imul(hash ^ 0x1_0000, FNV_PRIME);
  }
  return hash;
}

export class IdleClients {
  readonly #pauseMs: number;
  readonly #clients: RecentMap<number, Visits>;

  /**
   * @param pauseMs a longer time without a request is a pause
   * @param clientsMax clients remembered, each in about 100 bytes; past it the one that is silent for longest is forgotten
   */
  constructor(pauseMs: number, clientsMax: number) {
    this.#pauseMs = pauseMs;
    this.#clients = new RecentMap({ max: clientsMax });
  }

  /**
   * Notes a request.
   * @param traits what its client is known by
   * @returns whether its answer should close the connection: the client came back after a pause, now or so shortly ago
   * that the next pause may begin
   */
  note(traits: readonly string[], nowMs: number): boolean {
    const client = hashOf(traits);
    const visits = this.#clients.get(client);
    if (visits === undefined) {
      this.#clients.set(client, { lastMs: nowMs, returnedMs: -Infinity });
      return false;
    }
    if (nowMs - visits.lastMs > this.#pauseMs) visits.returnedMs = nowMs;
    visits.lastMs = nowMs;
    return nowMs - visits.returnedMs <= this.#pauseMs;
  }
}

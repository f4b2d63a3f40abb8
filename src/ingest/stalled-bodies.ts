/** Bodies that a worker did not come back from: known again when they are sent again, and told to whoever asks for the health. */
import { createHash } from 'node:crypto';
import type { Clock } from '../clock.js';
import { RecentMap } from '../recent-map.js';
import type { BodyMemory } from './body-memory.js';
import type { Body, WriteRequest } from './request.js';

/** Bodies that are remembered; the one that stalled least lately is forgotten. */
const BODIES_MAX = 64;
/** Of these, sentences for /health. */
const SENTENCES_MAX = 8;

/** `alone` when a worker did not come back from it once: no other body may share its task. `never` when not alone either. */
type Handling = 'as-any' | 'alone' | 'never';

interface StalledBody {
  readonly database: string;
  readonly bytes: number;
  handling: Handling;
  times: number;
  lastMs: number;
}

export class StalledBodies {
  readonly #memory: BodyMemory;
  readonly #clock: Clock;
  readonly #tell: (sentence: string) => void;
  /** By digest, looked at by `peek` alone, so that the one that stalled last comes first. */
  readonly #bodies = new RecentMap<string, StalledBody>({ max: BODIES_MAX });

  /** @param tell gets a sentence each time */
  constructor(memory: BodyMemory, clock: Clock, tell: (sentence: string) => void) {
    this.#memory = memory;
    this.#clock = clock;
    this.#tell = tell;
  }

  /** How a body that was received is to be parsed. Costs nothing while none of its size has stalled. */
  handlingOf(request: WriteRequest, body: Body): Handling {
    for (const { bytes } of this.#bodies.values()) {
      if (bytes === body.bytes) return this.#bodies.peek(this.#digest(request, body))?.handling ?? 'as-any';
    }
    return 'as-any';
  }

  /** A worker was ended with the body. @param alone it was the only one of its task */
  note(request: WriteRequest, body: Body, alone: boolean): void {
    const digest = this.#digest(request, body);
    const known = this.#bodies.peek(digest) ?? { database: request.database, bytes: body.bytes, handling: 'alone', times: 0, lastMs: 0 };
    if (alone) known.handling = 'never';
    known.times += 1;
    known.lastMs = this.#clock.nowMs();
    this.#bodies.set(digest, known);
    this.#tell(sentenceOf(known));
  }

  /** Sentences for /health, of the last ones. */
  problems(): string[] {
    return [...this.#bodies.values()].slice(0, SENTENCES_MAX).reverse().map(sentenceOf);
  }

  #digest({ database, encoding }: WriteRequest, body: Body): string {
    const bytes = Buffer.allocUnsafe(body.bytes);
    this.#memory.copyTo(body, bytes);
    return createHash('sha256').update(`${encoding} ${database}\n`).update(bytes).digest('base64');
  }
}

function sentenceOf({ database, bytes, handling, times, lastMs }: StalledBody): string {
  const end = handling === 'never' ? 'it is refused' : 'it gets one more try, alone';
  const often = `${times === 1 ? 'once' : `${times} times`}, last at ${new Date(lastMs).toISOString()}`;
  return `a worker did not come back from a body of ${bytes} bytes for database ${JSON.stringify(database)}, ${often}; ${end}`;
}

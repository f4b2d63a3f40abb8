/** Receives the body of a request, within its limits: into body memory, or a small one as text. */
import type { Clock } from '../../clock.js';
import type { ErrorCode } from '../../errors.js';
import type { BodyMemory } from '../../ingest/body-memory.js';
import type { Body } from '../../ingest/request.js';
import type { Exchange } from '../listener/listener.js';
import type { Reader, Throttle } from './throttle.js';

export interface BodyMeans {
  readonly clock: Clock;
  readonly memory: BodyMemory;
  readonly throttle: Throttle;
  /** Limit of a body as received. */
  readonly bodyBytesMax: number;
}

/**
 * Receives a body. Exactly one of the two is called, unless the client goes away: then neither is, and no block is held.
 * @param received gets the whole body, owns its blocks, and learns how long reading was held back for lack of memory
 * @param refused gets why there is none, perhaps before the body's end; no block is held
 */
export function receiveBody(
  exchange: Exchange,
  means: BodyMeans,
  received: (body: Body, waitedMs: number) => void,
  refused: (code: ErrorCode, detail: string) => void,
): void {
  const { clock, memory, throttle, bodyBytesMax } = means;
  const statedBytes = Number(exchange.header('content-length'));
  if (statedBytes > bodyBytesMax) {
    refused('body-too-large', `it has ${statedBytes} bytes, the limit is ${bodyBytesMax}`);
    return;
  }
  const body: Body = { blocks: [], bytes: 0 };
  let over = false;
  let waitedMs = 0;
  let pausedAtMs = 0;
  const drop = () => {
    over = true;
    throttle.done(reader);
    memory.free(body.blocks);
  };
  const refuse = (code: ErrorCode, detail: string) => {
    drop();
    refused(code, detail);
  };
  const reader: Reader = {
    pause() {
      pausedAtMs = clock.monotonicMs();
      exchange.pause();
    },
    resume() {
      waitedMs += clock.monotonicMs() - pausedAtMs;
      exchange.resume();
    },
    giveUp: () => refuse('overloaded', 'no memory for the body became free in time'),
  };
  exchange.onAborted(() => {
    if (!over) drop();
  });
  exchange.onBody((chunk, last) => {
    if (over) return;
    if (body.bytes + chunk.length > bodyBytesMax) {
      refuse('body-too-large', `it has more than ${bodyBytesMax} bytes, the limit`);
    } else if (!memory.append(body, chunk)) {
      refuse('overloaded', 'the memory for bodies is full');
    } else if (last) {
      over = true;
      throttle.done(reader);
      received(body, waitedMs);
    } else {
      throttle.check(reader);
    }
  });
}

/** As `receiveBody`, for a body that is text and not packed; it waits for body memory as any other, but holds none after. */
export function receiveText(
  exchange: Exchange,
  means: BodyMeans,
  received: (text: string) => void,
  refused: (code: ErrorCode, detail: string) => void,
): void {
  receiveBody(exchange, means, (body) => {
    const bytes = Buffer.alloc(body.bytes);
    means.memory.copyTo(body, bytes);
    means.memory.free(body.blocks);
    const encoding = exchange.header('content-encoding').trim().toLowerCase();
    // Some clients name an encoding for bodies that they do not send.
    const isPlain = bytes.length === 0 || encoding === '' || encoding === 'identity';
    if (isPlain) received(bytes.toString('utf8'));
    else refused('bad-encoding', 'bodies are not packed on this path');
  }, refused);
}

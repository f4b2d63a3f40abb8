/** Brings frames of the log back into builders: at start, and when a worker has died. */
import type { Clock } from '../clock.js';
import type { Log, LoggedFrame } from '../log/log.js';
import type { AcceptedBody, BodyTask } from '../worker/protocol.js';
import type { BodyMemory } from './body-memory.js';
import type { Dispatcher, Parsed } from './dispatch.js';
import type { Body } from './request.js';

/** Frames whose bodies may be under way at once. */
const IN_FLIGHT_BYTES_MAX = 8 * 1024 * 1024;
/** While memory is full, how often to look again. */
const WAIT_MS = 50;

export interface ReplayParts {
  readonly log: Log;
  readonly dispatcher: Dispatcher;
  readonly bodyMemory: BodyMemory;
  readonly clock: Clock;
  /** Builders are over their budget: wait for seals. */
  readonly memoryFull: () => boolean;
  /** Rows of a frame are back, in this slot. */
  readonly onBack: (rows: AcceptedBody['rows'], number: number, slot: number) => void;
  /** Keeps the bytes of a frame that cannot be replayed as it was. */
  readonly quarantine: (frame: LoggedFrame, why: string) => Promise<void>;
}

/** One run over a part of the log. */
export class Replay {
  readonly #parts: ReplayParts;
  /** Numbers under way, ascending. */
  readonly #underWay: { readonly number: number; done: boolean }[] = [];
  #underWayBytes = 0;
  #reached: number;
  #finished = false;
  #wake: (() => void) | undefined;

  constructor(parts: ReplayParts, fromNumber: number) {
    this.#parts = parts;
    this.#reached = fromNumber;
  }

  /** R: no row at or above this number may be sealed; Infinity when all are back. */
  get floor(): number {
    return this.#underWay[0]?.number ?? (this.#finished ? Infinity : this.#reached);
  }

  /** Replays the frames that `wanted` takes, up to a number; returns how many. */
  async run(toNumber: number, wanted: (frame: LoggedFrame) => boolean): Promise<number> {
    let frames = 0;
    for await (const frame of this.#parts.log.frames(this.#reached, toNumber)) {
      this.#reached = frame.number;
      if (wanted(frame)) {
        await this.#room(frame.body.length);
        const entry = { number: frame.number, done: false };
        this.#underWay.push(entry);
        this.#underWayBytes += frame.body.length;
        void this.#bringBack(frame).then(() => this.#done(entry, frame.body.length));
        frames += 1;
      }
    }
    this.#reached = toNumber + 1;
    while (this.#underWay.length > 0) await this.#changed();
    this.#finished = true;
    return frames;
  }

  async #room(bytes: number): Promise<void> {
    while (this.#underWay.length > 0 && this.#underWayBytes + bytes > IN_FLIGHT_BYTES_MAX) await this.#changed();
    while (this.#parts.memoryFull()) await this.#pause();
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #done(entry: { done: boolean }, bytes: number): void {
    entry.done = true;
    this.#underWayBytes -= bytes;
    while (this.#underWay[0]?.done) this.#underWay.shift();
    this.#wake?.();
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#parts.clock.after(WAIT_MS, resolve));
  }

  /** A frame that kills a worker twice, the second time alone, is set aside. */
  async #bringBack(frame: LoggedFrame): Promise<void> {
    const body = await this.#load(frame);
    try {
      const parsed = await this.#parse(frame, body, false).catch(() => this.#parse(frame, body, true));
      await this.#check(frame, parsed);
    } catch (error) {
      await this.#parts.quarantine(frame, `it ended a worker twice: ${(error as Error).message}`);
    } finally {
      this.#parts.bodyMemory.free(body.blocks);
    }
  }

  async #load(frame: LoggedFrame): Promise<Body> {
    for (;;) {
      const body: Body = { blocks: [], bytes: 0 };
      if (this.#parts.bodyMemory.append(body, frame.body)) return body;
      this.#parts.bodyMemory.free(body.blocks);
      await this.#pause();
    }
  }

  #parse({ header, number }: LoggedFrame, body: Body, alone: boolean): Promise<Parsed> {
    const task: BodyTask = {
      blocks: body.blocks,
      bytes: body.bytes,
      encoding: header.encoding,
      databaseId: header.databaseId,
      precision: header.precision,
      defaultTime: header.defaultTime,
      acceptPartial: true,
      replay: { number, rejectedRuns: header.rejectedRuns },
    };
    return this.#parts.dispatcher.parse(task, alone);
  }

  async #check(frame: LoggedFrame, { slot, outcome }: Parsed): Promise<void> {
    if (outcome.state !== 'accepted') {
      await this.#parts.quarantine(frame, `it was accepted once and is ${outcome.state} now`);
      return;
    }
    const { header, number } = frame;
    this.#parts.onBack(outcome.rows, number, slot.number);
    if (outcome.accepted !== header.accepted || outcome.checksum !== header.checksum) {
      await this.#parts.quarantine(frame, `it had ${header.accepted} rows and has ${outcome.accepted}, or other values`);
    }
  }
}

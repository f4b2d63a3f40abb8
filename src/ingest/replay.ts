/** Brings frames of the log back into memtables: at start, and when a worker has died. */
import type { Clock } from '../clock.js';
import type { Log, LoggedFrame } from '../log/log.js';
import type { AcceptedBody, BodyTask } from '../worker/protocol.js';
import type { BodyMemory } from './body-memory.js';
import type { Dispatcher, SlotOutcome } from './dispatch.js';
import type { Body } from './request.js';

/** Body memory of frames that may be under way at once. */
const IN_FLIGHT_BYTES_MAX = 8 * 1024 * 1024;
/** The same, unpacked: their rows take no more room than is free only as long as few of them come at once. */
const IN_FLIGHT_UNPACKED_BYTES_MAX = 64 * 1024 * 1024;
/** While memory is full, how often to look again. */
const WAIT_MS = 50;
/** What the disk refused is tried again after this. */
const AGAIN_MS = 1000;

export interface ReplayParts {
  readonly log: Log;
  readonly dispatcher: Dispatcher;
  readonly bodyMemory: BodyMemory;
  readonly clock: Clock;
  /** Memtables are over their budget and a flush can make room: wait for it. */
  readonly memoryFull: () => boolean;
  /** Rows of a frame are back, in this slot. */
  readonly onBack: (rows: AcceptedBody['rows'], seq: number, slot: number) => void;
  /** Keeps the bytes of a frame that cannot be replayed as it was. */
  readonly quarantine: (frame: LoggedFrame, why: string) => Promise<void>;
  /** The disk refuses something, which is tried again each second: said once. */
  readonly onTrouble: (sentence: string) => void;
}

/** One run over a part of the log. */
export class Replay {
  readonly #parts: ReplayParts;
  /** Seqs under way, ascending. */
  readonly #underWay: { readonly seq: number; done: boolean }[] = [];
  #underWayBytes = 0;
  #underWayUnpackedBytes = 0;
  /** Frames below it are in memtables, under way, or not wanted. */
  #next: number;
  #frames = 0;
  /** Frames of the log that were looked at. */
  #seen = 0;
  #finished = false;
  /** What the disk refuses, by what is tried. */
  readonly #troubles = new Map<string, string>();
  #wake: (() => void) | undefined;

  constructor(parts: ReplayParts, fromSeq: number) {
    this.#parts = parts;
    this.#next = fromSeq;
  }

  /** R: no row at or above this seq may be flushed; Infinity when all are back. */
  get floor(): number {
    return this.#underWay[0]?.seq ?? (this.#finished ? Infinity : this.#next);
  }

  /** Frames of the log that are back, or need not come. */
  get passed(): number {
    return this.#seen - this.#underWay.length;
  }

  /** Sentences on what the disk refuses. */
  problems(): string[] {
    return [...this.#troubles.values()];
  }

  /** Replays the frames that `wanted` takes, up to a seq; returns how many. Goes on until the log can be read: R waits for it. */
  async run(toSeq: number, wanted: (frame: LoggedFrame) => boolean): Promise<number> {
    while (this.#next <= toSeq) {
      try {
        await this.#read(toSeq, wanted);
      } catch (error) {
        this.#say('the log', `the log cannot be read back from ${this.#next} on: ${(error as Error).message}`);
        await this.#pause(AGAIN_MS);
      }
    }
    while (this.#underWay.length > 0) await this.#changed();
    this.#finished = true;
    return this.#frames;
  }

  async #read(toSeq: number, wanted: (frame: LoggedFrame) => boolean): Promise<void> {
    for await (const frame of this.#parts.log.frames(this.#next, toSeq)) {
      this.#next = frame.seq;
      this.#troubles.delete('the log');
      this.#seen += 1;
      if (wanted(frame)) {
        await this.#room(frame);
        const entry = { seq: frame.seq, done: false };
        this.#underWay.push(entry);
        this.#underWayBytes += this.#blockBytesOf(frame);
        this.#underWayUnpackedBytes += frame.header.inflatedBytes;
        void this.#bringBack(frame).then(() => this.#done(entry, frame));
        this.#frames += 1;
      }
      this.#next = frame.seq + 1;
    }
    this.#next = toSeq + 1;
    this.#troubles.delete('the log');
  }

  #say(what: string, sentence: string): void {
    if (this.#troubles.get(what) !== sentence) this.#parts.onTrouble(sentence);
    this.#troubles.set(what, sentence);
  }

  async #room(frame: LoggedFrame): Promise<void> {
    const { header } = frame;
    const isFull = (): boolean => this.#underWayBytes + this.#blockBytesOf(frame) > IN_FLIGHT_BYTES_MAX
      || this.#underWayUnpackedBytes + header.inflatedBytes > IN_FLIGHT_UNPACKED_BYTES_MAX;
    while (this.#underWay.length > 0 && isFull()) await this.#changed();
    while (this.#parts.memoryFull()) await this.#pause(WAIT_MS);
  }

  /** A body of one line takes a block as well, and live bodies need some. */
  #blockBytesOf({ body }: LoggedFrame): number {
    const { blockBytes } = this.#parts.bodyMemory;
    return Math.ceil(body.length / blockBytes) * blockBytes;
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #done(entry: { done: boolean }, frame: LoggedFrame): void {
    entry.done = true;
    this.#underWayBytes -= this.#blockBytesOf(frame);
    this.#underWayUnpackedBytes -= frame.header.inflatedBytes;
    while (this.#underWay[0]?.done) this.#underWay.shift();
    this.#wake?.();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#parts.clock.after(ms, resolve));
  }

  /** A frame that kills a worker twice, the second time alone, is set aside. */
  async #bringBack(frame: LoggedFrame): Promise<void> {
    const body = await this.#load(frame);
    const problem = await this.#parse(frame, body, false).catch(() => this.#parse(frame, body, true)).then(
      (parsed) => this.#takeUp(frame, parsed),
      (error: Error) => `it ended a worker twice: ${error.message}`,
    );
    this.#parts.bodyMemory.free(body.blocks);
    if (problem !== null) await this.#setAside(frame, problem);
  }

  /** Until its bytes are safe the frame counts as under way, so that no flush lets go of the log that holds it. */
  async #setAside(frame: LoggedFrame, why: string): Promise<void> {
    for (;;) {
      try {
        await this.#parts.quarantine(frame, why);
        this.#troubles.delete(`frame ${frame.seq}`);
        return;
      } catch (error) {
        this.#say(`frame ${frame.seq}`, `frame ${frame.seq} (${why}) cannot be kept in quarantine: ${(error as Error).message}`);
        await this.#pause(AGAIN_MS);
      }
    }
  }

  async #load(frame: LoggedFrame): Promise<Body> {
    for (;;) {
      const body: Body = { blocks: [], bytes: 0 };
      if (this.#parts.bodyMemory.append(body, frame.body)) return body;
      this.#parts.bodyMemory.free(body.blocks);
      await this.#pause(WAIT_MS);
    }
  }

  #parse({ header, seq }: LoggedFrame, body: Body, alone: boolean): Promise<SlotOutcome> {
    const task: BodyTask = {
      blocks: body.blocks,
      bytes: body.bytes,
      encoding: header.encoding,
      databaseId: header.databaseId,
      precision: header.precision,
      defaultTime: header.defaultTime,
      acceptPartial: true,
      rules: header.rules,
      replay: { seq, inflatedBytes: header.inflatedBytes, rejectedRuns: header.rejectedRuns },
    };
    return this.#parts.dispatcher.parse(task, alone);
  }

  /** @returns what is wrong with the frame, or null */
  #takeUp({ header, seq }: LoggedFrame, { slot, outcome }: SlotOutcome): string | null {
    if (outcome.state !== 'accepted') return `it was accepted once and is ${outcome.state} now`;
    this.#parts.onBack(outcome.rows, seq, slot.number);
    if (outcome.accepted === header.accepted && outcome.checksum === header.checksum) return null;
    return `it had ${header.accepted} rows and has ${outcome.accepted}, or other values`;
  }
}

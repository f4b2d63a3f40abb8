/**
 * A thread for what is heavy about Delta logs: checkpoints read, and made. It is started when it is needed and ended when it
 * is not for a while. It works on one thing at a time, with memory of its own that is bounded.
 */
import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../clock.js';
import type { CheckpointRows } from './delta/checkpoint-file.js';
import type { Expected, MadeCheckpoint } from './delta/checkpoint-writing.js';
import type { LogAge } from './delta/log-cleaning.js';

/** Past it a thread gives its memory back. */
const IDLE_MS_MAX = 10_000;
/** A thread that does not answer for so long is ended: a decoder may go round for ever over a damaged file of others. */
const ANSWER_MS_MAX = 300_000;
/** Of the thread's objects: 20 KB for each of 50,000 files. */
const HEAP_MIB_MAX = 1024;

/** The folder whose tables it works on, and one for unfinished files on the same file system. */
export interface ThreadPlace {
  readonly root: string;
  readonly tmp: string;
}

/** A checkpoint that is wanted, and what may go once it stands. */
export interface CareOrder extends LogAge {
  /** Of the table, below the root. */
  readonly folder: string;
  /** 8 hex digits. */
  readonly node: string;
  readonly seqMax: number;
  readonly expected: Expected;
}

/** What came of it: null when there was one already. */
export type CareResult = (MadeCheckpoint & { readonly filesGone: number }) | null;

/** What the thread is asked. */
export type ThreadRequest = { readonly id: number } & (
  | { readonly ask: 'read'; readonly paths: readonly string[]; readonly version: number }
  | { readonly ask: 'care'; readonly order: CareOrder }
);

/** What it answers. */
export type ThreadAnswer = { readonly id: number } & (
  | { readonly result: CheckpointRows | CareResult }
  | { readonly error: string }
);

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
  readonly deadline: Timer;
}

export class LogThread {
  readonly #place: ThreadPlace;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #idle: Timer | null = null;
  #nextId = 1;
  #closed = false;

  constructor(place: ThreadPlace, clock: Clock) {
    this.#place = place;
    this.#clock = clock;
  }

  /** The rows of a checkpoint, with no more of each file than a list of files needs. @throws Error when it is no checkpoint */
  read(paths: readonly string[], version: number): Promise<CheckpointRows> {
    return this.#ask({ ask: 'read', paths, version });
  }

  /** Makes a checkpoint and cleans the log behind it. @throws Error saying why there is none */
  care(order: CareOrder): Promise<CareResult> {
    return this.#ask({ ask: 'care', order });
  }

  /** Ends the thread, whatever it is at: nothing that it makes is seen before it is whole. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#end('the server is being stopped');
  }

  #ask<T>(request: Record<string, unknown>): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the server is being stopped'));
    this.#idle?.cancel();
    const worker = (this.#worker ??= this.#start());
    worker.ref();
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise<T>((resolve, reject) => {
      const deadline = this.#clock.after(ANSWER_MS_MAX, () => void this.#end(`it took more than ${ANSWER_MS_MAX / 60_000} minutes`));
      this.#waiting.set(id, { resolve, reject, deadline });
      worker.postMessage({ id, ...request });
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./log-thread-entry.js', import.meta.url), {
      workerData: this.#place, resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX }, name: 'delta-log',
    });
    worker.on('message', (answer: ThreadAnswer) => this.#onAnswer(answer));
    worker.on('error', (error) => void this.#end(error.message));
    worker.on('exit', () => void (this.#worker === worker && this.#end('its thread ended')));
    return worker;
  }

  #onAnswer(answer: ThreadAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    waiting?.deadline.cancel();
    if ('result' in answer) waiting?.resolve(answer.result as never);
    else waiting?.reject(new Error(answer.error));
    if (this.#waiting.size > 0) return;
    this.#worker?.unref();
    this.#idle = this.#clock.after(IDLE_MS_MAX, () => void this.#end('it was not needed'));
  }

  async #end(reason: string): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    this.#idle?.cancel();
    for (const { deadline, reject } of this.#waiting.values()) {
      deadline.cancel();
      reject(new Error(reason));
    }
    this.#waiting.clear();
    await worker?.terminate();
  }
}

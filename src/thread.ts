/**
 * A thread of its own for heavy work that is asked for now and then. It is started when it is needed and ended when it is not
 * for a while, so that its memory is given back.
 */
import { setPriority } from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';
import type { Clock, Timer } from './clock.js';

/** Past it a thread gives its memory back. */
const IDLE_MS_MAX = 10_000;

interface ThreadOptions {
  readonly name: string;
  /** The module that it runs, which calls `serveThread`. */
  readonly entry: URL;
  /** What the module finds as `workerData`. */
  readonly data: unknown;
  /** Of its JavaScript objects. */
  readonly heapMiBMax: number;
  /** A thread that does not answer for so long is ended. */
  readonly answerMsMax: number;
}

interface Asked {
  readonly id: number;
  readonly request: unknown;
}

type Answered = { readonly id: number } & ({ readonly result: unknown } | { readonly error: Error });

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
  readonly deadline: Timer;
}

export class Thread {
  readonly #options: ThreadOptions;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #idle: Timer | null = null;
  #nextId = 1;
  #closed = false;

  constructor(options: ThreadOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Has the thread answer. @throws Error with the message of what the answer threw and its name as cause, or saying why the thread was ended */
  ask<T>(request: unknown): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the server is being stopped'));
    this.#idle?.cancel();
    const worker = (this.#worker ??= this.#start());
    worker.ref();
    const id = this.#nextId;
    this.#nextId += 1;
    const { answerMsMax } = this.#options;
    return new Promise<T>((resolve, reject) => {
      const deadline = this.#clock.after(answerMsMax, () => void this.#end(`it took more than ${answerMsMax / 60_000} minutes`));
      this.#waiting.set(id, { resolve, reject, deadline });
      worker.postMessage({ id, request } satisfies Asked);
    });
  }

  /** Ends the thread, whatever it is at. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#end('the server is being stopped');
  }

  #start(): Worker {
    const { data, entry, heapMiBMax, name } = this.#options;
    const worker = new Worker(entry, { workerData: data, resourceLimits: { maxOldGenerationSizeMb: heapMiBMax }, name });
    worker.on('message', (answer: Answered) => this.#onAnswer(answer));
    worker.on('error', (error) => void (this.#worker === worker && this.#end(error.message)));
    worker.on('exit', () => void (this.#worker === worker && this.#end('its thread ended')));
    return worker;
  }

  #onAnswer(answer: Answered): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    waiting?.deadline.cancel();
    if ('result' in answer) waiting?.resolve(answer.result as never);
    else waiting?.reject(answer.error);
    if (this.#waiting.size > 0) return;
    this.#worker?.unref();
    this.#idle = this.#clock.after(IDLE_MS_MAX, () => void this.#end('it was not needed'));
  }

  async #end(reason: string): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    this.#idle?.cancel();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { deadline } of waiting) deadline.cancel();
    // Who is told that it ended may clear up behind it.
    await worker?.terminate();
    for (const { reject } of waiting) reject(new Error(reason));
  }
}

/**
 * The other side: answers what is asked, each request as it comes.
 * @param niceness of this thread alone, which is so on Linux only: those that take and answer writes come first
 */
export function serveThread<Request>(answer: (request: Request) => Promise<unknown>, niceness: number): void {
  if (process.platform === 'linux') setPriority(niceness);
  parentPort!.on('message', ({ id, request }: Asked) => {
    void answer(request as Request).then(
      (result): Answered => ({ id, result }),
      (error: Error): Answered => ({ id, error: new Error(error.message, { cause: error.name }) }),
    ).then((answered) => parentPort!.postMessage(answered));
  });
}

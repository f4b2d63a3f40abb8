/** A process that runs queries, as its server sees it. The only maker of processes. */
import { fork, type ChildProcess } from 'node:child_process';
import type { FromQuery, ToQuery } from './query-protocol.js';

/** Of what it says on stderr, the end, for the log. */
const SAID_CHARACTERS_MAX = 2000;

export class QueryChild {
  readonly #child: ChildProcess;
  readonly #inbox: FromQuery[] = [];
  #wake: () => void = () => undefined;
  #said = '';
  /** How it ended, or null. */
  #end: string | null = null;
  readonly ended: Promise<void>;

  constructor() {
    this.#child = fork(new URL('./query-process.js', import.meta.url), [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
    this.#child.on('message', (message: FromQuery) => {
      this.#inbox.push(message);
      this.#wake();
    });
    this.#child.stderr!.on('data', (chunk: Buffer) => (this.#said = (this.#said + chunk.toString()).slice(-SAID_CHARACTERS_MAX)));
    this.ended = new Promise((resolve) => {
      const over = (how: string): void => {
        this.#end ??= how;
        this.#wake();
        resolve();
      };
      this.#child.on('error', (error) => over(error.message));
      this.#child.on('close', (code, signal) => over(`it ended with ${signal ?? `exit code ${code}`}${this.#said === '' ? '' : `: ${this.#said}`}`));
    });
  }

  /** 0 when it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isAlive(): boolean {
    return this.#end === null && this.#child.connected;
  }

  tell(message: ToQuery): void {
    // One that is gone says so by its end.
    if (this.isAlive) this.#child.send(message, () => undefined);
  }

  /** What it says next. @throws Error with a sentence when it is no more */
  async next(): Promise<FromQuery> {
    for (;;) {
      const message = this.#inbox.shift();
      if (message !== undefined) return message;
      if (this.#end !== null) throw new Error(this.#end);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Whether the server may end without it. */
  rest(isResting: boolean): void {
    for (const each of [this.#child, this.#child.channel]) if (isResting) each?.unref(); else each?.ref();
  }
}

/** Queries of others than the owner of the folder: each in a process of its own, a few at once, within bounds of time and memory. */
import type { Clock, Timer } from '../clock.js';
import type { Disk } from '../disk.js';
import { SluiceError, type ErrorCode } from '../errors.js';
import { spillName, type DataPaths } from '../names.js';
import { QueryChild } from './query-child.js';
import type { Fault, FromQuery, QueryOrder, Question } from './query-protocol.js';
import { QueryTurns } from './query-turns.js';
import type { NamedTable, QueryTable } from './views.js';

/** Others wait, as long as a client does. */
const WAITING_MAX = 64;
const WAIT_MS_MAX = 10_000;
/** A query that is told to end has so long before its process is killed. */
const STOP_MS_MAX = 1000;
/** A process without a query ends after this time, and behind a query that left it with so much memory. */
const REST_MS_MAX = 60_000;
const HELD_BYTES_MAX = 384 * 1024 * 1024;

type Piece = Extract<FromQuery, { say: 'piece' }>;
type Last = Extract<FromQuery, { say: 'done' | 'failed' }>;

const CODES: Readonly<Record<Fault, ErrorCode>> = { refused: 'query-refused', failed: 'query-failed', memory: 'query-too-large' };

interface QueryProcessesParts {
  readonly disk: Pick<Disk, 'makeFolder' | 'removeTree' | 'freeBytes'>;
  readonly clock: Clock;
  readonly paths: DataPaths;
  readonly limits: { readonly queriesMax: number; readonly queryMsMax: number; readonly queryMemoryBytesMax: number; readonly diskReserveBytes: number };
  /** Names and columns of the tables of a database. */
  readonly tablesOf: (database: string) => readonly NamedTable[] | Promise<readonly NamedTable[]>;
  /** Finds all rows of tables that were acknowledged before. @param folder of the query: what is made for it alone goes below it */
  readonly load: (tables: readonly { readonly database: string; readonly measurement: string }[], folder: string) => Promise<readonly QueryTable[]>;
}

export class QueryProcesses {
  readonly #parts: QueryProcessesParts;
  readonly #turns: QueryTurns;
  readonly #children = new Set<QueryChild>();
  /** Those without a query, and the timers that end them. */
  readonly #resting = new Map<QueryChild, Timer>();
  #isStopped = false;

  constructor(parts: QueryProcessesParts) {
    this.#parts = parts;
    this.#turns = new QueryTurns({ atOnceMax: parts.limits.queriesMax, waitingMax: WAITING_MAX, waitMsMax: WAIT_MS_MAX }, parts.clock);
  }

  /**
   * Runs a query until the beginning of its result is there. Whoever stops to read the rest ends it.
   * @param gone is aborted when nobody wants it any more; it then gives nothing more
   * @returns the result; reading it throws when the rest cannot be had
   * @throws SluiceError query-refused, query-failed, query-too-large, query-too-slow, query-died, queries-full, stopping
   */
  async ask(question: Question, gone: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const pieces = this.#run(question, gone);
    const first = await pieces.next();
    async function* all(): AsyncGenerator<Uint8Array> {
      try {
        if (first.done !== true) yield first.value;
        yield* pieces;
      } finally {
        await pieces.return(undefined);
      }
    }
    return all();
  }

  /** Ends all queries and all processes. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const children = [...this.#children];
    for (const child of children) child.kill();
    await Promise.all(children.map(({ ended }) => ended));
  }

  async *#run(question: Question, gone: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      await this.#turns.take(gone);
    } catch (error) {
      if (gone.aborted) return;
      throw error;
    }
    try {
      const child = this.#child();
      const folder = spillName(child.pid, this.#parts.clock.nowMs());
      try {
        yield* this.#runIn(child, question, folder, gone);
      } finally {
        await this.#parts.disk.removeTree(this.#parts.paths.tmp(folder));
      }
    } finally {
      this.#turns.leave();
    }
  }

  async #order(question: Question, folder: string): Promise<QueryOrder> {
    const { disk, limits: { diskReserveBytes, queriesMax, queryMemoryBytesMax }, paths, tablesOf } = this.#parts;
    const spillFolder = paths.tmp(folder);
    await disk.makeFolder(spillFolder);
    const spillBytesMax = Math.max(0, (await disk.freeBytes(spillFolder)) - diskReserveBytes);
    const memoryBytesMax = Math.floor(queryMemoryBytesMax / queriesMax);
    return { ...question, tables: await tablesOf(question.database), limits: { spillFolder, spillBytesMax, memoryBytesMax } };
  }

  async *#runIn(child: QueryChild, question: Question, folder: string, gone: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const { clock, limits: { queryMsMax } } = this.#parts;
    const stop = new Stop(child, clock);
    const leave = (): void => stop.now('gone');
    const late = clock.after(queryMsMax, () => stop.now('late'));
    gone.addEventListener('abort', leave);
    let last: Last | null = null;
    try {
      child.tell({ say: 'run', order: await this.#order(question, folder) });
      for (let message = await this.#next(child, folder); ; message = await this.#next(child, folder)) {
        if (message.say !== 'piece') {
          last = message;
          break;
        }
        yield message.bytes;
        child.tell({ say: 'more' });
      }
      if (last.say === 'failed') throw new SluiceError(CODES[last.fault], last.reason);
    } catch (error) {
      if (stop.why === 'gone') return;
      throw stop.why === 'late' ? new SluiceError('query-too-slow', `it is ended after ${queryMsMax} ms (--query-time-max)`) : error;
    } finally {
      late.cancel();
      gone.removeEventListener('abort', leave);
      this.#release(child, last ?? await this.#ending(child, stop));
      stop.isOver();
    }
  }

  /** What a child says that is for others than us. @throws SluiceError query-died, stopping */
  async #next(child: QueryChild, folder: string): Promise<Last | Piece> {
    for (;;) {
      const message = await child.next().catch((error: Error) => {
        throw this.#isStopped ? new SluiceError('stopping', 'the query was ended') : new SluiceError('query-died', error.message);
      });
      if (message.say !== 'load') return message;
      this.#parts.load(message.tables, folder).then(
        (tables) => child.tell({ say: 'tables', tables }),
        (error: Error) => child.tell({ say: 'no-tables', reason: error.message }),
      );
    }
  }

  /** Ends a query that nobody reads to its end. @returns its last word, null when its process is no more */
  async #ending(child: QueryChild, stop: Stop): Promise<Last | null> {
    if (!child.isAlive) return null;
    stop.now('gone'); // one that has no order yet says nothing, and is killed
    for (;;) {
      const message = await child.next().catch(() => null);
      if (message === null || message.say === 'done' || message.say === 'failed') return message;
    }
  }

  #child(): QueryChild {
    if (this.#isStopped) throw new SluiceError('stopping', 'no query begins any more');
    for (const [child, timer] of this.#resting) {
      this.#resting.delete(child);
      timer.cancel();
      if (!child.isAlive) continue;
      child.rest(false);
      return child;
    }
    const child = new QueryChild();
    this.#children.add(child);
    void child.ended.then(() => this.#children.delete(child));
    return child;
  }

  /** A process that is as it was takes the next query. */
  #release(child: QueryChild, last: Last | null): void {
    if (last === null || last.heldBytes > HELD_BYTES_MAX || this.#isStopped || !child.isAlive) {
      child.kill();
      return;
    }
    child.rest(true);
    this.#resting.set(child, this.#parts.clock.after(REST_MS_MAX, () => {
      this.#resting.delete(child);
      child.kill();
    }));
  }
}

/** Ends the query of a child, which is killed when it does not listen. */
class Stop {
  readonly #child: QueryChild;
  readonly #clock: Clock;
  #kill: Timer | null = null;
  /** Nobody wants it, or its time is over; null: it goes on. */
  why: 'gone' | 'late' | null = null;

  constructor(child: QueryChild, clock: Clock) {
    this.#child = child;
    this.#clock = clock;
  }

  now(why: 'gone' | 'late'): void {
    this.why ??= why;
    this.#child.tell({ say: 'stop' });
    this.#kill ??= this.#clock.after(STOP_MS_MAX, () => this.#child.kill());
  }

  /** It ended. */
  isOver(): void {
    this.#kill?.cancel();
  }
}

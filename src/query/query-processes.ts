/** Queries of others than the owner of the folder: each in a process of its own, a few at once, within bounds of time and memory. */
import type { Clock, Timer } from '../clock.js';
import type { Disk } from '../disk.js';
import { SluiceError, type ErrorCode } from '../errors.js';
import { spillName, type DataPaths } from '../names.js';
import { QueryChild } from './query-child.js';
import type { Fault, FromQuery, QueryOrder, Question } from './query-protocol.js';
import { QueryTurns } from './query-turns.js';
import type { NamedTable, QueryTable } from './views.js';

/** Tables with all their rows, and sentences on what of them is lost. */
export interface Loaded {
  readonly tables: readonly QueryTable[];
  readonly warnings: readonly string[];
}

/** A result, whose beginning is there. */
interface Result {
  /** Reading them throws when the rest cannot be had. */
  readonly pieces: AsyncIterable<Uint8Array>;
  readonly warnings: readonly string[];
}

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

const CODES: Readonly<Record<Fault, ErrorCode>> = { refused: 'query-refused', failed: 'query-failed', memory: 'query-too-large', unreadable: 'rows-unreadable' };

interface QueryProcessesParts {
  readonly disk: Pick<Disk, 'makeFolder' | 'removeTree' | 'freeBytes'>;
  readonly clock: Clock;
  readonly paths: DataPaths;
  readonly limits: { readonly queriesMax: number; readonly queryMsMax: number; readonly queryMemoryBytesMax: number; readonly diskReserveBytes: number };
  /** Takes sentences for the log. */
  readonly say: (sentence: string) => void;
  /** Names and columns of the tables of a database. */
  readonly tablesOf: (database: string) => readonly NamedTable[] | Promise<readonly NamedTable[]>;
  /** Finds all rows of tables that were acknowledged before. @param folder of the query: what is made for it alone goes below it */
  readonly load: (tables: readonly { readonly database: string; readonly measurement: string }[], folder: string) => Promise<Loaded>;
}

export class QueryProcesses {
  readonly #parts: QueryProcessesParts;
  readonly #turns: QueryTurns;
  readonly #children = new Set<QueryChild>();
  /** Those without a query, and the timers that end them. */
  readonly #resting = new Map<QueryChild, Timer>();
  /** Names of the folders of queries that are not over. */
  readonly #folders = new Set<string>();
  #isStopped = false;

  constructor(parts: QueryProcessesParts) {
    this.#parts = parts;
    this.#turns = new QueryTurns({ atOnceMax: parts.limits.queriesMax, waitingMax: WAITING_MAX, waitMsMax: WAIT_MS_MAX }, parts.clock);
  }

  /**
   * Runs a query until the beginning of its result is there. Whoever stops to read the rest ends it.
   * @param gone is aborted when nobody wants it any more; it then gives nothing more
   * @throws SluiceError query-refused, query-failed, query-too-large, query-too-slow, rows-unreadable, query-died, queries-full, stopping
   */
  async ask(question: Question, gone: AbortSignal): Promise<Result> {
    const warnings: string[] = [];
    const pieces = this.#run(question, gone, warnings);
    const first = await pieces.next();
    async function* all(): AsyncGenerator<Uint8Array> {
      try {
        if (first.done !== true) yield first.value;
        yield* pieces;
      } finally {
        await pieces.return(undefined);
      }
    }
    return { pieces: all(), warnings };
  }

  /** Ends all queries and all processes; nothing of theirs is left on the disk. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const children = [...this.#children];
    for (const child of children) child.kill();
    await Promise.all(children.map(({ ended }) => ended));
    // Whoever reads a result may come to its end only when all is over.
    await Promise.all([...this.#folders].map((folder) => this.#remove(folder)));
  }

  async *#run(question: Question, gone: AbortSignal, warnings: string[]): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      await this.#turns.take(gone);
    } catch (error) {
      if (gone.aborted) return;
      throw error;
    }
    try {
      const child = this.#child();
      const folder = spillName(child.pid, this.#parts.clock.nowMs());
      this.#folders.add(folder);
      try {
        yield* this.#runIn(child, question, { folder, warnings }, gone);
      } finally {
        await this.#remove(folder);
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

  async *#runIn(child: QueryChild, question: Question, own: Own, gone: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const { clock, limits: { queryMsMax } } = this.#parts;
    const stop = new Stop(child, clock);
    const leave = (): void => stop.now('gone');
    const late = clock.after(queryMsMax, () => stop.now('late'));
    gone.addEventListener('abort', leave);
    let last: Last | null = null;
    try {
      child.tell({ say: 'run', order: await this.#order(question, own.folder) });
      for (let message = await this.#next(child, own); ; message = await this.#next(child, own)) {
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
  async #next(child: QueryChild, { folder, warnings }: Own): Promise<Last | Piece> {
    for (;;) {
      const message = await child.next().catch((error: Error) => {
        throw this.#isStopped ? new SluiceError('stopping', 'the query was ended') : new SluiceError('query-died', error.message);
      });
      if (message.say !== 'load') return message;
      this.#parts.load(message.tables, folder).then(
        (loaded) => {
          warnings.push(...loaded.warnings);
          child.tell({ say: 'tables', tables: loaded.tables });
        },
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

  /** What cannot be removed goes at the next start, and is no fault of the query. */
  async #remove(folder: string): Promise<void> {
    const { disk, paths, say } = this.#parts;
    await disk.removeTree(paths.tmp(folder)).catch((error: Error) => say(`the folder of a query is left over: ${error.message}`));
    this.#folders.delete(folder);
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

/** Of one query. */
interface Own {
  readonly folder: string;
  /** Gets sentences on what is lost of its tables, before the beginning of the result. */
  readonly warnings: string[];
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

/** A thread for what is heavy about Delta logs: checkpoints read, and made. It works on one thing at a time, with memory of its own that is bounded. */
import type { Clock } from '../clock.js';
import { Thread } from '../thread.js';
import type { CheckpointRows } from './delta/checkpoint-file.js';
import type { Expected, MadeCheckpoint } from './delta/checkpoint-writing.js';
import type { LogAge } from './delta/log-cleaning.js';

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
export type ThreadRequest =
  | { readonly ask: 'read'; readonly paths: readonly string[]; readonly version: number }
  | { readonly ask: 'care'; readonly order: CareOrder };

export class LogThread {
  readonly #thread: Thread;

  constructor(place: ThreadPlace, clock: Clock) {
    const entry = new URL('./log-thread-entry.js', import.meta.url);
    this.#thread = new Thread({ name: 'delta-log', entry, data: place, heapMiBMax: HEAP_MIB_MAX, answerMsMax: ANSWER_MS_MAX }, clock);
  }

  /** The rows of a checkpoint, with no more of each file than a list of files needs. @throws Error when it is no checkpoint */
  read(paths: readonly string[], version: number): Promise<CheckpointRows> {
    return this.#thread.ask({ ask: 'read', paths, version } satisfies ThreadRequest);
  }

  /** Makes a checkpoint and cleans the log behind it. @throws Error saying why there is none */
  care(order: CareOrder): Promise<CareResult> {
    return this.#thread.ask({ ask: 'care', order } satisfies ThreadRequest);
  }

  /** Ends the thread, whatever it is at: nothing that it makes is seen before it is whole. */
  close(): Promise<void> {
    return this.#thread.close();
  }
}

/** The thread that compacts: what it is asked, and what it answers. */
import type { Clock } from '../clock.js';
import type { ColumnDefinition } from '../model/schema.js';
import { Thread } from '../thread.js';
import type { Tombstone } from '../model/tombstone.js';
import type { Compacted } from '../worker/compact/compact.js';
import type { DataFile } from '../worker/read/data-file.js';
import type { PlanLimits } from './plan.js';

/** Files that become others. */
export interface CompactionOrder {
  readonly tableId: number;
  /** Of the table, below the root. */
  readonly folder: string;
  readonly columns: readonly ColumnDefinition[];
  /** In the order of their seqs. */
  readonly files: readonly DataFile[];
  /** 8 hex digits, and the first of the numbers that the new files have in their names. */
  readonly node: string;
  readonly numberFirst: number;
  /** See `Job`; null where all rows go into one file, whatever their times. */
  readonly cut: { readonly untilMs: number | null; readonly rowBytes: number; readonly nowMs: number; readonly limits: PlanLimits } | null;
  /** Times of live files that are not read: where rows lie between them, versions of a point are not combined. */
  readonly beside: readonly { readonly firstMs: number; readonly lastMs: number }[];
  /** Their rows are left out. */
  readonly deletes: readonly Tombstone[];
  /** Nothing is written where no row is deleted. */
  readonly deletesOnly: boolean;
  readonly rowsMax: number;
  readonly bytesMax: number;
  readonly memoryBytesMax: number;
  /** Of a core, while the server has other things to do; above 0. */
  readonly cpuShare: number;
}

/** What of a compaction cannot be done, by its kind: the `cause` of what `compact` throws. */
export const NO_ROOM = 'NoRoom';
export const DAMAGED_FILE = 'DamagedFile';
export const FOREIGN_FORM = 'ForeignForm';

/** The folder whose tables it works on, and one for unfinished files on the same file system. */
export interface ThreadPlace {
  readonly root: string;
  readonly tmp: string;
}

const HEAP_MIB_MAX = 512;
/** A job of some hundred megabytes at a small share of a core. */
const ANSWER_MS_MAX = 6 * 3_600_000;

export class CompactionThread {
  readonly #thread: Thread;

  constructor(place: ThreadPlace, clock: Clock) {
    const entry = new URL('./compaction-thread-entry.js', import.meta.url);
    this.#thread = new Thread({ name: 'compaction', entry, data: place, heapMiBMax: HEAP_MIB_MAX, answerMsMax: ANSWER_MS_MAX }, clock);
  }

  /** Reads files of a table and writes them anew as others, which are in no commit yet. @throws Error, then there are none; its cause names the kind */
  compact(order: CompactionOrder): Promise<Compacted> {
    return this.#thread.ask(order);
  }

  /** Ends the thread, whatever it is at: what it wrote is part of no table. */
  close(): Promise<void> {
    return this.#thread.close();
  }
}

/** Has every worker write its rows of a table into a file, and gathers the answers. */
import type { Table } from '../catalog/catalog.js';
import type { Pool, Slot } from '../ingest/pool.js';
import { dataFileName, plainFileName } from '../names.js';
import type { FlushedFile } from '../model/flushed-file.js';
import type { FromWorker, FlushOrder } from '../worker/protocol.js';

/** What workers answer to an order. */
export type FlushAnswer = Extract<FromWorker, { say: 'file' | 'flush-failed' }>;

/** Which rows are to be written, and where to. */
export interface BatchOrder extends Pick<FlushOrder, 'after' | 'seq' | 'into' | 'as'> {
  readonly table: Table;
  /** Below the root of the store. */
  readonly folder: string;
}

/** Answers that are waited for. */
interface Batch {
  failure: string | undefined;
  readonly waiting: Set<Slot>;
  readonly files: FlushedFile[];
  readonly resolve: (files: FlushedFile[]) => void;
  readonly reject: (error: Error) => void;
}

interface FlushBatchesParts {
  readonly pool: Pool;
  /** 8 hex digits. */
  readonly node: string;
  /** Takes files away that a failed flush leaves. */
  readonly deleteFiles: (into: FlushOrder['into'], files: readonly FlushedFile[]) => Promise<void>;
}

export class FlushBatches {
  readonly #parts: FlushBatchesParts;
  /** By table: there is one at a time. */
  readonly #batches = new Map<number, Batch>();

  constructor(parts: FlushBatchesParts) {
    this.#parts = parts;
  }

  /** Writes rows of a table; they stay in the memtables. @throws when a worker fails or dies: no file stays then */
  order({ after, as, folder, into, seq, table }: BatchOrder): Promise<FlushedFile[]> {
    const { deleteFiles, node, pool } = this.#parts;
    const slots = pool.slots();
    const nameOf = as === 'json' ? plainFileName : dataFileName;
    if (slots.length === 0) return Promise.reject(new Error('no worker is ready'));
    const files: FlushedFile[] = [];
    return new Promise<FlushedFile[]>((resolve, reject) => {
      this.#batches.set(table.id, { failure: undefined, waiting: new Set(slots), files, resolve, reject });
      for (const slot of slots) {
        const path = `${folder}/${nameOf(node, seq, slot.number)}`;
        slot.tell({ say: 'flush', order: { tableId: table.id, after, seq, into, as, path, columns: table.columns } });
      }
    }).catch(async (error: Error) => {
      await deleteFiles(into, files);
      throw error;
    }).finally(() => this.#batches.delete(table.id));
  }

  onAnswer(slot: Slot, answer: FlushAnswer): void {
    const batch = this.#batches.get(answer.tableId)!;
    if (answer.say === 'flush-failed') batch.failure ??= answer.reason;
    else if (answer.file !== null) batch.files.push(answer.file);
    this.#answered(batch, slot);
  }

  onDeath(slot: Slot): void {
    for (const batch of this.#batches.values()) {
      if (!batch.waiting.has(slot)) continue;
      batch.failure ??= `worker ${slot.number} died`;
      this.#answered(batch, slot);
    }
  }

  /** A batch ends when every worker has answered or died, so that no answer comes late. */
  #answered(batch: Batch, slot: Slot): void {
    batch.waiting.delete(slot);
    if (batch.waiting.size > 0) return;
    if (batch.failure === undefined) batch.resolve(batch.files);
    else batch.reject(new Error(batch.failure));
  }
}

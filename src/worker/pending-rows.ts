/** The rows of a worker by body: which rows of which table came with which body, and its seq once it has one. */
import type { FlushSpans } from './flush/standing-rows.js';
import { GIVEN_UP } from './protocol.js';
import { TableSpans } from './table-spans.js';
import type { TableSpan } from './wasm/parsed.js';

/** What a table with spans takes beside them, about. */
const TABLE_BYTES = 512;

export class PendingRows {
  readonly #spansByTable = new Map<number, TableSpans>();
  readonly #seqs: BigInt64Array;
  readonly #onGivenUp: (tableId: number) => void;
  /** Tables of the live bodies without a seq yet, oldest first. There are no more of them than the ring is long. */
  #withoutSeq: { readonly ordinal: number; readonly tableIds: readonly number[] }[] = [];
  #ordinal = 0;
  #spanBytes = 0;

  /**
   * @param seqs ring of seqs by ordinal, written by main (0 = not given yet, GIVEN_UP)
   * @param onGivenUp rows of a table are to leave: they are no part of any flush from here on
   */
  constructor(seqs: SharedArrayBuffer, onGivenUp: (tableId: number) => void) {
    this.#seqs = new BigInt64Array(seqs);
    this.#onGivenUp = onGivenUp;
  }

  get nextOrdinal(): number {
    return this.#ordinal + 1;
  }

  /** What the spans take of memory. */
  get bytes(): number {
    return this.#spanBytes + this.#spansByTable.size * TABLE_BYTES;
  }

  /** Takes up the rows of a live body, which are the last of their tables; returns its ordinal. */
  addLive(spans: readonly TableSpan[]): number {
    const ordinal = ++this.#ordinal;
    this.#withoutSeq.push({ ordinal, tableIds: spans.map(({ tableId }) => tableId) });
    this.#add(spans, 0);
    return ordinal;
  }

  addReplayed(spans: readonly TableSpan[], seq: number): void {
    this.#add(spans, seq);
  }

  /** Takes the seqs that main has given since the last call. */
  takeSeqs(): void {
    let taken = 0;
    const touched = new Set<number>();
    for (const { ordinal, tableIds } of this.#withoutSeq) {
      const place = ordinal % this.#seqs.length;
      const seq = Number(Atomics.load(this.#seqs, place));
      if (seq === 0) break;
      Atomics.store(this.#seqs, place, 0n);
      for (const tableId of tableIds) this.#spansByTable.get(tableId)?.numberNext(seq);
      if (seq === GIVEN_UP) for (const tableId of tableIds) touched.add(tableId);
      taken += 1;
    }
    if (taken > 0) this.#withoutSeq.splice(0, taken);
    for (const tableId of touched) this.#onGivenUp(tableId);
  }

  /** The spans of a table at or below a seq, and above another, in the order of the memtable, with empty ones between. */
  upTo(tableId: number, seq: number, after = 0): FlushSpans {
    return this.#spansByTable.get(tableId)?.upTo(seq, after) ?? [];
  }

  /**
   * Rows at or below a seq, and those given up, leave a table, some at each step. What it calls them is right once all
   * are out of the memtable: until then no flush and nobody else may ask for rows of the table.
   * @param seq 0: those given up alone
   * @param onRange is called with their ranges (first, one past the last), ascending, those of neighbouring bodies joined
   */
  *takeOut(tableId: number, seq: number, onRange: (first: number, end: number) => void): Generator<void> {
    const spans = this.#spansByTable.get(tableId);
    if (spans === undefined) return;
    for (const bytes of spans.takeOut(seq, onRange)) {
      this.#spanBytes += bytes;
      yield;
      if (this.#spansByTable.get(tableId) !== spans) return;
    }
    if (spans.isEmpty) this.#spansByTable.delete(tableId);
  }

  /** Rows of live bodies without a seq, or with one above this, are given up. */
  rollBack(keptTo: number): void {
    this.takeSeqs();
    for (const { ordinal } of this.#withoutSeq) Atomics.store(this.#seqs, ordinal % this.#seqs.length, 0n);
    this.#withoutSeq = [];
    for (const [tableId, spans] of this.#spansByTable) if (spans.giveUpAbove(keptTo)) this.#onGivenUp(tableId);
  }

  /** A dropped table: its memtable is gone already. */
  forget(tableId: number): void {
    this.#spanBytes -= this.#spansByTable.get(tableId)?.bytes ?? 0;
    this.#spansByTable.delete(tableId);
  }

  #add(added: readonly TableSpan[], seq: number): void {
    for (const { tableId, rowFirst, rowEnd } of added) {
      let spans = this.#spansByTable.get(tableId);
      if (spans === undefined) this.#spansByTable.set(tableId, (spans = new TableSpans()));
      this.#spanBytes += spans.add(rowEnd - rowFirst, seq);
    }
  }
}

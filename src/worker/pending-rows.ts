/** The rows of a worker by body: which rows of which table came with which body, and its log number once it has one. */
import { GIVEN_UP } from './protocol.js';

/** Rows a body added to one table; rows are renumbered when others leave. */
interface Span {
  readonly tableId: number;
  rowFirst: number;
  /** One past the last. */
  rowEnd: number;
  /** Of a live body, from 1; 0 for a replayed one. */
  readonly ordinal: number;
  /** Log number; 0 until main has given it, GIVEN_UP when it never will. */
  number: number;
}

/** What is removed from a memtable: row ranges, ascending. */
type RemoveRows = (tableId: number, ranges: readonly Readonly<Span>[]) => void;

export class PendingRows {
  readonly #spansByTable = new Map<number, Span[]>();
  readonly #numbers: BigInt64Array;
  readonly #removeRows: RemoveRows;
  /** Live bodies without a number yet, oldest first. */
  #unnumbered: { readonly ordinal: number; readonly spans: readonly Span[] }[] = [];
  #ordinal = 0;

  /**
   * @param numbers ring of log numbers by ordinal, written by main (0 = not given yet, GIVEN_UP)
   * @param removeRows takes rows out of a memtable and closes the gap
   */
  constructor(numbers: SharedArrayBuffer, removeRows: RemoveRows) {
    this.#numbers = new BigInt64Array(numbers);
    this.#removeRows = removeRows;
  }

  get nextOrdinal(): number {
    return this.#ordinal + 1;
  }

  /** Takes up the rows of a live body; returns its ordinal. */
  addLive(spans: readonly { tableId: number; rowFirst: number; rowEnd: number }[]): number {
    const ordinal = ++this.#ordinal;
    this.#unnumbered.push({ ordinal, spans: this.#add(spans, ordinal, 0) });
    return ordinal;
  }

  addReplayed(spans: readonly { tableId: number; rowFirst: number; rowEnd: number }[], number: number): void {
    this.#add(spans, 0, number);
  }

  /** Takes the numbers that main has given since the last call; rows given up leave the memtables. */
  takeNumbers(): void {
    let taken = 0;
    const touched = new Set<number>();
    for (const { ordinal, spans } of this.#unnumbered) {
      const place = ordinal % this.#numbers.length;
      const number = Atomics.load(this.#numbers, place);
      if (number === 0n) break;
      Atomics.store(this.#numbers, place, 0n);
      for (const span of spans) span.number = Number(number);
      if (Number(number) === GIVEN_UP) for (const { tableId } of spans) touched.add(tableId);
      taken += 1;
    }
    if (taken > 0) this.#unnumbered.splice(0, taken);
    for (const tableId of touched) this.#drop(tableId, (span) => span.number === GIVEN_UP);
  }

  /** The spans of a table at or below a number, by number. */
  upTo(tableId: number, number: number): Span[] {
    const spans = this.#spansByTable.get(tableId) ?? [];
    return spans.filter((span) => span.number > 0 && span.number <= number).sort((a, b) => a.number - b.number);
  }

  /** Rows at or below a number leave the memtable of a table. */
  dropUpTo(tableId: number, number: number): void {
    this.#drop(tableId, (span) => span.number > 0 && span.number <= number);
  }

  /** Rows of live bodies above an ordinal leave all memtables. */
  rollBack(keptTo: number): void {
    this.takeNumbers();
    for (const tableId of this.#spansByTable.keys()) this.#drop(tableId, (span) => span.ordinal > keptTo);
    for (const { ordinal } of this.#unnumbered) Atomics.store(this.#numbers, ordinal % this.#numbers.length, 0n);
    this.#unnumbered = [];
  }

  /** A dropped table: its memtable is gone already. */
  forget(tableId: number): void {
    this.#spansByTable.delete(tableId);
  }

  #add(spans: readonly { tableId: number; rowFirst: number; rowEnd: number }[], ordinal: number, number: number): Span[] {
    return spans.map(({ tableId, rowFirst, rowEnd }) => {
      const span: Span = { tableId, rowFirst, rowEnd, ordinal, number };
      const ofTable = this.#spansByTable.get(tableId);
      if (ofTable === undefined) this.#spansByTable.set(tableId, [span]);
      else ofTable.push(span);
      return span;
    });
  }

  #drop(tableId: number, leaves: (span: Span) => boolean): void {
    const spans = this.#spansByTable.get(tableId) ?? [];
    const leaving = spans.filter(leaves);
    if (leaving.length === 0) return;
    this.#removeRows(tableId, leaving);
    const kept: Span[] = [];
    let removed = 0;
    for (const span of spans) {
      const rows = span.rowEnd - span.rowFirst;
      if (leaves(span)) {
        removed += rows;
      } else {
        span.rowFirst -= removed;
        span.rowEnd -= removed;
        kept.push(span);
      }
    }
    if (kept.length > 0) this.#spansByTable.set(tableId, kept);
    else this.#spansByTable.delete(tableId);
  }
}

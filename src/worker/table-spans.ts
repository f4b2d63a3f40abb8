/**
 * The spans of one table: a body's rows and its seq, twelve bytes each, in the order of the memtable, which they
 * fill without a gap: so where a span stands is the rows before it. They are kept in chunks, so that none is copied when
 * more come.
 */
import { GIVEN_UP } from './protocol.js';
import type { FlushSpan, FlushSpans } from './flush/standing-rows.js';

/** A chunk has room for so many, but for the last of a table with few, which grows by four. */
export const CHUNK_SPANS = 8192;
const CHUNK_SPANS_MIN = 8;
const GROWTH = 4;
const SPAN_BYTES = Float64Array.BYTES_PER_ELEMENT + Uint32Array.BYTES_PER_ELEMENT;

class Chunk {
  /** Log seqs; 0 until main has given one, GIVEN_UP when it never will. */
  seqs: Float64Array;
  rows: Uint32Array;
  count = 0;

  constructor(room: number) {
    this.seqs = new Float64Array(room);
    this.rows = new Uint32Array(room);
  }

  get room(): number {
    return this.rows.length;
  }

  get bytes(): number {
    return this.room * SPAN_BYTES;
  }

  add(rows: number, seq: number): void {
    this.rows[this.count] = rows;
    this.seqs[this.count] = seq;
    this.count += 1;
  }

  resize(room: number): void {
    const { seqs, rows } = this;
    this.seqs = new Float64Array(room);
    this.rows = new Uint32Array(room);
    this.seqs.set(seqs.subarray(0, this.count));
    this.rows.set(rows.subarray(0, this.count));
  }

  append({ count, seqs, rows }: Chunk): void {
    this.seqs.set(seqs.subarray(0, count), this.count);
    this.rows.set(rows.subarray(0, count), this.count);
    this.count += count;
  }
}

export class TableSpans {
  readonly #chunks: Chunk[] = [];
  /** No span before this one waits for its seq: its chunk, and its place there. */
  #waiting = { chunk: 0, place: 0 };
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** Adds the rows of a body behind all others; returns how many bytes the spans take more. */
  add(rows: number, seq: number): number {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.count < last.room) {
      last.add(rows, seq);
      return 0;
    }
    const before = this.#bytes;
    if (last !== undefined && last.room < CHUNK_SPANS) {
      last.resize(last.room * GROWTH > CHUNK_SPANS ? CHUNK_SPANS : last.room * GROWTH);
      this.#count();
      last.add(rows, seq);
    } else {
      const chunk = new Chunk(last === undefined ? CHUNK_SPANS_MIN : CHUNK_SPANS);
      this.#chunks.push(chunk);
      this.#bytes += chunk.bytes;
      chunk.add(rows, seq);
    }
    return this.#bytes - before;
  }

  /** The oldest live body without a seq gets it. */
  numberNext(seq: number): void {
    for (;; this.#waiting = { chunk: this.#waiting.chunk + 1, place: 0 }) {
      const chunk = this.#chunks[this.#waiting.chunk];
      if (chunk === undefined) throw new Error(`number ${seq} is for no body`);
      while (this.#waiting.place < chunk.count && chunk.seqs[this.#waiting.place] !== 0) this.#waiting.place += 1;
      if (this.#waiting.place === chunk.count) continue;
      chunk.seqs[this.#waiting.place] = seq;
      return;
    }
  }

  /** Those with a seq up to this one, above `after`, and an empty one behind each chunk, so that whoever goes in slices has a turn. */
  upTo(seq: number, after: number): FlushSpans {
    const chunks = this.#chunks;
    return { length: chunks.reduce((sum, { count }) => sum + count, 0), [Symbol.iterator]: () => spansUpTo(chunks, seq, after) };
  }

  /**
   * Takes out those with a seq up to this one, and those given up, a chunk a step.
   * @param onRange as PendingRows.takeOut
   * @returns in each step how many bytes the spans take more, which is none or less
   */
  *takeOut(seq: number, onRange: (first: number, end: number) => void): Generator<number> {
    let row = 0;
    const range = { first: 0, end: 0 };
    for (let at = 0; at < this.#chunks.length;) {
      const before = this.#bytes;
      const chunk = this.#chunks[at]!;
      row = takeOutOf(chunk, seq, row, range, onRange);
      if (!this.#isMerged(at)) at += 1;
      this.#count();
      yield this.#bytes - before;
    }
    if (range.first < range.end) onRange(range.first, range.end);
  }

  /** Gives up live bodies without a seq, and all above one; returns whether there are any. */
  giveUpAbove(seq: number): boolean {
    let isAny = false;
    for (const { count, seqs } of this.#chunks) {
      for (let place = 0; place < count; place += 1) {
        if (seqs[place] !== 0 && seqs[place]! <= seq) continue;
        seqs[place] = GIVEN_UP;
        isAny = true;
      }
    }
    return isAny;
  }

  /** A chunk that lost spans goes when it is empty, or its rest fits behind the one before it. */
  #isMerged(at: number): boolean {
    const chunk = this.#chunks[at]!;
    const before = this.#chunks[at - 1];
    const fits = before !== undefined && before.count + chunk.count <= before.room;
    if (this.#waiting.chunk >= at - 1) this.#waiting = { chunk: Math.max(0, at - 1), place: 0 };
    if (chunk.count > 0 && !fits) return false;
    if (fits) before.append(chunk);
    this.#chunks.splice(at, 1);
    return true;
  }

  #count(): void {
    this.#bytes = this.#chunks.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

/** Takes spans out of one chunk, which begins at `row`; returns the row behind it. */
function takeOutOf(chunk: Chunk, seq: number, row: number, range: { first: number; end: number }, onRange: (first: number, end: number) => void): number {
  const { count, seqs, rows } = chunk;
  let kept = 0;
  for (let place = 0; place < count; place += 1) {
    const ofSpan = seqs[place]!;
    const rowsOfSpan = rows[place]!;
    if (ofSpan === GIVEN_UP || (ofSpan > 0 && ofSpan <= seq)) {
      if (range.end !== row) {
        if (range.first < range.end) onRange(range.first, range.end);
        range.first = row;
      }
      range.end = row + rowsOfSpan;
    } else {
      seqs[kept] = ofSpan;
      rows[kept] = rowsOfSpan;
      kept += 1;
    }
    row += rowsOfSpan;
  }
  chunk.count = kept;
  return row;
}

function* spansUpTo(chunks: readonly Chunk[], seq: number, after: number): Generator<FlushSpan> {
  let row = 0;
  for (const { count, seqs, rows } of chunks) {
    for (let place = 0; place < count; place += 1) {
      const rowFirst = row;
      row += rows[place]!;
      const ofSpan = seqs[place]!;
      if (ofSpan > after && ofSpan <= seq) yield { rowFirst, rowEnd: row, seq: ofSpan };
    }
    yield { rowFirst: row, rowEnd: row, seq: 0 };
  }
}

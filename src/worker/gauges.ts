/** What workers let main and one another see at any moment: numbers in shared memory, a row of them for each thread. */

/** u32 words of a row. */
const HELD = 0;
const BEATS = 1;
const BODY = 2;
const FLUSHING = 3;
const RESERVED = 4;
/** 1 while a slot has the row; main alone writes it. */
const LIVE = 5;
const LINEAR = 6;
/** A row is a cache line. */
const WORDS = 16;

const ROW_BYTES = WORDS * Uint32Array.BYTES_PER_ELEMENT;
const WORD_MAX = 2 ** 32 - 1;

/** Shared memory for so many rows. */
export function makeGauges(rows: number): SharedArrayBuffer {
  return new SharedArrayBuffer(rows * ROW_BYTES);
}

/** All rows. */
export function allGauges(gauges: SharedArrayBuffer): Gauge[] {
  return Array.from({ length: gauges.byteLength / ROW_BYTES }, (_, row) => new Gauge(gauges, row));
}

/** One row. The worker that has it writes it; main clears it when that worker is gone. */
export class Gauge {
  readonly #words: Uint32Array;

  constructor(gauges: SharedArrayBuffer, row: number) {
    this.#words = new Uint32Array(gauges, row * ROW_BYTES, WORDS);
  }

  /** Whether a slot has the row: what the others say counts no more. */
  get isLive(): boolean {
    return Atomics.load(this.#words, LIVE) === 1;
  }

  /** Bytes of linear memory that rows and the flush in progress hold. */
  get heldBytes(): number {
    return Atomics.load(this.#words, HELD);
  }

  set heldBytes(bytes: number) {
    Atomics.store(this.#words, HELD, bytes);
  }

  /** Bytes of linear memory that were ever in use, what is free again too: it never shrinks. And what the body that is being parsed may add. */
  get linearBytes(): number {
    return Atomics.load(this.#words, LINEAR);
  }

  set linearBytes(bytes: number) {
    Atomics.store(this.#words, LINEAR, Math.min(bytes, WORD_MAX));
  }

  /** Bytes that the rows of the body that is being parsed may take besides. */
  get reservedBytes(): number {
    return Atomics.load(this.#words, RESERVED);
  }

  set reservedBytes(bytes: number) {
    Atomics.store(this.#words, RESERVED, Math.min(bytes, WORD_MAX));
  }

  /** Counts signs of life, and begins again after 2^32 of them. */
  get beats(): number {
    return Atomics.load(this.#words, BEATS);
  }

  /** Place in the list of the body that is being parsed; null when none is. */
  get body(): number | null {
    const word = Atomics.load(this.#words, BODY);
    return word === 0 ? null : word - 1;
  }

  /** Id of the table of which a slice of a flush is at work; null when none is. */
  get flushing(): number | null {
    const word = Atomics.load(this.#words, FLUSHING);
    return word === 0 ? null : word;
  }

  beat(): void {
    Atomics.add(this.#words, BEATS, 1);
  }

  /** A body of the list is begun; null: the last one has ended. */
  noteBody(place: number | null): void {
    Atomics.store(this.#words, BODY, place === null ? 0 : place + 1);
    this.beat();
  }

  /** A slice of a flush begins; null: it ends. */
  noteFlushing(tableId: number | null): void {
    Atomics.store(this.#words, FLUSHING, tableId ?? 0);
    this.beat();
  }

  isSame(other: Gauge): boolean {
    return this.#words.byteOffset === other.#words.byteOffset;
  }

  /** A slot gets the row. */
  begin(): void {
    this.#words.fill(0);
    Atomics.store(this.#words, LIVE, 1);
  }

  /** It has it no more. */
  end(): void {
    this.#words.fill(0);
  }
}

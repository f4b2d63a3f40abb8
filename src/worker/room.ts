/**
 * Room for the rows of a body. It is asked for before the body is parsed, so that all workers together stay within the
 * memory for rows however many bodies were admitted; the parser stops where the room ends.
 */
import { INSTANCE_ROW_BYTES_MAX } from '../model/limits.js';
import { allGauges, type Gauge } from './gauges.js';

/**
 * What rows take, by the bytes of their text, in the order it is tried: those of most bodies; those of the shortest lines,
 * each of a series of its own; all there is. What is tried is kept from others while the body is parsed.
 */
const BYTES_PER_BYTE = [2, 32, Infinity] as const;
/** For what a table or an instance takes with its first rows: as much, or a share of the memory. */
const BYTES_LEAST = 1024 * 1024;
const SHARE_LEAST = 1 / 64;
/** No body is asked to wait for more than this share: flushes make so much free, as what may stay after them is less than the rest. */
const SHARE_MOST = 3 / 4;
/** Free blocks are of all sizes and not each one is of use: of what rows come to hold so much of them will do. */
const SHARE_OF_FREE = 1 / 2;

export class Room {
  readonly #own: Gauge;
  readonly #all: readonly Gauge[];
  /** For the rows of all workers, and of this one. */
  readonly #allBytesMax: number;
  readonly #bytesMax: number;
  readonly #linearBytesMax: number;

  /** @param limits of all workers together */
  constructor(gauges: SharedArrayBuffer, own: Gauge, limits: { readonly rowBytesMax: number; readonly linearBytesMax: number }) {
    this.#own = own;
    this.#all = allGauges(gauges);
    this.#allBytesMax = limits.rowBytesMax;
    this.#bytesMax = Math.min(limits.rowBytesMax, INSTANCE_ROW_BYTES_MAX);
    this.#linearBytesMax = limits.linearBytesMax;
  }

  /** For the rows of this worker. */
  get bytesMax(): number {
    return this.#bytesMax;
  }

  /** What to try for a body of so many bytes, one after the other. */
  triesFor(bodyBytes: number): number[] {
    const least = Math.min(BYTES_LEAST, this.#bytesMax * SHARE_LEAST);
    return BYTES_PER_BYTE.map((factor) => Math.min(Math.ceil(least + factor * bodyBytes), this.#bytesMax));
  }

  /**
   * Reserves so many bytes, or what is left.
   * @param least do with so much, and with three quarters of the memory whatever it is
   * @returns how much; 0 when there is less
   */
  reserve(bytes: number, least: number): number {
    const needed = Math.min(least, Math.floor(this.#bytesMax * SHARE_MOST));
    this.#own.reservedBytes = needed;
    const linearBytes = this.#own.linearBytes;
    const freeBytes = Math.max(0, linearBytes - this.#own.heldBytes) * SHARE_OF_FREE;
    this.#own.linearBytes = linearBytes + Math.max(0, needed - freeBytes);
    const left = this.#leftFor(bytes, linearBytes, freeBytes);
    const reserved = left < needed ? 0 : left;
    this.#own.reservedBytes = reserved;
    this.#own.linearBytes = linearBytes + Math.max(0, reserved - freeBytes);
    return reserved;
  }

  /** Whether waiting will not bring much more than this. */
  isMost(bytes: number): boolean {
    return bytes >= Math.floor(this.#bytesMax * SHARE_MOST);
  }

  release(): void {
    this.#own.reservedBytes = 0;
  }

  /** What this worker may take, up to a number of bytes. @param linearBytes of its own @param freeBytes of these that are of use */
  #leftFor(bytes: number, linearBytes: number, freeBytes: number): number {
    let taken = this.#own.heldBytes;
    let linear = linearBytes;
    for (const gauge of this.#all) {
      if (!gauge.isLive || gauge.isSame(this.#own)) continue;
      taken += gauge.heldBytes + gauge.reservedBytes;
      linear += gauge.linearBytes;
    }
    const grown = Math.max(0, this.#linearBytesMax - linear) + freeBytes;
    return Math.max(0, Math.min(bytes, this.#allBytesMax - taken, this.#bytesMax - this.#own.heldBytes, Math.floor(grown)));
  }
}

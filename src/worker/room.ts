/**
 * Room for the rows of a body. It is asked for before the body is parsed, so that all workers together stay within the
 * memory for rows however many bodies were admitted; the parser stops where the room ends.
 */
import { allGauges, type Gauge } from './gauges.js';

/** What the rows of most bodies take at most, by the bytes of their text: short lines of a timestamp and few fields take more. */
const BYTES_PER_BYTE = 2;
const BYTES_LEAST = 64 * 1024;
/** No body is asked to wait for more than this share: seals make so much free, as what may stay after them is less than the rest. */
const SHARE_MOST = 3 / 4;
/** Free blocks are of all sizes and an array needs one that is larger than all it had: so much of them will do. */
const SHARE_OF_FREE = 1 / 4;

export class Room {
  readonly #own: Gauge;
  readonly #all: readonly Gauge[];
  readonly #bytesMax: number;
  readonly #linearBytesMax: number;

  /** @param limits of all workers together */
  constructor(gauges: SharedArrayBuffer, own: Gauge, limits: { readonly rowBytesMax: number; readonly linearBytesMax: number }) {
    this.#own = own;
    this.#all = allGauges(gauges);
    this.#bytesMax = limits.rowBytesMax;
    this.#linearBytesMax = limits.linearBytesMax;
  }

  /** For the rows of all workers. */
  get bytesMax(): number {
    return this.#bytesMax;
  }

  /** Reserves what a body of so many bytes will take in all likelihood; returns how much, 0 when there is not enough. */
  reserve(bodyBytes: number): number {
    const bytes = Math.min(BYTES_LEAST + BYTES_PER_BYTE * bodyBytes, Math.floor(this.#bytesMax * SHARE_MOST));
    this.#own.reservedBytes = bytes;
    if (this.#leftFor(bytes) >= bytes) return bytes;
    this.#own.reservedBytes = 0;
    return 0;
  }

  /** Reserves all that is left, for a body that takes more; returns how much. */
  reserveRest(): number {
    const bytes = this.#leftFor(this.#bytesMax);
    this.#own.reservedBytes = bytes;
    return bytes;
  }

  /** Whether waiting will not bring much more than this. */
  isMost(bytes: number): boolean {
    return bytes >= Math.floor(this.#bytesMax * SHARE_MOST);
  }

  release(): void {
    this.#own.reservedBytes = 0;
  }

  /** What this worker may take, up to a number of bytes. */
  #leftFor(bytes: number): number {
    let taken = this.#own.heldBytes;
    let linear = this.#own.linearBytes;
    for (const gauge of this.#all) {
      if (!gauge.isLive || gauge.isSame(this.#own)) continue;
      taken += gauge.heldBytes + gauge.reservedBytes;
      linear += gauge.linearBytes + gauge.reservedBytes;
    }
    const isFree = (this.#own.linearBytes - this.#own.heldBytes) * SHARE_OF_FREE >= bytes;
    const grown = isFree ? Infinity : this.#linearBytesMax - linear;
    return Math.max(0, Math.min(bytes, this.#bytesMax - taken, grown));
  }
}

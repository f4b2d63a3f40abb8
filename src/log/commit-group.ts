/** Records that go to disk together: one write and one sync. */
import { crcSeed, finishRecord, recordBytes, RECORD_HEADER_BYTES } from './segment.js';

const BUFFER_BYTES_MIN = 256 * 1024;
/** A larger buffer is not kept for the next group. */
const BUFFER_BYTES_KEPT = 8 * 1024 * 1024;
/** One being written, one being filled. */
const BUFFERS_KEPT = 2;

/** Buffers of groups that were written, for those to come. */
export class BufferPool {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES_MIN);
  }

  put(buffer: Buffer): void {
    if (buffer.length <= BUFFER_BYTES_KEPT && this.#free.length < BUFFERS_KEPT) this.#free.push(buffer);
  }
}

/** A record without its seq. */
export interface RecordParts {
  readonly kind: number;
  readonly fixedBytes: number;
  readonly payloadBytes: number;
  /** Fills fixed part and payload, which start at `at`. */
  readonly fill: (into: Buffer, at: number) => void;
}

/** A promise and its ends. That nobody waits for it is no error: what became of a group is told by several of them. */
class Signal {
  readonly promise: Promise<void>;
  resolve!: () => void;
  reject!: (error: Error) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => undefined);
  }
}

export class CommitGroup {
  /** First number of the segment it goes to. */
  readonly segmentFirst: number;
  readonly written = new Signal();
  readonly synced = new Signal();
  lastSeq = 0;
  /** Seq of its last catalog record; 0 when there is none. */
  lastCatalog = 0;
  /** Last seq by table touched. */
  readonly lastByTable = new Map<number, number>();
  readonly #seed: number;
  #buffer: Buffer;
  #bytes = 0;

  constructor(segmentFirst: number, buffer: Buffer) {
    this.segmentFirst = segmentFirst;
    this.#seed = crcSeed(segmentFirst);
    this.#buffer = buffer;
  }

  /** What is to be written. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#bytes);
  }

  /** Adds a record. When `fill` throws, the group is as before. */
  add(record: RecordParts, seq: number): void {
    const bytes = recordBytes(record.fixedBytes, record.payloadBytes);
    this.#reserve(bytes);
    record.fill(this.#buffer, this.#bytes + RECORD_HEADER_BYTES);
    finishRecord(this.#buffer, this.#bytes, { ...record, seq }, this.#seed);
    this.#bytes += bytes;
    this.lastSeq = seq;
  }

  /** Gives the buffer back; the group is done. */
  release(pool: BufferPool): void {
    pool.put(this.#buffer);
    this.#buffer = Buffer.alloc(0);
    this.#bytes = 0;
  }

  #reserve(bytes: number): void {
    const needed = this.#bytes + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#bytes);
    this.#buffer = larger;
  }
}

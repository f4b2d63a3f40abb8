/** Why no write may be taken now: stopping, a failed log, too little disk, or memtables over their memory. */
import type { Clock } from '../clock.js';
import type { Disk } from '../disk.js';
import { ERRORS, type ErrorCode } from '../errors.js';
import type { Logger } from '../logging.js';
import { INSTANCE_ROW_BYTES_MAX } from '../model/limits.js';

/** A body that found no room has rows moved into files for so long: it is sent again. */
const NO_ROOM_MS = 5000;
/** Workers are told that so often at most. */
const TIDY_MS = 500;
/** One reason is said that often at most, however often it comes and goes. */
const SAY_AGAIN_MS = 60_000;
/** Who finds the log failed, or stops the server, says so. */
const SAID_ELSEWHERE: ReadonlySet<ErrorCode> = new Set(['log-failed', 'stopping']);
/** Of the memory for rows: less is not worth a flush. */
const SHARE_LEFT = 1 / 8;
/** Of what one worker may hold: past it tables are flushed, however much the others could take. */
export const FULL_WORKER_BYTES = INSTANCE_ROW_BYTES_MAX / 2;

interface AdmissionParts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly dataDir: string;
  readonly diskReserveBytes: number;
  readonly memtableBytesMax: number;
  readonly memtableBytes: () => number;
  /** What the fullest worker holds. */
  readonly fullestBytes: () => number;
  readonly logFailed: () => boolean;
  /** Has the workers make their memory smaller. */
  readonly tidy: () => void;
  readonly logger: Logger;
}

interface Refusal {
  readonly code: ErrorCode;
  readonly detail: string;
}

export class Admission {
  readonly #parts: AdmissionParts;
  #freeBytes = Infinity;
  #stopping = false;
  #noRoomUntilMs = -Infinity;
  #tidyAgainMs = -Infinity;
  /** Why writes are refused, as the log was told last; null: they are taken. */
  #said: ErrorCode | null = null;
  /** Monotonic: when a reason was said last. */
  readonly #saidMs = new Map<ErrorCode, number>();
  #wasRefused = false;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Looks at the disk, and says when writes are taken again; call it about once a second. */
  async look(): Promise<void> {
    this.#freeBytes = await this.#parts.disk.freeBytes(this.#parts.dataDir);
    const isRefused = this.refuse() !== null || this.#wasRefused;
    this.#wasRefused = false;
    if (isRefused || this.#said === null) return;
    this.#said = null;
    this.#parts.logger.info('writes are taken again');
  }

  stop(): void {
    this.#stopping = true;
  }

  /** A body found no room for its rows. */
  noteNoRoom(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    this.#noRoomUntilMs = nowMs + NO_ROOM_MS;
    if (nowMs < this.#tidyAgainMs) return;
    this.#tidyAgainMs = nowMs + TIDY_MS;
    this.#parts.tidy();
  }

  /** What memtables hold, as whoever flushes is to see it: no end of it while bodies find no room, or when one worker is full. */
  pressureBytes(): number {
    const { memtableBytes, memtableBytesMax, clock } = this.#parts;
    if (this.#parts.fullestBytes() > FULL_WORKER_BYTES) return Infinity;
    const held = memtableBytes();
    return held > memtableBytesMax * SHARE_LEFT && clock.monotonicMs() < this.#noRoomUntilMs ? Infinity : held;
  }

  /** The reason to refuse a write, or null. The log is told when that begins. */
  refuse(): Refusal | null {
    const refusal = this.#reason();
    if (refusal !== null) this.#note(refusal);
    return refusal;
  }

  #note({ code, detail }: Refusal): void {
    this.#wasRefused = true;
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#said === code || SAID_ELSEWHERE.has(code) || nowMs < (this.#saidMs.get(code) ?? -Infinity) + SAY_AGAIN_MS) return;
    this.#said = code;
    this.#saidMs.set(code, nowMs);
    this.#parts.logger.warn(`writes are refused (${ERRORS[code].status}): ${ERRORS[code].sentence}: ${detail}`);
  }

  #reason(): Refusal | null {
    const { memtableBytes, memtableBytesMax, diskReserveBytes, logFailed } = this.#parts;
    if (this.#stopping) return { code: 'stopping', detail: 'writes are no longer taken' };
    if (logFailed()) return { code: 'log-failed', detail: 'the last write to the log failed; it is tried again' };
    if (this.#freeBytes < diskReserveBytes) {
      return { code: 'disk-full', detail: `${this.#freeBytes} bytes are free and ${diskReserveBytes} are kept for flushing` };
    }
    if (memtableBytes() > memtableBytesMax) {
      return { code: 'overloaded', detail: `unflushed rows take ${memtableBytes()} of ${memtableBytesMax} bytes` };
    }
    return null;
  }

  /** Sentences for /health. */
  problems(): string[] {
    const refusal = this.#reason();
    return refusal === null ? [] : [`writes are refused (${refusal.code}): ${refusal.detail}`];
  }
}

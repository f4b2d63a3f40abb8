/** Why no write may be taken now: stopping, a failed log, too little disk, or builders over their memory. */
import type { Disk } from '../disk.js';
import type { ErrorCode } from '../errors.js';

interface GuardParts {
  readonly disk: Disk;
  readonly dataDir: string;
  readonly diskReserveBytes: number;
  readonly builderBytesMax: number;
  readonly builderBytes: () => number;
  readonly logFailed: () => boolean;
}

export class Guard {
  readonly #parts: GuardParts;
  #freeBytes = Infinity;
  #stopping = false;

  constructor(parts: GuardParts) {
    this.#parts = parts;
  }

  /** Looks at the disk; call it about once a second. */
  async look(): Promise<void> {
    this.#freeBytes = await this.#parts.disk.freeBytes(this.#parts.dataDir);
  }

  stop(): void {
    this.#stopping = true;
  }

  /** The reason to refuse a write, or null. */
  refuse(): { code: ErrorCode; detail: string } | null {
    const { builderBytes, builderBytesMax, diskReserveBytes, logFailed } = this.#parts;
    if (this.#stopping) return { code: 'stopping', detail: 'writes are no longer taken' };
    if (logFailed()) return { code: 'log-failed', detail: 'the last write to the log failed; it is tried again' };
    if (this.#freeBytes < diskReserveBytes) {
      return { code: 'disk-full', detail: `${this.#freeBytes} bytes are free and ${diskReserveBytes} are kept for sealing` };
    }
    if (builderBytes() > builderBytesMax) {
      return { code: 'overloaded', detail: `unsealed rows take ${builderBytes()} of ${builderBytesMax} bytes` };
    }
    return null;
  }

  /** Sentences for /health. */
  problems(): string[] {
    const refusal = this.refuse();
    return refusal === null ? [] : [`writes are refused (${refusal.code}): ${refusal.detail}`];
  }
}

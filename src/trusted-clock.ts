/**
 * The clock by which what cannot be taken back is done for its age: it is never ahead of the one that people read, and
 * believes that one's leaps ahead only after a day. DESIGN.md, section 17.
 */
import type { Clock } from './clock.js';
import type { Disk } from './disk.js';
import { asNumber, decodeChecked, encodeChecked } from './json.js';
import { publishFile } from './publish.js';

const FORMAT = 1;
const HOUR_MS = 3_600_000;
/** A clock that is set ahead by no more is believed at once. */
const LEAP_MS_MAX = 600_000;
/** So long a server may have been stopped without being asked why. */
const STOPPED_MS_MAX = 24 * HOUR_MS;
/** A clock that is further ahead is believed when it has stayed so for so long. */
const WAIT_MS = 24 * HOUR_MS;
/** After a kill the time since is not known to have gone by. */
const NOTED_EVERY_MS = HOUR_MS / 12;

interface TrustedClockParts {
  readonly disk: Disk;
  readonly clock: Clock;
  /** The file of what is noted. */
  readonly path: string;
  /** Takes a sentence on what is damaged. */
  readonly report: (sentence: string) => void;
}

/** What an earlier process noted. */
interface Noted {
  readonly trusted: number;
  readonly waited: number;
  readonly ran: number;
}

export class TrustedClock {
  readonly #parts: TrustedClockParts;
  #trustedMs: number;
  /** How long the clock has been too far ahead. */
  #waitedMs = 0;
  #isHeld = false;
  /** Monotonic. */
  #lookedMs: number;
  #notedMs = -Infinity;
  /** What `ranMs` was when the monotonic clock said 0. */
  #ranOffsetMs: number;

  private constructor(parts: TrustedClockParts, noted: Noted | null) {
    const { clock } = parts;
    this.#parts = parts;
    this.#lookedMs = clock.monotonicMs();
    this.#trustedMs = clock.nowMs();
    this.#ranOffsetMs = (noted?.ran ?? 0) - clock.monotonicMs();
    if (noted === null || clock.nowMs() - noted.trusted <= STOPPED_MS_MAX) return;
    this.#trustedMs = noted.trusted;
    this.#waitedMs = noted.waited;
  }

  /** Goes on from what is noted. Without a note that can be read the clock is believed. */
  static async open(parts: TrustedClockParts): Promise<TrustedClock> {
    try {
      const bytes = await parts.disk.readWhole(parts.path);
      return new TrustedClock(parts, bytes === null ? null : decodeNoted(bytes));
    } catch (error) {
      parts.report(`${parts.path} cannot be read, and the clock is believed: ${(error as Error).message}`);
      return new TrustedClock(parts, null);
    }
  }

  /** Milliseconds since 1970. Call it once a minute at least: a leap is what comes between two looks. */
  nowMs(): number {
    const { clock } = this.#parts;
    const [monotonicMs, nowMs] = [clock.monotonicMs(), clock.nowMs()];
    const sinceMs = monotonicMs - this.#lookedMs;
    const dueMs = this.#trustedMs + sinceMs;
    const isLeap = nowMs - dueMs > LEAP_MS_MAX && this.#waitedMs + sinceMs < WAIT_MS;
    this.#isHeld = isLeap;
    this.#lookedMs = monotonicMs;
    this.#waitedMs = isLeap ? this.#waitedMs + sinceMs : 0;
    this.#trustedMs = isLeap ? dueMs : nowMs;
    return this.#trustedMs;
  }

  /** By how much the other clock is ahead without being believed; 0 when it is. */
  heldMs(): number {
    const trustedMs = this.nowMs();
    return this.#isHeld ? this.#parts.clock.nowMs() - trustedMs : 0;
  }

  /**
   * Milliseconds that servers have had this folder, all together. No clock that is set changes it, and none that is lost
   * makes it more: two moments are at least as far apart as it says, whatever came between.
   */
  ranMs(): number {
    return this.#ranOffsetMs + this.#parts.clock.monotonicMs();
  }

  /** An earlier server wrote down that it was so much. */
  hasRan(ranMs: number): void {
    this.#ranOffsetMs = Math.max(this.#ranOffsetMs, ranMs - this.#parts.clock.monotonicMs());
  }

  /** Notes it for the next process: every five minutes, unless it is the last time. */
  async note(isLast = false): Promise<void> {
    const { clock, disk, path } = this.#parts;
    if (!isLast && clock.monotonicMs() - this.#notedMs < NOTED_EVERY_MS) return;
    const trusted = Math.max(0, Math.floor(this.nowMs()));
    await publishFile(disk, { path, unfinished: `${path}.tmp`, bytes: encodeChecked({ format: FORMAT, trusted, waited: Math.floor(this.#waitedMs), ran: Math.floor(this.ranMs()) }) });
    this.#notedMs = clock.monotonicMs();
  }
}

/** @throws with a sentence when it is no note */
function decodeNoted(bytes: Buffer): Noted {
  const { format, ran, trusted, waited } = decodeChecked(bytes);
  if (format !== FORMAT) throw new Error(`it has format ${JSON.stringify(format)}, of a newer sluice`);
  return { trusted: asNumber(trusted), waited: asNumber(waited), ran: ran === undefined ? 0 : asNumber(ran) };
}

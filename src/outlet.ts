/**
 * Stdout and stderr as the server writes to them: neither a full disk nor a reader that stops reading can end or stall it.
 * The second door to node:fs: `src/disk.ts` is the one for files. DESIGN.md, section 14, says why it is made so.
 */
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { pause, systemClock, type Clock, type Timer } from './clock.js';

/** What waits for a slow reader; past it lines are dropped. */
const WAITING_BYTES_MAX = 1024 * 1024;
const AGAIN_MS = 20;
/** At the end of the process a reader that takes nothing for so long is given up. */
const FLUSH_SILENCE_MS_MAX = 1000;

/** Lines of text to a descriptor that may be a file, a terminal, a pipe or a socket. */
export class Outlet {
  readonly #descriptor: number;
  readonly #clock: Clock;
  /** Lines, or of the first what is left of it. */
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** The first line that waits was written in part. */
  #isBegun = false;
  /** A line was written in part and never will be whole: the next begins with a newline. */
  #isTorn = false;
  #again: Timer | null = null;
  #dropped = 0;

  constructor(descriptor: number, clock: Clock = systemClock) {
    this.#descriptor = withoutBlocking(descriptor);
    this.#clock = clock;
  }

  /** Lines that could not be written, wholly or at all. */
  get linesDropped(): number {
    return this.#dropped;
  }

  /** Writes a line now, or as soon as the reader takes it. Never throws, never waits. @param line with its newline */
  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes.length > WAITING_BYTES_MAX) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#again === null) this.#drain();
  }

  /** Waits until all is written, as long as the reader goes on reading. For the end of the process. */
  flush(): void {
    this.#again?.cancel();
    for (let silentMs = 0; silentMs < FLUSH_SILENCE_MS_MAX && this.#waiting.length > 0; ) {
      const before = this.#waitingBytes;
      this.#writeSome();
      if (this.#waiting.length > 0) pause(AGAIN_MS);
      silentMs = this.#waitingBytes < before ? 0 : silentMs + AGAIN_MS;
    }
    this.#dropped += this.#waiting.splice(0).length;
    this.#waitingBytes = 0;
  }

  #drain(): void {
    this.#again = null;
    this.#writeSome();
    if (this.#waiting.length > 0) this.#again = this.#clock.after(AGAIN_MS, () => this.#drain());
  }

  /** Writes lines until none waits or the reader takes no more. */
  #writeSome(): void {
    for (let line: Buffer | undefined; (line = this.#waiting[0]) !== undefined; ) {
      try {
        if (this.#isTorn) writeSync(this.#descriptor, '\n');
        this.#isTorn = false;
        const written = writeSync(this.#descriptor, line);
        this.#waitingBytes -= written;
        this.#isBegun = written < line.length;
        if (this.#isBegun) this.#waiting[0] = line.subarray(written);
        else this.#waiting.shift();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return;
        this.#dropFirst(line);
      }
    }
  }

  /** The disk is full, the reader is gone: the line is lost, and the next one is tried. */
  #dropFirst(line: Buffer): void {
    this.#isTorn ||= this.#isBegun;
    this.#isBegun = false;
    this.#waiting.shift();
    this.#waitingBytes -= line.length;
    this.#dropped += 1;
  }
}

/** Of this process; made when first asked for, and flushed when the process ends. */
const ours = new Map<'stdout' | 'stderr', Outlet>();

/** The outlet of a standard stream of this process. */
export function outletOf(stream: 'stdout' | 'stderr'): Outlet {
  const there = ours.get(stream);
  if (there !== undefined) return there;
  const made = new Outlet(stream === 'stdout' ? 1 : 2);
  ours.set(stream, made);
  process.on('exit', () => made.flush());
  return made;
}

/** A descriptor of the same file whose writes never wait for a reader. */
function withoutBlocking(descriptor: number): number {
  const stat = fstatSync(descriptor);
  if (stat.isFile()) return descriptor;
  try {
    // Opened anew, so that others who share the descriptor keep theirs as it is, and cannot make ours wait.
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // A socket, another user's pipe, a pipe without a reader: Node sets those to non-blocking when it makes the stream.
    if (descriptor === 1) void process.stdout;
    if (descriptor === 2) void process.stderr;
    return descriptor;
  }
}

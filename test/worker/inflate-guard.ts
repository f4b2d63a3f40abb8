/** Inflate with all of its memory watched: which bytes a stream may write, and that it writes no other. */
import { INFLATE_CORRUPT, INFLATE_TRUNCATED, INFLATE_ENDED, INFLATE_TOO_LARGE } from '../../assembly/layout/inflate.js';
import { inflatedByZlib } from './inflate-fuzz.js';
import { ParserSession } from './parser-session.js';
import type { Build } from './builds.js';

/** Of assembly/inflate/bit-buffer.ts: what may be written behind the room, and what stands behind the packed bytes. */
const OUT_MARGIN_BYTES = 384;
const SLACK_BYTES = 64;
/** Bytes that `input` adds to what is asked for. */
const PADDING_BYTES = 64;
/** All tables of assembly/inflate, which stand one after another, and a little for alignment. */
const TABLES_BYTES_MAX = 80 * 1024;
const PACKED_BYTES_MAX = (1 << 20) - SLACK_BYTES;
const PATTERN = 0xa5;

/** Room such that its block of 2^shift bytes ends with the margins: whatever is allocated next stands right behind. */
export function tightRoom(shift: number): number {
  return 2 ** shift - OUT_MARGIN_BYTES - PADDING_BYTES;
}

interface Watched {
  readonly status: number;
  /** What was unpacked; null when the stream is no good. */
  readonly text: Buffer | null;
}

/** An instance that holds rows on both sides of the parser's input, which has room for no more than it must. */
export class GuardedInflate {
  readonly room: number;
  readonly session: ParserSession;
  /** Where the input stood at first, and the end of what was allocated. */
  readonly #inputAt: number;
  readonly #top: number;
  #snapshot: Buffer;
  /** The tables of inflate, as far as they were seen to change. */
  #tablesAt = Infinity;
  #tablesEnd = 0;

  constructor(build: Build, room: number) {
    this.room = room;
    this.session = new ParserSession({}, build);
    const { parser } = this.session;
    this.#addRows('before');
    this.#inputAt = parser.exports.input(room + OUT_MARGIN_BYTES) >>> 0;
    this.#addRows('behind');
    this.#top = (parser.exports.packed(PACKED_BYTES_MAX) >>> 0) + PACKED_BYTES_MAX + SLACK_BYTES;
    this.#snapshot = this.#settle();
  }

  #addRows(name: string): void {
    const lines = Array.from({ length: 300 }, (_, i) => `${name},host=h${i % 11},id=${i} text="value ${i}",number=${i}i,part=${i / 8} ${i + 1}`);
    this.session.write(lines.join('\n'));
  }

  /** Fills the input with a pattern and remembers all of memory. */
  #settle(): Buffer {
    const memory = this.#memory();
    memory.fill(PATTERN, this.#inputAt, this.#inputAt + this.room + OUT_MARGIN_BYTES + PADDING_BYTES);
    return Buffer.from(memory);
  }

  #memory(): Buffer {
    return Buffer.from(this.session.parser.memory.buffer);
  }

  /** Unpacks behind `before` bytes into the room that is there. @returns a sentence about what was written elsewhere, or null */
  inPlace(stream: Buffer, before: number): string | null {
    const result = this.#inflate(stream, before, this.room);
    if (this.session.parser.exports.input(0) >>> 0 !== this.#inputAt) return 'the input moved';
    const wrong = this.#strayByte([[this.#inputAt + before, this.#inputAt + this.room + OUT_MARGIN_BYTES]], stream) ?? misjudged(stream, this.room - before, result);
    this.#snapshot.copy(this.#memory(), this.#inputAt, this.#inputAt, this.#inputAt + this.room + OUT_MARGIN_BYTES);
    return wrong;
  }

  /** The same with room that must grow, once: the input is elsewhere then. */
  growing(stream: Buffer, before: number, bytesMax: number): string | null {
    const result = this.#inflate(stream, before, bytesMax);
    const { exports } = this.session.parser;
    const inputAt = exports.input(0) >>> 0;
    const kept = Buffer.from(this.#memory().subarray(inputAt, inputAt + before));
    if (!kept.equals(Buffer.alloc(before, PATTERN))) return 'what stood before the output was lost';
    if (inputAt !== this.#inputAt && inputAt < this.#top) return `the input went to ${inputAt}, below ${this.#top}`;
    return this.#strayByte([[this.#inputAt + (inputAt === this.#inputAt ? before : 0), this.#inputAt + this.room + OUT_MARGIN_BYTES], [this.#top, Infinity]], stream)
      ?? misjudged(stream, bytesMax - before, result);
  }

  #inflate(stream: Buffer, before: number, bytesMax: number): Watched {
    const { exports } = this.session.parser;
    const packedAt = exports.packed(stream.length) >>> 0;
    this.#memory().set(stream, packedAt);
    this.#memory().copy(this.#snapshot, packedAt, packedAt, packedAt + PACKED_BYTES_MAX + SLACK_BYTES);
    const status = exports.inflate(0, stream.length, before, this.room, bytesMax);
    const inputAt = exports.input(0) >>> 0;
    const text = this.#memory().subarray(inputAt + before, inputAt + (exports.inflatedBytes() >>> 0));
    return { status, text: status === INFLATE_ENDED ? text : null };
  }

  /** Looks at every byte outside the areas and the tables of inflate, the packed ones too. */
  #strayByte(areas: readonly (readonly [from: number, to: number])[], stream: Buffer): string | null {
    const memory = this.#memory();
    const open = [...areas, [this.#tablesAt, this.#tablesEnd] as const].filter(([from, to]) => from < to).sort(([a], [b]) => a - b);
    let from = 0;
    for (const [at, to] of [...open, [this.#snapshot.length, this.#snapshot.length] as const]) {
      const end = Math.min(at, this.#snapshot.length);
      if (from < end && memory.compare(this.#snapshot, from, end, from, end) !== 0) {
        for (let i = from; i < end; i += 1) {
          if (memory[i] === this.#snapshot[i] || this.#isHeadOfList(i & ~3)) continue;
          this.#tablesAt = Math.min(this.#tablesAt, i);
          this.#tablesEnd = Math.max(this.#tablesEnd, i + 1);
          if (this.#tablesEnd - this.#tablesAt > TABLES_BYTES_MAX) {
            return `byte ${i} was changed by ${stream.toString('base64')}: input at ${this.#inputAt}, tables seen from ${this.#tablesAt} to ${this.#tablesEnd}`;
          }
        }
      }
      from = Math.max(from, to);
    }
    return null;
  }

  /** Whether the word was 0 and says now where a block of the input was, which it gave back when it moved. */
  #isHeadOfList(word: number): boolean {
    const block = this.#memory().readUInt32LE(word);
    return this.#snapshot.readUInt32LE(word) === 0 && (block === this.#inputAt || (block >= this.#top && block % 64 === 0)) && this.session.parser.exports.input(0) >>> 0 !== this.#inputAt;
  }
}

/** @param most bytes that the stream may come to */
function misjudged(stream: Buffer, most: number, { status, text }: Watched): string | null {
  const expected = inflatedByZlib(stream);
  const packed = stream.toString('base64');
  if (text !== null) return expected !== null && expected.text.length <= most && text.equals(expected.text) ? null : `${text.length} bytes of ${packed}`;
  if (expected === null) return [INFLATE_CORRUPT, INFLATE_TRUNCATED, INFLATE_TOO_LARGE].includes(status) ? null : `status ${status} of ${packed}`;
  return status === INFLATE_TOO_LARGE && expected.text.length > most ? null : `status ${status} of good ${packed}`;
}

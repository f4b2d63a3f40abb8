/** The spans of a flush in WASM memory, where the encoder reads them: written and ordered by number in slices. */
import { FLUSH_SPAN_BYTES, FLUSH_SPAN_SEQ, FLUSH_SPAN_ROW_END, FLUSH_SPAN_ROW_FIRST } from '../../../assembly/layout/flush.js';
import type { WasmMemory } from '../wasm/chunk.js';
import type { Slices } from './slices.js';
import type { FlushSpans } from './standing-rows.js';

/** Spans written or merged in a slice: a tenth of a millisecond, one and a half in a worker that has never flushed. */
const SPANS_PER_SLICE = 1024;
/** What a slice counts for one. */
const WORK = 65_536 / SPANS_PER_SLICE;

const WORDS = FLUSH_SPAN_BYTES / Uint32Array.BYTES_PER_ELEMENT;
const DOUBLES = FLUSH_SPAN_BYTES / Float64Array.BYTES_PER_ELEMENT;
const ROW_FIRST = FLUSH_SPAN_ROW_FIRST / Uint32Array.BYTES_PER_ELEMENT;
const ROW_END = FLUSH_SPAN_ROW_END / Uint32Array.BYTES_PER_ELEMENT;
const NUMBER = FLUSH_SPAN_SEQ / Float64Array.BYTES_PER_ELEMENT;

/** What takes memory for spans. */
interface SpansModule {
  readonly memory: WasmMemory;
  readonly exports: { flushSpans(count: number): number };
}

/** Spans at an address, by number. */
interface Area {
  readonly words: Uint32Array;
  readonly seqs: Float64Array;
}

export class PlacedSpans {
  readonly #module: SpansModule;
  readonly #slices: Slices;
  readonly #room: number;
  /** Address of the spans. */
  at: number;
  count = 0;
  /** In all of them, and where they are in the memtable. */
  rows = 0;
  rowFirst = 0xffffffff;
  rowEnd = 0;

  private constructor(module: SpansModule, room: number, slices: Slices) {
    this.#module = module;
    this.#slices = slices;
    this.#room = room;
    this.at = module.exports.flushSpans(room) >>> 0;
  }

  /** Writes the spans that are not empty; frees nothing, `flushEnd` does. */
  static async place(module: SpansModule, spans: FlushSpans, slices: Slices): Promise<PlacedSpans> {
    const placed = new PlacedSpans(module, spans.length, slices);
    if (spans.length > 0 && !(await placed.#write(spans))) await placed.#sort();
    return placed;
  }

  /** @returns whether the numbers ascend */
  async #write(spans: FlushSpans): Promise<boolean> {
    let area = this.#area(this.at);
    let last = 0;
    let isAscending = true;
    for (const { rowFirst, rowEnd, seq } of spans) {
      if (rowFirst < rowEnd) {
        if (this.count === this.#room) throw new Error(`there are more than ${this.#room} spans to flush`);
        area.words[this.count * WORDS + ROW_FIRST] = rowFirst;
        area.words[this.count * WORDS + ROW_END] = rowEnd;
        area.seqs[this.count * DOUBLES + NUMBER] = seq;
        this.count += 1;
        this.rows += rowEnd - rowFirst;
        this.rowFirst = Math.min(this.rowFirst, rowFirst);
        this.rowEnd = Math.max(this.rowEnd, rowEnd);
        isAscending &&= seq >= last;
        last = seq;
      }
      if (this.#slices.fills(WORK)) {
        await this.#slices.turn();
        area = this.#area(this.at);
      }
    }
    return isAscending;
  }

  /** Merges runs that ascend, two and two, until there is one: there are as many as bodies were read back in between others. */
  async #sort(): Promise<void> {
    let to = this.#module.exports.flushSpans(this.#room) >>> 0;
    for (let runs = 2; runs > 1;) {
      runs = await this.#mergeRuns(this.at, to);
      [this.at, to] = [to, this.at];
    }
  }

  /** One pass; @returns how many runs it made */
  async #mergeRuns(from: number, to: number): Promise<number> {
    let source = this.#area(from);
    let target = this.#area(to);
    const turn = async (): Promise<void> => {
      await this.#slices.turn();
      source = this.#area(from);
      target = this.#area(to);
    };
    const numberOf = (span: number): number => source.seqs[span * DOUBLES + NUMBER]!;
    const endOf = async (first: number): Promise<number> => {
      let end = first + 1;
      for (; end < this.count && numberOf(end - 1) <= numberOf(end); end += 1) if (this.#slices.fills(WORK / 4)) await turn();
      return Math.min(end, this.count);
    };
    let runs = 0;
    for (let first = 0; first < this.count; runs += 1) {
      const middle = await endOf(first);
      const end = middle < this.count ? await endOf(middle) : middle;
      let [left, right] = [first, middle];
      for (let place = first; place < end; place += 1) {
        const isLeft = left < middle && (right === end || numberOf(left) <= numberOf(right));
        const span = isLeft ? left++ : right++;
        for (let word = 0; word < WORDS; word += 1) target.words[place * WORDS + word] = source.words[span * WORDS + word]!;
        if (this.#slices.fills(WORK)) await turn();
      }
      first = end;
    }
    return runs;
  }

  /** Anew after each turn: memory may have grown. */
  #area(at: number): Area {
    const { buffer } = this.#module.memory;
    return { words: new Uint32Array(buffer, at, this.#room * WORDS), seqs: new Float64Array(buffer, at, this.#room * DOUBLES) };
  }
}

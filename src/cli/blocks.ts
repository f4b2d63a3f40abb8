/** Cuts a text of line protocol into blocks that end where a line ends: never inside a string, however many lines it has. */
import type { WasmParser } from '../worker/wasm/wasm.js';

const NEWLINE = 0x0a;
const HASH = 0x23;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/** Whole lines. */
export interface Block {
  readonly bytes: Buffer;
  /** Lines, blank ones and comments apart. */
  readonly lines: number;
  readonly physicalLines: number;
}

export interface BlockOptions {
  /** A block has about this size. */
  readonly blockBytes: number;
  /** No block is larger. A string that stays open for so long costs its line. */
  readonly blockBytesMax: number;
  readonly blockLinesMax: number;
  /** Whether a comment stands in a block of its own. @param text without its line's end */
  readonly isApart: (text: string) => boolean;
  /** Asked before each block: whether the next one is a physical line, whatever it holds. */
  readonly isPhysical: () => boolean;
}

/** @param scanner whose input view nobody else uses meanwhile */
export async function* lineBlocks(chunks: AsyncIterable<Uint8Array>, scanner: WasmParser, options: BlockOptions): AsyncGenerator<Block> {
  let rest = Buffer.alloc(0);
  let wanted = options.blockBytes;
  for await (const { bytes, isEnd } of atLeast(() => wanted - rest.length, chunks)) {
    rest = Buffer.concat([rest, bytes]);
    for (let isMore = true; isMore;) {
      const from = rest.length;
      for (const block of blocksOf(rest.subarray(0, options.blockBytesMax), isEnd && rest.length <= options.blockBytesMax, scanner, options)) {
        rest = rest.subarray(block.bytes.length);
        yield block;
      }
      const isStuck = rest.length === from;
      wanted = isStuck ? Math.min(Math.max(wanted, from) * 2, options.blockBytesMax) : options.blockBytes;
      isMore = !isStuck && rest.length > 0 && (isEnd || rest.length >= options.blockBytes);
    }
  }
}

/** The blocks of a stretch of text; what is behind the last one is no whole line, or its string is open. */
function* blocksOf(text: Buffer, isLast: boolean, scanner: WasmParser, options: BlockOptions): Generator<Block> {
  scanner.inputView(text.length).set(text);
  let from = 0;
  for (;;) {
    const block = nextBlock(text, from, isLast, scanner, options);
    if (block === null) return;
    from += block.bytes.length;
    yield block;
  }
}

function nextBlock(text: Buffer, from: number, isLast: boolean, scanner: WasmParser, options: BlockOptions): Block | null {
  const { blockBytesMax, blockLinesMax, isApart, isPhysical } = options;
  // A physical line longer than a block may be is cut.
  const isCut = isLast || (from === 0 && text.length === blockBytesMax);
  if (isPhysical()) {
    const end = lineEnd(text, from, isCut);
    return end === from ? null : { bytes: text.subarray(from, end), lines: 1, physicalLines: 1 };
  }
  let [at, lines, physicalLines] = [from, 0, 0];
  const pass = (linesMax: number, toEnd: boolean): void => {
    const passed = scanner.scanLines(at, text.length, linesMax, toEnd);
    at = passed.end;
    lines += passed.lines;
    physicalLines += passed.physicalLines;
  };
  while (lines < blockLinesMax) {
    const before = at;
    pass(blockLinesMax - lines, isLast);
    if (isComment(text, at)) {
      const end = lineEnd(text, at, at === from ? isCut : isLast);
      if (end > at && isApart(text.toString('utf8', at, end).trim())) {
        if (at === from) return { bytes: text.subarray(at, end), lines: 0, physicalLines: 1 };
        break;
      }
      if (end > at) physicalLines += 1;
      at = end;
    }
    if (at === before) break;
  }
  // The line is longer than a block may be, as far as one can see: it costs its first physical line.
  if (at === from && isCut) pass(1, true);
  return at === from ? null : { bytes: text.subarray(from, at), lines, physicalLines };
}

function isComment(text: Buffer, at: number): boolean {
  if (at === 0 && text.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)) at = BYTE_ORDER_MARK.length;
  while (text[at] === 0x20 || text[at] === 0x09) at += 1;
  return text[at] === HASH;
}

/** One past the newline of the physical line that starts at `at`; `at` when it is not whole. */
function lineEnd(text: Buffer, at: number, isLast: boolean): number {
  const newline = text.indexOf(NEWLINE, at);
  if (newline >= 0) return newline + 1;
  return isLast ? text.length : at;
}

/** Joins chunks until they have as many bytes as are wanted; what is left at the end comes last, whatever its size. */
async function* atLeast(wanted: () => number, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<{ bytes: Buffer; isEnd: boolean }> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    bytes += chunk.length;
    if (bytes < wanted()) continue;
    yield { bytes: Buffer.concat(parts), isEnd: false };
    parts = [];
    bytes = 0;
  }
  yield { bytes: Buffer.concat(parts), isEnd: true };
}

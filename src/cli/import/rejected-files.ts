/**
 * Lines that were rejected, beside their file: `FILE.rejected.lp` has them as they came, under the comments of an export
 * where they came from one, so that it can be imported once mended; `FILE.rejected.jsonl` says why.
 */
import { systemDisk as disk, type DiskFile } from '../../disk.js';
import type { WriteResult } from '../../control/commands.js';
import { LINE_ERRORS } from '../../errors.js';
import { lineErrorText } from '../../line-errors.js';
import { parseRecord, sourceOf } from '../../rejects/reject-record.js';
import { markersOf, type Context } from './export.js';

const NEWLINE = 0x0a;
const SENTENCES: ReadonlyMap<string, string> = new Map(LINE_ERRORS.map(({ name, sentence }) => [name, sentence]));

/** Bytes of both files. */
export interface RejectedSizes {
  readonly lines: number;
  readonly reasons: number;
}

/** A block with rejected lines. */
interface RejectedBlock {
  readonly context: Context;
  /** Where they were to go. */
  readonly database: string;
  /** Physical lines before the block. */
  readonly linesBefore: number;
  readonly block: Buffer;
  readonly rejected: number;
}

type Refusals = Pick<Extract<WriteResult, { kind: 'partial' }>, 'errors' | 'runs' | 'records'>;

export class RejectedFiles {
  readonly #linesPath: string;
  readonly #reasonsPath: string;
  #files: { lines: DiskFile; reasons: DiskFile } | null = null;
  #sizes: RejectedSizes = { lines: 0, reasons: 0 };
  #markers = '';

  /** @param source the file whose lines are rejected */
  constructor(source: string) {
    this.#linesPath = `${source}.rejected.lp`;
    this.#reasonsPath = `${source}.rejected.jsonl`;
  }

  /** Both paths, for people. */
  get paths(): string {
    return `${this.#linesPath} and ${this.#reasonsPath}`;
  }

  get sizes(): RejectedSizes {
    return this.#sizes;
  }

  /** Begins anew. What an earlier import left goes. */
  async begin(): Promise<void> {
    for (const path of [this.#linesPath, this.#reasonsPath]) await disk.remove(path);
  }

  /** Goes on behind what was kept. @returns false when it is not there any more */
  async goOn(sizes: RejectedSizes): Promise<boolean> {
    if (sizes.lines === 0) {
      await this.begin();
      return true;
    }
    for (const path of [this.#linesPath, this.#reasonsPath]) if (!(await disk.exists(path))) return false;
    this.#files = { lines: await disk.open(this.#linesPath, 'update'), reasons: await disk.open(this.#reasonsPath, 'update') };
    if ((await this.#files.lines.size()) < sizes.lines || (await this.#files.reasons.size()) < sizes.reasons) {
      await this.close();
      return false;
    }
    await this.#files.lines.truncate(sizes.lines);
    await this.#files.reasons.truncate(sizes.reasons);
    this.#sizes = sizes;
    return true;
  }

  /** Lines that were rejected one by one. */
  async addLines({ block, context, database, errors, linesBefore, records, rejected, runs }: RejectedBlock & Refusals): Promise<void> {
    const inFull = new Map(errors.map((error) => [error.line, lineErrorText(error)]));
    const lines = records.split('\n').map(parseRecord).filter((record) => record !== null);
    const reasons: object[] = lines.map((record) => ({
      line: linesBefore + record.line, column: record.column, database, code: record.code,
      message: inFull.get(record.line) ?? SENTENCES.get(record.code), source: sourceOf(record).toString(),
    }));
    if (rejected > lines.length) reasons.push({ database, more: rejected - lines.length, message: 'too many lines were rejected to tell of each' });
    await this.#add(context, runsOf(block, runs), reasons);
  }

  /** A block that was rejected as a whole. */
  async addBlock({ block, context, database, linesBefore, rejected }: RejectedBlock, code: string, message: string): Promise<void> {
    await this.#add(context, [block], [{ line: linesBefore + 1, lines: rejected, database, code, message }]);
  }

  async close(): Promise<void> {
    await this.#files?.lines.close();
    await this.#files?.reasons.close();
    this.#files = null;
  }

  async #add(context: Context, texts: readonly Buffer[], reasons: readonly object[]): Promise<void> {
    this.#files ??= { lines: await disk.open(this.#linesPath, 'create'), reasons: await disk.open(this.#reasonsPath, 'create') };
    const markers = markersOf(context);
    const lines = Buffer.concat([
      Buffer.from(markers === this.#markers ? '' : markers),
      ...texts.flatMap((text) => (text.at(-1) === NEWLINE ? [text] : [text, Buffer.from('\n')])),
    ]);
    const told = Buffer.from(reasons.map((reason) => `${JSON.stringify(reason)}\n`).join(''));
    this.#markers = markers;
    await this.#files.lines.write(lines, this.#sizes.lines);
    await this.#files.reasons.write(told, this.#sizes.reasons);
    this.#sizes = { lines: this.#sizes.lines + lines.length, reasons: this.#sizes.reasons + told.length };
  }
}

/** The bytes of runs of physical lines. */
function runsOf(block: Buffer, runs: readonly number[]): Buffer[] {
  const found: Buffer[] = [];
  let line = 1;
  let at = 0;
  const passTo = (wanted: number): number => {
    for (; line < wanted && at < block.length; line += 1) at = (block.indexOf(NEWLINE, at) + 1) || block.length;
    return at;
  };
  for (let i = 0; i < runs.length; i += 2) found.push(block.subarray(passTo(runs[i]!), passTo(runs[i + 1]! + 1)));
  return found;
}

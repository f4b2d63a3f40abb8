/** Imports one text: block by block through the server's way of a write, each acknowledged before the next is sent. */
import { UsageError } from '../../config.js';
import type { ResultOf } from '../../control/commands.js';
import { ERRORS } from '../../errors.js';
import type { WasmParser } from '../../worker/wasm/wasm.js';
import { lineBlocks, type Block } from '../blocks.js';
import { Stopped } from '../interrupt.js';
import type { Runner } from '../io.js';
import { PRECISIONS } from '../parser.js';
import { contextAfter, isMarker, madeBy, OWN_DATABASE, targetOf } from './export.js';
import type { RejectedFiles } from './rejected-files.js';
import type { Reached } from './resume.js';
import { sendBody, sentenceOf } from './send.js';

/** Large enough that a sync costs little beside the parsing, small enough that live writes go in between. */
const BLOCK_BYTES = 4 * 1024 * 1024;

export interface TextParts {
  readonly run: Runner;
  readonly limits: ResultOf<'status'>;
  /** Its input view is ours. */
  readonly scanner: WasmParser;
  /** For people. */
  readonly name: string;
  /** Instead of the one that the text names, or null. */
  readonly database: string | null;
  /** A word of PRECISIONS, or null: ns for an export, else auto. */
  readonly precision: string | null;
  readonly rejected: RejectedFiles;
  /** All up to there was acknowledged. */
  readonly onReached: (reached: Reached) => Promise<void>;
  /** The server takes nothing now, and why. */
  readonly onWait: (sentence: string) => void;
  /** Resolves with the signal that is to stop the import. */
  readonly stopped: Promise<string>;
}

export class TextImport {
  readonly #parts: TextParts;
  #reached: Reached;

  /** @param reached where the text begins */
  constructor(parts: TextParts, reached: Reached) {
    this.#parts = parts;
    this.#reached = reached;
  }

  /** How far it came. */
  get reached(): Reached {
    return this.#reached;
  }

  /**
   * Imports all of a text.
   * @throws UsageError when it names no database or too many; Stopped; Error with a sentence when the server takes no more
   */
  async run(text: AsyncIterable<Uint8Array>): Promise<void> {
    const { limits, scanner } = this.#parts;
    const blocks = lineBlocks(text, scanner, {
      blockBytes: Math.min(BLOCK_BYTES, limits.bodyBytesMax),
      blockBytesMax: limits.bodyBytesMax,
      blockLinesMax: limits.bodyLinesMax,
      isApart: isMarker,
      isPhysical: () => this.#reached.context.isDefinition,
    });
    let signal: string | null = null;
    const stopped = this.#parts.stopped.then((name): never => {
      signal = name;
      throw new Stopped(name);
    });
    stopped.catch(() => undefined); // one that comes later is seen below
    let next = blocks.next();
    for (let block = await Promise.race([next, stopped]); block.done !== true; block = await next) {
      const taken = this.#take(block.value);
      // Lines change no context, so the next block can be cut while they are written.
      if (block.value.lines === 0 || this.#reached.context.isDefinition) await taken;
      next = blocks.next();
      // What is being written is acknowledged first; a text that says nothing more is not waited for.
      await Promise.race([Promise.all([taken, next]), Promise.all([taken, this.#parts.stopped])]);
      if (signal !== null) throw new Stopped(signal);
    }
  }

  async #take(block: Block): Promise<void> {
    const { context } = this.#reached;
    if (block.lines > 0 && !context.isDefinition) return this.#write(block);
    const text = block.bytes.toString().trim();
    if (isMarker(text)) {
      const after = contextAfter(context, text);
      if (after.database !== context.database) this.#name(after.database);
      await this.#reach(block, { context: after });
      return;
    }
    if (context.isDefinition && text !== '' && !text.startsWith('#')) await this.#define(text);
    await this.#reach(block, {});
  }

  /** Makes the database of a statement: it is to be there even when it has no points. */
  async #define(statement: string): Promise<void> {
    const { database, name, run } = this.#parts;
    const made = madeBy(statement);
    if (made === null) {
      process.stderr.write(`${name}: left out, an import makes databases alone: ${statement}\n`);
    } else if (made.database !== OWN_DATABASE) {
      this.#name(made.database);
      await run('database-create', { name: targetOf(made, database) }).catch((error: Error) => {
        process.stderr.write(`${name}: ${statement}: ${error.message}\n`);
      });
    }
  }

  /** @throws UsageError when --database would put two databases into one */
  #name(database: string): void {
    const { named } = this.#reached;
    if (database === OWN_DATABASE || database === named) return;
    if (named !== null && this.#parts.database !== null) {
      throw new UsageError(`${this.#parts.name} holds the databases ${named} and ${database}: --database would mix them; export each with influx_inspect export -database NAME`);
    }
    this.#reached = { ...this.#reached, named: database };
  }

  async #write(block: Block): Promise<void> {
    const { database: instead, name, onWait, precision, rejected, run } = this.#parts;
    const { context, leftOut, physicalLines, rejected: rejectedLines } = this.#reached;
    if (context.database === OWN_DATABASE) return this.#reach(block, { leftOut: leftOut + block.lines });
    const database = targetOf(context, instead);
    if (database === '') throw new UsageError(`${name} does not say which database its lines belong to: give --database NAME`);
    const unit = PRECISIONS.get(precision ?? (context.isExport ? 'ns' : 'auto'))!;
    const outcome = await sendBody(run, { database, precision: unit }, block.bytes, onWait);
    const from = { context, database, linesBefore: physicalLines, block: block.bytes };
    switch (outcome.kind) {
      case 'stored':
        return this.#reach(block, { lines: this.#reached.lines + block.lines });
      case 'partial':
        await rejected.addLines({ ...from, ...outcome });
        return this.#reach(block, { lines: this.#reached.lines + outcome.accepted, rejected: rejectedLines + outcome.rejected });
      case 'failed':
        if (ERRORS[outcome.code].status !== 400) throw new Error(sentenceOf(outcome.code, outcome.detail));
        await rejected.addBlock({ ...from, rejected: block.lines }, outcome.code, sentenceOf(outcome.code, outcome.detail));
        return this.#reach(block, { rejected: rejectedLines + block.lines });
    }
  }

  async #reach(block: Block, change: Partial<Reached>): Promise<void> {
    const { bytes, physicalLines } = this.#reached;
    this.#reached = {
      ...this.#reached,
      bytes: bytes + block.bytes.length,
      physicalLines: physicalLines + block.physicalLines,
      rejectedSizes: this.#parts.rejected.sizes,
      ...change,
    };
    await this.#parts.onReached(this.#reached);
  }
}

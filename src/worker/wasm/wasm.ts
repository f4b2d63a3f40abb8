/** One instance of the WASM module: what a worker knows of the catalog, the memtables, and parsing into them. */
import * as abi from '../../../assembly/layout/codes.js';
import { FIRST_TIME_NS } from '../../retention.js';
import type { RejectContext } from '../../rejects/reject-record.js';
import { readParsed, type OutcomePlace, type Parsed, type RowRange } from './parsed.js';
import type { ParserLimits } from '../../model/limits.js';
import type { RejectedLines } from '../../model/line-error.js';
import type { ColumnDefinition, TableDefinition } from '../../model/schema.js';
import { readRejected } from './rejected-lines.js';
import type { InflateExports } from '../unpack/gunzip.js';
import type { FlushExports } from '../flush/parquet-file.js';
import type { ReadExports } from '../read/page-target.js';

export type { Parsed, TableSpan } from './parsed.js';

export interface ParseOptions {
  readonly databaseId: number;
  /** Bytes of the body, which stands in the view that `inputView(bytes)` gave. */
  readonly bytes: number;
  /** PRECISION_*. */
  readonly precision: number;
  /** Nanoseconds since 1970 for lines without a timestamp. */
  readonly defaultTime: bigint;
  /** PARSE_ALL_OR_NOTHING, PARSE_REPLAY, PARSE_DUMP; RULE_*. */
  readonly flags: number;
  /** Not judged on replay. */
  readonly linesMax: number;
  /** Replay: (first, last) pairs of physical lines to skip. */
  readonly rejectedRuns?: Uint32Array;
  /** Replay: seq of the body. */
  readonly replaySeq?: number;
  /** Nanoseconds since 1970 of the oldest timestamp that is taken; not judged on replay, and when absent. */
  readonly keptSince?: bigint;
  /** What its rows may take of memory; no end when absent. */
  readonly roomBytes?: number;
}

/** How far a scan came. */
interface Scanned {
  /** Where it stopped: where a line starts, or the end of the text. */
  readonly end: number;
  /** Lines passed, blank ones apart. */
  readonly lines: number;
  readonly physicalLines: number;
}

/** What the module exports; addresses are to be read as unsigned. */
interface ParserExports extends FlushExports, InflateExports, ReadExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  abiVersion(): number;
  argumentsAt(bytes: number): number;
  parse(
    databaseId: number, bytes: number, precision: number, defaultTime: bigint, flags: number, linesMax: number,
    runsAt: number, runs: number, replaySeq: number, keptSince: bigint,
  ): number;
  outcome(): number;
  dumpAt(): number;
  dumpBytes(): number;
  openQuoteBytes(): number;
  scanLines(from: number, bytes: number, linesMax: number, isLast: boolean): number;
  scannedLines(): number;
  scannedPhysicalLines(): number;
  setLimits(tablesMax: number, columnsMax: number, columnNameBytesMax: number, namesBytesMax: number): void;
  setSeriesBytes(bytesMax: number): void;
  setSecret(a: bigint, b: bigint): void;
  defineTable(id: number, databaseId: number, nameAt: number, nameBytes: number, created: number, flushedTo: number): void;
  defineColumn(tableId: number, columnId: number, kind: number, keyAt: number, keyBytes: number): void;
  dropTable(id: number): void;
  setFlushedTo(tableId: number, seq: number): void;
  setAside(tableId: number, isSetAside: boolean): void;
  removeSpans(tableId: number, rangesAt: number, ranges: number): void;
  dropStart(tableId: number): void;
  dropRange(first: number, end: number): void;
  dropStep(entries: number): number;
  dropEnd(): void;
  growStart(tableId: number, valuesMin: number): void;
  growNext(): number;
  growBegin(): void;
  growStep(bytes: number): number;
  growEnd(): void;
  memtableBytes(): number;
  memoryUsed(): number;
  setMemtableBytesMax(bytes: number): void;
  flushBytes(): number;
  spareBytes(): number;
  spareTable(fromId: number): number;
  spareStart(tableId: number): void;
  freeSpare(): void;
  freeSeries(): void;
  tableIdsEnd(): number;
  restoreRows(table: number, rows: number, series: number): void;
  restoreValues(column: number, count: number, dense: number, heapBytes: number, entries: number): void;
  indexEntries(column: number): void;
}

/** What the module has to know of a table. */
type ParserTable = Omit<TableDefinition, 'columns'> & { readonly columns: readonly Omit<ColumnDefinition, 'name'>[] };

const RUN_BYTES = 8;
const WORD_MAX = 2 ** 32 - 1;

/** Compiles the module once for a thread. */
export function compile(bytes: Uint8Array): WebAssembly.Module {
  return new WebAssembly.Module(bytes);
}

export class WasmParser {
  readonly exports: ParserExports;
  readonly memory: ParserExports['memory'];
  /** By table, bytes that its name and columns take. */
  readonly #definedBytes = new Map<number, number>();
  #allDefinedBytes = 0;

  /** @throws when the module was built for another version of the border */
  constructor(module: WebAssembly.Module) {
    this.exports = new WebAssembly.Instance(module).exports as ParserExports;
    this.memory = this.exports.memory;
    const version = this.exports.abiVersion();
    if (version !== abi.ABI_VERSION) {
      throw new Error(`the WASM module has border version ${version}, this program needs ${abi.ABI_VERSION}: build again`);
    }
    const secret = crypto.getRandomValues(new BigUint64Array(2));
    this.exports.setSecret(secret[0]!, secret[1]!);
  }

  setLimits({ tablesMax, columnsMax, columnNameBytesMax, namesBytesMax, seriesBytesMax }: ParserLimits): void {
    this.exports.setLimits(tablesMax, columnsMax, columnNameBytesMax, namesBytesMax);
    this.exports.setSeriesBytes(seriesBytesMax);
  }

  /** Defines a table, or adds to a known one the columns it lacks. Ids start at 1. */
  define(table: ParserTable): void {
    const before = this.memtableBytes();
    const [nameAt, nameBytes] = this.#place(table.measurement);
    this.exports.defineTable(table.id, table.databaseId, nameAt, nameBytes, table.created, table.flushedTo);
    for (const { id, kind, key } of table.columns) {
      const [keyAt, keyBytes] = this.#place(key);
      this.exports.defineColumn(table.id, id, kind, keyAt, keyBytes);
    }
    this.#noteDefined(table.id, (this.#definedBytes.get(table.id) ?? 0) + this.memtableBytes() - before);
  }

  #noteDefined(tableId: number, bytes: number): void {
    this.#allDefinedBytes += bytes - (this.#definedBytes.get(tableId) ?? 0);
    if (bytes === 0) this.#definedBytes.delete(tableId);
    else this.#definedBytes.set(tableId, bytes);
  }

  /** Forgets a table and its rows. */
  drop(tableId: number): void {
    this.exports.dropTable(tableId);
    this.#noteDefined(tableId, 0);
  }

  /** Rows at or below this seq are in files: replay does not store them again. */
  setFlushedTo(tableId: number, seq: number): void {
    this.exports.setFlushedTo(tableId, seq);
  }

  /** New lines of a table are refused, or taken again. */
  setAside(tableId: number, isSetAside: boolean): void {
    this.exports.setAside(tableId, isSetAside);
  }

  /** Where a body of `bytes` bytes is to be put; good until the next call of anything here. */
  inputView(bytes: number): Uint8Array {
    const at = this.exports.input(bytes) >>> 0;
    return new Uint8Array(this.memory.buffer, at, bytes);
  }

  /** Parses the body in the input view into the memtables. @throws a WASM trap when memory is used up; the instance is lost */
  parse(options: ParseOptions): Parsed {
    const { databaseId, bytes, precision, defaultTime, flags, linesMax, rejectedRuns, replaySeq = 0, keptSince = FIRST_TIME_NS, roomBytes = Infinity } = options;
    const runs = rejectedRuns ?? new Uint32Array();
    const runsAt = this.exports.argumentsAt(runs.byteLength) >>> 0;
    this.#words(runsAt, runs.length).set(runs);
    this.exports.setMemtableBytesMax(Math.min(this.memtableBytes() + roomBytes, WORD_MAX));
    const status = this.exports.parse(
      databaseId, bytes, precision, defaultTime, flags, linesMax, runsAt, runs.length / 2, replaySeq, keptSince,
    );
    return readParsed(this.#outcomePlace(), status, precision);
  }

  /** The rejected lines of the body parsed last, which still stands in the input view. @param bytesMax of their text */
  rejectedLines(context: RejectContext, bytesMax: number): RejectedLines {
    return readRejected(this.#outcomePlace(), context, bytesMax);
  }

  #outcomePlace(): OutcomePlace {
    return { buffer: this.memory.buffer, outcomeAt: this.exports.outcome() >>> 0, bodyAt: this.exports.input(0) >>> 0 };
  }

  /**
   * Passes whole lines of the input view, from the line that starts at `from`; stops at a comment, after `linesMax` lines,
   * and at a line that is not whole. @param isLast the text ends with the view, and so does its last line
   */
  scanLines(from: number, bytes: number, linesMax: number, isLast: boolean): Scanned {
    const end = this.exports.scanLines(from, bytes, linesMax, isLast) >>> 0;
    return { end, lines: this.exports.scannedLines() >>> 0, physicalLines: this.exports.scannedPhysicalLines() >>> 0 };
  }

  /** Removes rows of ascending, disjoint ranges at once and closes the gaps: the rows behind are renumbered. */
  removeRows(tableId: number, ranges: readonly RowRange[]): void {
    const at = this.exports.argumentsAt(ranges.length * RUN_BYTES) >>> 0;
    this.#words(at, ranges.length * 2).set(ranges.flatMap(({ rowFirst, rowEnd }) => [rowFirst, rowEnd]));
    this.exports.removeSpans(tableId, at, ranges.length);
  }

  /** Bytes of linear memory that were ever in use; it never shrinks. */
  linearBytes(): number {
    return this.exports.memoryUsed() >>> 0;
  }

  /** Bytes of linear memory that memtables hold. */
  memtableBytes(): number {
    return this.exports.memtableBytes() >>> 0;
  }

  /** The same without what tables and columns take that have no rows: no flush makes that less. */
  rowBytes(): number {
    return this.memtableBytes() - this.#allDefinedBytes;
  }

  /** Bytes that rows and the flush in progress hold. */
  heldBytes(): number {
    return this.rowBytes() + (this.exports.flushBytes() >>> 0);
  }

  /** What memtables hold for lines to come, and no row needs. */
  spareBytes(): number {
    return this.exports.spareBytes() >>> 0;
  }

  /** Lets go of that; between bodies. */
  freeSpare(): void {
    this.exports.freeSpare();
  }

  /** Puts a text into memory until the next one; returns its address and bytes. */
  #place(text: string): [at: number, bytes: number] {
    const bytes = Buffer.from(text);
    const at = this.exports.argumentsAt(bytes.length) >>> 0;
    new Uint8Array(this.memory.buffer, at, bytes.length).set(bytes);
    return [at, bytes.length];
  }

  #words(at: number, count: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, at, count);
  }
}

/** A memtable that takes the rows of files, row group by row group, column by column, page by page (assembly/read/read.ts). */
import {
  READ_ENCODING, READ_INDEX, READ_LEVELS, READ_NO_ROOM, READ_OK, READ_RANGE, READ_ROWS, READ_SNAPPY, READ_VALUES,
} from '../../../assembly/layout/read.js';
import { DamagedFile } from '../../tables/parquet/damaged-file.js';
import type { WasmMemory } from '../wasm/chunk.js';

/** What reading calls in the WASM module (assembly/read/read.ts). */
export interface ReadExports {
  readStart(table: number, rows: number, groupRowsMax: number): number;
  readGroup(rows: number): number;
  readChunk(columnId: number): void;
  readInput(bytes: number): number;
  readDictionary(entries: number, bytes: number, rawBytes: number): number;
  readPage(encoding: number, rows: number, bytes: number, rawBytes: number): number;
  readChunkEnd(): number;
  readGroupEnd(): number;
  readSeqMax(): number;
  readEnd(): void;
}

export interface ReadModule {
  readonly memory: WasmMemory;
  readonly exports: ReadExports & { tableAt(tableId: number): number };
}

/** Rows would take more memory than they may. */
export class NoRoom extends Error {
  constructor(path: string) {
    super(`the rows of ${path} and of the files before do not fit into the memory given`);
    this.name = 'NoRoom';
  }
}

/** A page, compressed by Snappy. */
interface SnappyPage {
  readonly isDictionary: boolean;
  /** Values, nulls included, or entries of the dictionary. */
  readonly values: number;
  readonly encoding: number;
  readonly rawBytes: number;
}

const FAULTS: ReadonlyMap<number, string> = new Map([
  [READ_SNAPPY, 'its compressed bytes are damaged'],
  [READ_LEVELS, 'its levels are damaged'],
  [READ_VALUES, 'its values are damaged'],
  [READ_INDEX, 'it names an entry that the dictionary has not'],
  [READ_ENCODING, 'it is in an encoding that its column never has'],
  [READ_RANGE, 'it has a value that cannot be'],
  [READ_ROWS, 'it has other rows than its row group'],
]);

/** The target of one file. Each call throws DamagedFile, which says where, or NoRoom past the bound of `setMemtableBytesMax`. */
export class PageTarget {
  readonly #module: ReadModule;
  readonly #path: string;

  /** @param module in which `readStart` was called */
  constructor(module: ReadModule, path: string) {
    this.#module = module;
    this.#path = path;
  }

  group(rows: number): void {
    this.#check('row group', this.#module.exports.readGroup(rows));
  }

  chunk(columnId: number): void {
    this.#module.exports.readChunk(columnId);
  }

  /** @param where of the file it is, in words */
  page(where: string, { encoding, isDictionary, rawBytes, values }: SnappyPage, bytes: Uint8Array): void {
    const { exports, memory } = this.#module;
    const input = exports.readInput(bytes.length) >>> 0;
    new Uint8Array(memory.buffer, input, bytes.length).set(bytes);
    this.#check(where, isDictionary ? exports.readDictionary(values, bytes.length, rawBytes) : exports.readPage(encoding, values, bytes.length, rawBytes));
  }

  chunkEnd(where: string): void {
    this.#check(where, this.#module.exports.readChunkEnd());
  }

  groupEnd(): void {
    this.#check('row group', this.#module.exports.readGroupEnd());
  }

  #check(where: string, code: number): void {
    if (code === READ_OK) return;
    if (code === READ_NO_ROOM) throw new NoRoom(this.#path);
    throw new DamagedFile(this.#path, where, FAULTS.get(code) ?? `it cannot be read (${code})`);
  }
}

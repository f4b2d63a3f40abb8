/** Reads data files of ours into a memtable: the footer here, pages in WASM (assembly/read/). */
import { GROUP_ROWS_MAX } from '../../../assembly/layout/flush.js';
import {
  READ_ENCODING, READ_INDEX, READ_LEVELS, READ_NO_ROOM, READ_OK, READ_RANGE, READ_ROWS, READ_SNAPPY, READ_VALUES,
} from '../../../assembly/layout/read.js';
import { crc32 } from '../../crc.js';
import { DamagedFile } from '../../tables/parquet/damaged-file.js';
import type { FileColumn } from '../../tables/parquet/file-columns.js';
import { FOOTER_END_BYTES, metadataBytes, readFooter, type ReadChunk, type ReadFooter, type ReadGroup } from '../../tables/parquet/footer-reader.js';
import { readPageHeader, type PageHeader } from '../../tables/parquet/page-header.js';
import type { RangeStore } from '../../tables/table-store.js';
import type { Slices } from '../flush/slices.js';
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

/** A live file of a table. */
export interface DataFile {
  /** Below the root of its store. */
  readonly path: string;
  readonly bytes: number;
}

/** Rows would take more memory than they may. */
export class NoRoom extends Error {
  constructor(path: string) {
    super(`the rows of ${path} and of the files before do not fit into the memory given`);
    this.name = 'NoRoom';
  }
}

/** A file up to this size is read at once. */
const WHOLE_BYTES_MAX = 8 << 20;
/** Rows of files that are read together, at most: row numbers have 31 bits in a flush. */
const ROWS_MAX = 2 ** 30;

const FAULTS: ReadonlyMap<number, string> = new Map([
  [READ_SNAPPY, 'its compressed bytes are damaged'],
  [READ_LEVELS, 'its levels are damaged'],
  [READ_VALUES, 'its values are damaged'],
  [READ_INDEX, 'it names an entry that the dictionary has not'],
  [READ_ENCODING, 'it is in an encoding that its column never has'],
  [READ_RANGE, 'it has a value that cannot be'],
  [READ_ROWS, 'it has other rows than its row group'],
]);

/** Files whose footers were read. */
interface OpenedFiles {
  readonly files: readonly (DataFile & { readonly footer: ReadFooter })[];
  /** Of all of them. */
  readonly rows: number;
}

/**
 * Reads the footers of files.
 * @param columns all that the table has, as `fileColumns` lists them
 * @param slices lets others have their turn
 * @throws DamagedFile, and what the store throws
 */
export async function openFiles(store: RangeStore, columns: readonly FileColumn[], files: readonly DataFile[], slices: Slices): Promise<OpenedFiles> {
  const opened: (DataFile & { readonly footer: ReadFooter })[] = [];
  for (const file of files) {
    opened.push({ ...file, footer: await footerOf(store, file, columns) });
    if (slices.fills(GROUP_ROWS_MAX)) await slices.turn();
  }
  return { files: opened, rows: opened.reduce((sum, { footer }) => sum + footer.rows, 0) };
}

/**
 * Reads files into a table of the module that has no rows. Rows come in the order of the files, each with its seq.
 * @returns the highest seq of all rows
 * @throws DamagedFile, naming file, column and page; NoRoom past the bound of `setMemtableBytesMax`; what the store throws. The
 * table is to be dropped then
 */
export async function readFiles(module: ReadModule, store: RangeStore, tableId: number, { files, rows }: OpenedFiles, slices: Slices): Promise<number> {
  const last = files.at(-1)?.path ?? '';
  if (rows > ROWS_MAX) throw new NoRoom(last);
  const groupRowsMax = Math.max(0, ...files.flatMap(({ footer }) => footer.groups.map((group) => group.rows)));
  try {
    if (module.exports.readStart(module.exports.tableAt(tableId) >>> 0, rows, groupRowsMax) !== READ_OK) throw new NoRoom(last);
    for (const file of files) await new FileReader(module, store, file, slices).read(file.footer);
    return module.exports.readSeqMax();
  } finally {
    module.exports.readEnd();
  }
}

async function footerOf(store: RangeStore, { path, bytes }: DataFile, columns: readonly FileColumn[]): Promise<ReadFooter> {
  const metadata = metadataBytes(path, await rangeOf(store, path, bytes - FOOTER_END_BYTES, FOOTER_END_BYTES), bytes);
  return readFooter(path, await rangeOf(store, path, bytes - FOOTER_END_BYTES - metadata, metadata), bytes, columns);
}

/** @throws DamagedFile when the file is not there or not so long */
async function rangeOf(store: RangeStore, path: string, from: number, bytes: number): Promise<Buffer> {
  const range = from < 0 ? null : await store.getRange(path, from, bytes);
  if (range === null) throw new DamagedFile(path, '', 'it is not there');
  if (range.length !== bytes) throw new DamagedFile(path, '', 'it is shorter than its commit says');
  return range;
}

class FileReader {
  readonly #module: ReadModule;
  readonly #store: RangeStore;
  readonly #file: DataFile;
  readonly #slices: Slices;

  constructor(module: ReadModule, store: RangeStore, file: DataFile, slices: Slices) {
    this.#module = module;
    this.#store = store;
    this.#file = file;
    this.#slices = slices;
  }

  async read({ groups }: ReadFooter): Promise<void> {
    const { bytes, path } = this.#file;
    const whole = bytes <= WHOLE_BYTES_MAX ? await rangeOf(this.#store, path, 0, bytes) : null;
    for (const group of groups) {
      this.#check('row group', this.#module.exports.readGroup(group.rows));
      for (const chunk of group.chunks) {
        const pages = whole?.subarray(chunk.offset, chunk.offset + chunk.bytes) ?? (await rangeOf(this.#store, path, chunk.offset, chunk.bytes));
        await this.#readChunk(chunk, group, pages);
      }
      this.#check('row group', this.#module.exports.readGroupEnd());
      if (this.#slices.fills(group.rows)) await this.#slices.turn();
    }
  }

  async #readChunk({ column }: ReadChunk, { rows }: ReadGroup, pages: Buffer): Promise<void> {
    const { exports } = this.#module;
    exports.readChunk(column.id);
    let page = 0;
    for (let at = 0; at < pages.length; page += 1) {
      const where = `column ${column.name}, page ${page}`;
      const header = this.#header(where, pages, at);
      const from = at + header.headerBytes;
      at = from + header.bytes;
      this.#check(where, this.#readPage(where, header, pages.subarray(from, at)));
      if (this.#slices.fills(Math.max(rows >> 3, header.rawBytes >> 3))) await this.#slices.turn();
    }
    this.#check(`column ${column.name}`, exports.readChunkEnd());
  }

  #header(where: string, pages: Buffer, at: number): PageHeader {
    try {
      return readPageHeader(pages, at);
    } catch (error) {
      throw new DamagedFile(this.#file.path, where, `its header is damaged: ${(error as Error).message}`);
    }
  }

  #readPage(where: string, header: PageHeader, page: Buffer): number {
    const { exports, memory } = this.#module;
    if (header.crc !== undefined && header.crc !== crc32(page)) throw new DamagedFile(this.#file.path, where, 'its checksum is wrong');
    const input = exports.readInput(page.length) >>> 0;
    new Uint8Array(memory.buffer, input, page.length).set(page);
    if (header.isDictionary) return exports.readDictionary(header.values, page.length, header.rawBytes);
    return exports.readPage(header.encoding, header.values, page.length, header.rawBytes);
  }

  #check(where: string, code: number): void {
    if (code === READ_OK) return;
    if (code === READ_NO_ROOM) throw new NoRoom(this.#file.path);
    throw new DamagedFile(this.#file.path, where, FAULTS.get(code) ?? `it cannot be read (${code})`);
  }
}

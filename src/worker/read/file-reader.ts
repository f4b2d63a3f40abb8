/** Reads data files into a memtable: those of ours here, the footer in TypeScript and pages in WASM (assembly/read/); those of others by foreign-reader.ts. */
import { GROUP_ROWS_MAX } from '../../../assembly/layout/flush.js';
import { READ_OK } from '../../../assembly/layout/read.js';
import { crc32 } from '../../crc.js';
import { DamagedFile } from '../../tables/parquet/damaged-file.js';
import type { FileColumn } from '../../tables/parquet/file-columns.js';
import { FOOTER_END_BYTES, metadataBytes, readFooter, type ReadChunk, type ReadFooter, type ReadGroup } from '../../tables/parquet/footer-reader.js';
import { ForeignForm } from '../../tables/parquet/foreign-form.js';
import { readForeignFooter, type ForeignFooter } from '../../tables/parquet/foreign-footer.js';
import { readPageHeader, type PageHeader } from '../../tables/parquet/page-header.js';
import type { RangeStore } from '../../tables/table-store.js';
import type { Slices } from '../flush/slices.js';
import { rangeOf, type DataFile } from './data-file.js';
import { ForeignReader } from './foreign-reader.js';
import { NoRoom, PageTarget, type ReadModule } from './page-target.js';

/** A file up to this size is read at once. */
const WHOLE_BYTES_MAX = 8 << 20;
/** Rows of files that are read together, at most: row numbers have 31 bits in a flush. */
const ROWS_MAX = 2 ** 30;

type OpenedFile = DataFile & ({ readonly footer: ReadFooter } | { readonly footer: null; readonly foreign: ForeignFooter });

/** Files whose footers were read. */
interface OpenedFiles {
  readonly files: readonly OpenedFile[];
  /** Of all of them. */
  readonly rows: number;
}

/**
 * Reads the footers of files.
 * @param columns all that the table has, as `fileColumns` lists them
 * @param slices lets others have their turn
 * @throws ForeignForm, which names all files that are to stay as they are; DamagedFile, and what the store throws
 */
export async function openFiles(store: RangeStore, columns: readonly FileColumn[], files: readonly DataFile[], slices: Slices): Promise<OpenedFiles> {
  const opened: OpenedFile[] = [];
  const refused: ForeignForm[] = [];
  for (const file of files) {
    const found = await openFile(store, file, columns).catch((error: Error) => {
      if (error instanceof ForeignForm) return error;
      throw error;
    });
    if (found instanceof ForeignForm) refused.push(found);
    else opened.push(found);
    if (slices.fills(GROUP_ROWS_MAX)) await slices.turn();
  }
  if (refused.length > 0) throw ForeignForm.of(refused);
  return { files: opened, rows: opened.reduce((sum, file) => sum + footerOf(file).rows, 0) };
}

function footerOf(file: OpenedFile): { readonly rows: number; readonly groups: readonly { readonly rows: number }[] } {
  return file.footer ?? file.foreign;
}

/**
 * Reads files into a table of the module that has no rows. Rows come in the order of the files, each with its seq.
 * @returns the highest seq of all rows
 * @throws DamagedFile, naming file, column and page; ForeignForm; NoRoom past the bound of `setMemtableBytesMax`; what the store
 * throws. The table is to be dropped then
 */
export async function readFiles(module: ReadModule, store: RangeStore, tableId: number, { files, rows }: OpenedFiles, slices: Slices): Promise<number> {
  const last = files.at(-1)?.path ?? '';
  if (rows > ROWS_MAX) throw new NoRoom(last);
  const groupRowsMax = Math.max(0, ...files.flatMap((file) => footerOf(file).groups.map((group) => group.rows)));
  try {
    if (module.exports.readStart(module.exports.tableAt(tableId) >>> 0, rows, groupRowsMax) !== READ_OK) throw new NoRoom(last);
    for (const file of files) {
      const target = new PageTarget(module, file.path);
      if (file.footer === null) await new ForeignReader(target, store, file, slices).read(file.foreign);
      else await new FileReader(target, store, file, slices).read(file.footer);
    }
    return module.exports.readSeqMax();
  } finally {
    module.exports.readEnd();
  }
}

async function openFile(store: RangeStore, file: DataFile, columns: readonly FileColumn[]): Promise<OpenedFile> {
  const { bytes, foreignSeqMax, path } = file;
  const metadata = metadataBytes(path, await rangeOf(store, path, bytes - FOOTER_END_BYTES, FOOTER_END_BYTES), bytes);
  const pagesEnd = bytes - FOOTER_END_BYTES - metadata;
  const range = await rangeOf(store, path, pagesEnd, metadata);
  if (foreignSeqMax !== undefined) return { ...file, footer: null, foreign: readForeignFooter(path, range, pagesEnd, columns) };
  return { ...file, footer: readFooter(path, range, bytes, columns) };
}

class FileReader {
  readonly #target: PageTarget;
  readonly #store: RangeStore;
  readonly #file: DataFile;
  readonly #slices: Slices;

  constructor(target: PageTarget, store: RangeStore, file: DataFile, slices: Slices) {
    this.#target = target;
    this.#store = store;
    this.#file = file;
    this.#slices = slices;
  }

  async read({ groups }: ReadFooter): Promise<void> {
    const { bytes, path } = this.#file;
    const whole = bytes <= WHOLE_BYTES_MAX ? await rangeOf(this.#store, path, 0, bytes) : null;
    for (const group of groups) {
      this.#target.group(group.rows);
      for (const chunk of group.chunks) {
        const pages = whole?.subarray(chunk.offset, chunk.offset + chunk.bytes) ?? (await rangeOf(this.#store, path, chunk.offset, chunk.bytes));
        await this.#readChunk(chunk, group, pages);
      }
      this.#target.groupEnd();
      if (this.#slices.fills(group.rows)) await this.#slices.turn();
    }
  }

  async #readChunk({ column }: ReadChunk, { rows }: ReadGroup, pages: Buffer): Promise<void> {
    this.#target.chunk(column.id);
    let page = 0;
    for (let at = 0; at < pages.length; page += 1) {
      const where = `column ${column.name}, page ${page}`;
      const header = this.#header(where, pages, at);
      const from = at + header.headerBytes;
      at = from + header.bytes;
      const bytes = pages.subarray(from, at);
      if (header.crc !== undefined && header.crc !== crc32(bytes)) throw new DamagedFile(this.#file.path, where, 'its checksum is wrong');
      this.#target.page(where, header, bytes);
      if (this.#slices.fills(Math.max(rows >> 3, header.rawBytes >> 3))) await this.#slices.turn();
    }
    this.#target.chunkEnd(`column ${column.name}`);
  }

  #header(where: string, pages: Buffer, at: number): PageHeader {
    try {
      return readPageHeader(pages, at);
    } catch (error) {
      throw new DamagedFile(this.#file.path, where, `its header is damaged: ${(error as Error).message}`);
    }
  }
}

/** Reads a data file of another writer into a memtable: decoded by hyparquet, checked, and handed on as pages like those of ours. */
import { COLUMN_NS, COLUMN_SEQ, ENCODING_PLAIN } from '../../../assembly/layout/flush.js';
import { DamagedFile } from '../../tables/parquet/damaged-file.js';
import { ForeignForm } from '../../tables/parquet/foreign-form.js';
import type { ForeignChunk, ForeignFooter, ForeignGroup } from '../../tables/parquet/foreign-footer.js';
import { foreignValues } from '../../tables/parquet/foreign-values.js';
import type { RangeStore } from '../../tables/table-store.js';
import type { Slices } from '../flush/slices.js';
import { rangeOf, type DataFile } from './data-file.js';
import { foreignPage, NANOS_DICTIONARY, zeros } from './foreign-page.js';
import { asSnappy, type MadePage } from './made-pages.js';
import type { PageTarget } from './page-target.js';

/** Of our own columns, those that another writer may leave out. */
const LEFT_OUT = [[COLUMN_NS, 'ns'], [COLUMN_SEQ, 'seq']] as const;
/** Decoding a value costs about so much more than one of ours: others get their turn as often. */
const TURN_WORK = 8;

export class ForeignReader {
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

  /** @throws ForeignForm for a value that no file of ours can have; DamagedFile; NoRoom; what the store throws */
  async read({ groups }: ForeignFooter): Promise<void> {
    for (const group of groups) await this.#readGroup(group);
  }

  async #readGroup({ chunks, rows }: ForeignGroup): Promise<void> {
    const has = new Set(chunks.map(({ column }) => column.id));
    const [time, ...others] = chunks;
    this.#target.group(rows);
    await this.#readChunk(time!, rows);
    for (const [id, kind] of LEFT_OUT) {
      if (has.has(id)) continue;
      this.#begin(id);
      this.#page(`sluice_${kind}`, zeros(kind, rows), rows);
      this.#target.chunkEnd(`sluice_${kind}`);
    }
    for (const chunk of others) await this.#readChunk(chunk, rows);
    this.#target.groupEnd();
  }

  #begin(columnId: number): void {
    this.#target.chunk(columnId);
    if (columnId !== COLUMN_NS) return;
    const { raw, values } = NANOS_DICTIONARY;
    this.#target.page('sluice_ns', { isDictionary: true, values, encoding: ENCODING_PLAIN, rawBytes: raw.length }, asSnappy(raw));
  }

  async #readChunk(chunk: ForeignChunk, rows: number): Promise<void> {
    const { column: { id, name }, bytes, offset } = chunk;
    const { foreignSeqMax, path } = this.#file;
    const where = `column ${name}`;
    const refuse = (what: string): never => {
      throw new ForeignForm(path, what);
    };
    this.#begin(id);
    const pages = await rangeOf(this.#store, path, offset, bytes);
    const stretches = foreignValues(chunk, pages, rows);
    for (let next = await this.#undamaged(where, () => stretches.next()); !next.done; next = await this.#undamaged(where, () => stretches.next())) {
      const stretch = next.value;
      const { length } = stretch.values;
      this.#page(where, await this.#undamaged(where, () => foreignPage(chunk, stretch, foreignSeqMax!, refuse)), length);
      if (this.#slices.fills(length * TURN_WORK)) await this.#slices.turn();
    }
    this.#target.chunkEnd(where);
  }

  #page(where: string, { encoding, raw }: MadePage, rows: number): void {
    this.#target.page(where, { isDictionary: false, values: rows, encoding, rawBytes: raw.length }, asSnappy(raw));
  }

  /** Whatever goes wrong with the bytes of a column is damage. */
  async #undamaged<T>(where: string, work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof ForeignForm ? error : new DamagedFile(this.#file.path, where, (error as Error).message);
    }
  }
}

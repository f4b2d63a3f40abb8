/** A data file to be read, and parts of it. */
import { DamagedFile } from '../../tables/parquet/damaged-file.js';
import type { RangeStore } from '../../tables/table-store.js';

/** A live file of a table. */
export interface DataFile {
  /** Below the root of its store. */
  readonly path: string;
  readonly bytes: number;
  /** Another writer made it; no row of it may have a higher sluice_seq. Undefined: it is ours. */
  readonly foreignSeqMax?: number;
}

/** @throws DamagedFile when the file is not there or not so long */
export async function rangeOf(store: RangeStore, path: string, from: number, bytes: number): Promise<Buffer> {
  const range = from < 0 ? null : await store.getRange(path, from, bytes);
  if (range === null) throw new DamagedFile(path, '', 'it is not there');
  if (range.length !== bytes) throw new DamagedFile(path, '', 'it is shorter than its commit says');
  return range;
}

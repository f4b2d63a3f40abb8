/** The footer of a data file of ours, read: which columns it has, and where their pages stand. */
import { GROUP_ROWS_MAX } from '../../../assembly/layout/flush.js';
import { DamagedFile } from './damaged-file.js';
import { isWrittenAs, type FileColumn } from './file-columns.js';
import { CODEC_SNAPPY, CREATED_BY_START, MAGIC } from './footer.js';
import { listOf, numberOf, structOf, structsOf, textOf, ThriftReader, type ThriftStruct } from './thrift-reader.js';

/** Behind the metadata: its length, and the magic. */
export const FOOTER_END_BYTES = 8;

export interface ReadChunk {
  readonly column: FileColumn;
  /** Where its first page stands in the file, and the bytes of all its pages. */
  readonly offset: number;
  readonly bytes: number;
}

export interface ReadGroup {
  readonly rows: number;
  /** In the order of the file: our own three columns first. */
  readonly chunks: readonly ReadChunk[];
}

export interface ReadFooter {
  readonly rows: number;
  readonly groups: readonly ReadGroup[];
}

/** Bytes of the metadata, by the last FOOTER_END_BYTES of a file. @throws DamagedFile */
export function metadataBytes(path: string, end: Uint8Array, fileBytes: number): number {
  const tail = Buffer.from(end);
  if (tail.length !== FOOTER_END_BYTES || !tail.subarray(4).equals(MAGIC)) throw new DamagedFile(path, 'footer', 'it does not end with PAR1');
  const bytes = tail.readUInt32LE(0);
  if (bytes > fileBytes - FOOTER_END_BYTES - MAGIC.length) throw new DamagedFile(path, 'footer', `metadata of ${bytes} bytes is longer than the file`);
  return bytes;
}

/**
 * @param metadata the bytes before the last FOOTER_END_BYTES
 * @param columns all that the table has, as `fileColumns` lists them
 * @throws DamagedFile for a file that is damaged, another writer's, or has columns that the table has not
 */
export function readFooter(path: string, metadata: Uint8Array, fileBytes: number, columns: readonly FileColumn[]): ReadFooter {
  try {
    return footerOf(new ThriftReader(metadata).struct(), fileBytes - FOOTER_END_BYTES - metadata.length, columns);
  } catch (error) {
    throw new DamagedFile(path, 'footer', (error as Error).message);
  }
}

/** @param pagesEnd where the pages end in the file */
function footerOf(file: ThriftStruct, pagesEnd: number, columns: readonly FileColumn[]): ReadFooter {
  const createdBy = textOf(file, 6);
  if (!createdBy.startsWith(CREATED_BY_START)) throw new Error(`it was written by ${JSON.stringify(createdBy)}, not by sluice`);
  const found = columnsOf(structsOf(file, 2), columns);
  const groups = structsOf(file, 4).map((group) => groupOf(group, pagesEnd, found));
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  if (rows !== numberOf(file, 3)) throw new Error(`it says ${numberOf(file, 3)} rows, and its row groups have ${rows}`);
  return { rows, groups };
}

/** The columns of the file, as the table knows them. */
function columnsOf([root, ...elements]: readonly ThriftStruct[], columns: readonly FileColumn[]): FileColumn[] {
  if (root === undefined || numberOf(root, 5) !== elements.length) throw new Error('its schema is not flat');
  const byName = new Map(columns.map((column) => [column.name, column]));
  const found = elements.map((element) => {
    const name = textOf(element, 4);
    const column = byName.get(name);
    if (column === undefined) throw new Error(`its column ${name} is none of the table, or stands there twice`);
    byName.delete(name);
    const isOurs = isWrittenAs(column, {
      type: numberOf(element, 1), length: numberOf(element, 2, 0), repetition: numberOf(element, 3), converted: numberOf(element, 6, -1),
    });
    if (!isOurs) throw new Error(`its column ${name} is not of the type that the table has`);
    return column;
  });
  const missing = columns.slice(0, 3).find((column, place) => found[place] !== column);
  if (missing !== undefined) throw new Error(`its column ${missing.name} is missing, or stands elsewhere`);
  return found;
}

function groupOf(group: ThriftStruct, pagesEnd: number, columns: readonly FileColumn[]): ReadGroup {
  const rows = numberOf(group, 3);
  if (rows < 1 || rows > GROUP_ROWS_MAX) throw new Error(`a row group has ${rows} rows`);
  const chunks = structsOf(group, 1);
  if (chunks.length !== columns.length) throw new Error(`a row group has ${chunks.length} columns of ${columns.length}`);
  return { rows, chunks: chunks.map((chunk, place) => chunkOf(structOf(chunk, 3), rows, pagesEnd, columns[place]!)) };
}

function chunkOf(meta: ThriftStruct, rows: number, pagesEnd: number, column: FileColumn): ReadChunk {
  const [name] = listOf(meta, 3);
  if (!(name instanceof Uint8Array) || Buffer.from(name).toString() !== column.name) throw new Error(`where column ${column.name} should be there is another`);
  if (numberOf(meta, 4) !== CODEC_SNAPPY) throw new Error(`column ${column.name} has codec ${numberOf(meta, 4)}`);
  if (numberOf(meta, 5) !== rows) throw new Error(`column ${column.name} has ${numberOf(meta, 5)} values in a row group of ${rows}`);
  const offset = numberOf(meta, 11, numberOf(meta, 9));
  const bytes = numberOf(meta, 7);
  if (offset < MAGIC.length || bytes < 1 || offset + bytes > pagesEnd) throw new Error(`column ${column.name} stands outside the pages`);
  return { column, offset, bytes };
}

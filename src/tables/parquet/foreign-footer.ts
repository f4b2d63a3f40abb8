/**
 * The footer of another writer's data file, read: which columns of the table it has, and how their values are written. What is
 * not plainly the same as in a file of ours is refused.
 */
import { DamagedFile } from './damaged-file.js';
import type { FileColumn } from './file-columns.js';
import { MAGIC } from './footer.js';
import { ForeignForm } from './foreign-form.js';
import { typeOf, type ForeignType } from './foreign-type.js';
import { numberOf, structOf, structsOf, textOf, ThriftReader, type ThriftStruct } from './thrift-reader.js';

/** Values of one column in a row group. */
export interface ForeignChunk extends ForeignType {
  readonly column: FileColumn;
  readonly codec: Codec;
  /** Where its first page stands in the file, and the bytes of all its pages. */
  readonly offset: number;
  readonly bytes: number;
  /** Rows without a value, as the footer says; null where it does not. */
  readonly nulls: number | null;
}

export interface ForeignGroup {
  readonly rows: number;
  /** In the order of the table's columns, those that the file has. */
  readonly chunks: readonly ForeignChunk[];
}

export interface ForeignFooter {
  readonly rows: number;
  readonly groups: readonly ForeignGroup[];
}

/** A row group is read at once: what pyarrow and delta-rs write unless told otherwise is no larger. */
const GROUP_ROWS_MAX = 1_048_576;

/** By their Parquet numbers; null: no library here unpacks it. */
const CODECS = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', null, 'BROTLI', 'LZ4', 'ZSTD', 'LZ4_RAW'] as const;
type Codec = Exclude<(typeof CODECS)[number], null>;
const REPEATED = 2;

/**
 * @param metadata the bytes before the end of the file, as `metadataBytes` counts them
 * @param pagesEnd where the pages end in the file
 * @param columns all that the table has, as `fileColumns` lists them
 * @throws ForeignForm for what no file of ours can have; DamagedFile
 */
export function readForeignFooter(path: string, metadata: Uint8Array, pagesEnd: number, columns: readonly FileColumn[]): ForeignFooter {
  try {
    return footerOf(path, new ThriftReader(metadata).struct(), pagesEnd, columns);
  } catch (error) {
    throw error instanceof ForeignForm ? error : new DamagedFile(path, 'footer', (error as Error).message);
  }
}

/** A column of the file. */
interface Found {
  readonly name: string;
  /** null: none of the table. */
  readonly known: (ForeignType & { readonly column: FileColumn }) | null;
}

function footerOf(path: string, file: ThriftStruct, pagesEnd: number, columns: readonly FileColumn[]): ForeignFooter {
  const found = columnsOf(path, structsOf(file, 2), columns);
  const groups = structsOf(file, 4).map((group) => groupOf(path, group, pagesEnd, found)).filter(({ rows }) => rows > 0);
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  if (rows !== numberOf(file, 3)) throw new Error(`it says ${numberOf(file, 3)} rows, and its row groups have ${rows}`);
  const order = new Map(columns.map(({ id }, place) => [id, place]));
  return { rows, groups: groups.map((group) => ({ rows: group.rows, chunks: group.chunks.toSorted((a, b) => order.get(a.column.id)! - order.get(b.column.id)!) })) };
}

function columnsOf(path: string, [root, ...elements]: readonly ThriftStruct[], columns: readonly FileColumn[]): Found[] {
  if (root === undefined || numberOf(root, 5) !== elements.length) throw new ForeignForm(path, 'its schema is nested');
  const byName = new Map(columns.map((column) => [column.name, column]));
  const found = elements.map((element) => {
    const name = textOf(element, 4);
    const column = byName.get(name);
    byName.delete(name);
    if (column === undefined) return { name, known: null };
    const type = numberOf(element, 3) === REPEATED ? null : typeOf(column, element);
    if (type === null) throw new ForeignForm(path, `its column ${name} is not of the type that the table has`);
    return { name, known: { ...type, column } };
  });
  if (byName.has(columns[0]!.name)) throw new ForeignForm(path, `it has no column ${columns[0]!.name}`);
  return found;
}

function groupOf(path: string, group: ThriftStruct, pagesEnd: number, found: readonly Found[]): ForeignGroup {
  const rows = numberOf(group, 3);
  if (rows > GROUP_ROWS_MAX) throw new ForeignForm(path, `a row group has ${rows} rows, more than ${GROUP_ROWS_MAX}`);
  const chunks = structsOf(group, 1);
  if (rows < 0 || chunks.length !== found.length) throw new Error(`a row group has ${rows} rows and ${chunks.length} columns of ${found.length}`);
  return {
    rows,
    chunks: chunks.flatMap((chunk, place) => {
      const { known, name } = found[place]!;
      const meta = structOf(chunk, 3);
      const nulls = nullsOf(meta);
      // A column that says of itself that it is empty loses nothing.
      if (known === null && nulls !== rows) throw new ForeignForm(path, `its column ${name} is none of sluice`);
      return known === null ? [] : [{ ...known, ...placeOf(path, meta, name, rows, pagesEnd), nulls }];
    }),
  };
}

function placeOf(path: string, meta: ThriftStruct, name: string, rows: number, pagesEnd: number): Pick<ForeignChunk, 'codec' | 'offset' | 'bytes'> {
  const codec = CODECS[numberOf(meta, 4)] ?? null;
  if (codec === null) throw new ForeignForm(path, `its column ${name} has codec ${numberOf(meta, 4)}`);
  if (numberOf(meta, 5) !== rows) throw new Error(`column ${name} has ${numberOf(meta, 5)} values in a row group of ${rows}`);
  // Some writers say 0 where there is no dictionary.
  const offset = numberOf(meta, 11, 0) || numberOf(meta, 9);
  const bytes = numberOf(meta, 7);
  if (offset < MAGIC.length || bytes < 0 || offset + bytes > pagesEnd) throw new Error(`column ${name} stands outside the pages`);
  return { codec, offset, bytes };
}

function nullsOf(meta: ThriftStruct): number | null {
  const statistics = meta.get(12);
  return statistics instanceof Map && statistics.has(3) ? numberOf(statistics, 3) : null;
}

/** Flushes into memory, and reads the file back by two independent readers as the texts of `flush-model.ts`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBDecimalValue, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { parquetMetadata, parquetReadObjects, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { StoreWriter, TableStore } from '../../src/tables/table-store.js';
import * as abi from '../../assembly/layout/codes.js';
import type { ColumnDefinition } from '../../src/model/schema.js';
import { valueText } from './flush-model.js';
import type { Value } from './hand-made-table.js';

/** A store that keeps what is written, and does `onWrite` at each write. */
export class MemoryStore implements Pick<TableStore, 'put'> {
  readonly files = new Map<string, Buffer>();
  readonly steps: number[] = [];
  abandoned = 0;
  readonly #onWrite: (step: number) => void;

  constructor(onWrite: (step: number) => void = () => undefined) {
    this.#onWrite = onWrite;
  }

  async put(path: string): Promise<StoreWriter> {
    const pieces: Buffer[] = [];
    return {
      write: async (bytes) => {
        pieces.push(Buffer.from(bytes));
        this.steps.push(bytes.length);
        this.#onWrite(this.steps.length);
      },
      publish: async () => {
        this.files.set(path, Buffer.concat(pieces));
      },
      abandon: async () => {
        this.abandoned += 1;
      },
    };
  }
}

export function metadataOf(file: Buffer): FileMetaData {
  return parquetMetadata(arrayBufferOf(file));
}

function arrayBufferOf(file: Buffer): ArrayBuffer {
  return new Uint8Array(file).buffer;
}

/** Rows by hyparquet, from their physical types. */
export async function textsByHyparquet(file: Buffer, columns: readonly ColumnDefinition[]): Promise<string[]> {
  const metadata = metadataOf(file);
  for (const element of metadata.schema) {
    delete element.logical_type;
    delete element.converted_type;
  }
  const rows = await parquetReadObjects({ file: arrayBufferOf(file), metadata, compressors, utf8: false });
  return rows.map((row) => {
    const cells = columns.map(({ name, kind }) => valueText(physicalValue(kind, row[name])));
    return [row['time'], row['sluice_ns'], row['sluice_seq'], ...cells].join(' | ');
  });
}

function physicalValue(kind: number, value: unknown): Value | null {
  if (value === null || value === undefined) return null;
  if (kind === abi.KIND_TAG || kind === abi.KIND_STRING) return Buffer.from(value as Uint8Array).toString();
  if (kind === abi.KIND_U64) return BigInt(`0x${Buffer.from(value as Uint8Array).toString('hex')}`);
  return value as Value;
}

/** Rows by DuckDB. */
export async function textsByDuckdb(file: Buffer, columns: readonly ColumnDefinition[]): Promise<string[]> {
  const names = columns.map(({ name }) => `, "${name}"`).join('');
  const rows = await queryDuckdb(file, `select epoch_us(time), sluice_ns, sluice_seq${names} from file`);
  return rows.map((row) => [...row.slice(0, 3), ...row.slice(3).map((value) => valueText(plainValue(value)))].join(' | '));
}

/** Asks DuckDB about the file, which the query knows as `file`. */
export async function queryDuckdb(file: Buffer, query: string): Promise<DuckDBValue[][]> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-flush-'));
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  try {
    const path = join(folder, 'file.parquet');
    writeFileSync(path, file);
    const connection = await instance.connect();
    await connection.run(`create view file as select * from read_parquet('${path}')`);
    return (await connection.runAndReadAll(query)).getRows();
  } finally {
    instance.closeSync();
    rmSync(folder, { recursive: true });
  }
}

function plainValue(value: DuckDBValue): Value | null {
  return value instanceof DuckDBDecimalValue ? value.value : (value as Value | null);
}

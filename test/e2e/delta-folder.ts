/** Reads a Delta table's folder from its JSON commits, independently of the program. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface DeltaColumn {
  /** In the files. */
  readonly name: string;
  /** As sent; our own three have their own name. */
  readonly key: string;
  /** tag, field, time, ns or seq. */
  readonly role: string;
  /** Delta type. */
  readonly type: string;
}

export interface DeltaFolder {
  readonly measurement: string;
  readonly columns: readonly DeltaColumn[];
  /** Absolute paths. */
  readonly files: readonly { readonly path: string; readonly rows: number }[];
}

interface SchemaField {
  readonly name: string;
  readonly type: string;
  readonly metadata: Record<string, string | number>;
}

/** All tables of a database, by measurement. */
export function readDatabase(dataDir: string, databaseFolder: string): Map<string, DeltaFolder> {
  const folder = join(dataDir, 'tables', databaseFolder);
  const tables = existsSync(folder) ? readdirSync(folder).map((name) => readTable(join(folder, name))) : [];
  return new Map(tables.flatMap((table) => (table === null ? [] : [[table.measurement, table] as const])));
}

function readTable(folder: string): DeltaFolder | null {
  const log = join(folder, '_delta_log');
  if (!existsSync(log)) return null;
  const files = new Map<string, number>();
  let measurement = '';
  let columns: DeltaColumn[] = [];
  const commits = readdirSync(log).filter((name) => name.endsWith('.json')).sort();
  commits.forEach((name, version) => {
    if (Number.parseInt(name, 10) !== version) throw new Error(`${log}: version ${version} is missing`);
    for (const line of readFileSync(join(log, name), 'utf8').split('\n').filter((text) => text !== '')) {
      const { metaData, add, remove } = JSON.parse(line);
      if (metaData) {
        measurement = metaData.name;
        columns = JSON.parse(metaData.schemaString).fields.map(({ name: column, type, metadata }: SchemaField) => ({
          name: column, type, key: String(metadata['sluice.key'] ?? column), role: String(metadata['sluice.kind']),
        }));
      }
      if (add) files.set(decodeURIComponent(add.path), JSON.parse(add.stats).numRecords);
      if (remove) files.delete(decodeURIComponent(remove.path));
    }
  });
  return { measurement, columns, files: [...files].map(([path, rows]) => ({ path: join(folder, path), rows })) };
}

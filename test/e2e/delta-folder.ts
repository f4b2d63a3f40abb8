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
  /** Its name in `sluice query`: of names equal but for case, the later ones have a suffix. */
  view: string;
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
  const known = tables.filter((table) => table !== null).sort((a, b) => a.id - b.id);
  const views = new Set<string>();
  for (const table of known) {
    for (let n = 2; views.has(table.view.toLowerCase()); n += 1) table.view = `${table.measurement}~${n}`;
    views.add(table.view.toLowerCase());
  }
  return new Map(known.map((table) => [table.measurement, table] as const));
}

function readTable(folder: string): (DeltaFolder & { readonly id: number }) | null {
  const log = join(folder, '_delta_log');
  if (!existsSync(log)) return null;
  const files = new Map<string, number>();
  let measurement = '', id = 0;
  let columns: DeltaColumn[] = [];
  const commits = readdirSync(log).filter((name) => name.endsWith('.json')).sort();
  commits.forEach((name, version) => {
    if (Number.parseInt(name, 10) !== version) throw new Error(`${log}: version ${version} is missing`);
    for (const line of readFileSync(join(log, name), 'utf8').split('\n').filter((text) => text !== '')) {
      const { metaData, add, remove } = JSON.parse(line);
      if (metaData) {
        measurement = metaData.name;
        id = Number(/^sluice table (\d+) /.exec(metaData.description)![1]);
        columns = JSON.parse(metaData.schemaString).fields.map(({ name: column, type, metadata }: SchemaField) => ({
          name: column, type, key: String(metadata['sluice.key'] ?? column), role: String(metadata['sluice.kind']),
        }));
      }
      if (add) files.set(decodeURIComponent(add.path), JSON.parse(add.stats).numRecords);
      if (remove) files.delete(decodeURIComponent(remove.path));
    }
  });
  return { id, measurement, view: measurement, columns, files: [...files].map(([path, rows]) => ({ path: join(folder, path), rows })) };
}

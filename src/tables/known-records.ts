/** The log's catalog records, opened for what the tables know besides: who has which id and name. */
import { decodeChange, type CatalogChange, type ColumnMade, type DatabaseMade, type TableMade } from '../catalog/catalog-record.js';
import type { LogScan } from '../log/log-scan.js';
import type { TableIdentity } from './delta/actions.js';

/** The number of what no record is left of: below every record. */
export const BEFORE_ALL = 1;

/** A change that can still be added to. */
export interface OpenChange extends CatalogChange {
  readonly databases: DatabaseMade[];
  readonly tables: TableMade[];
  readonly columns: ColumnMade[];
}

/** Something made, and the change that makes it. */
interface Logged<T> {
  readonly made: T;
  readonly change: OpenChange;
}

export class KnownRecords {
  /** Holds what no record is left of. */
  readonly first: OpenChange = { databases: [], settings: [], tables: [], columns: [], deletes: [], deletesDone: [], dropped: { databases: [], tables: [] } };
  readonly all: { readonly seq: number; readonly change: OpenChange }[] = [{ seq: BEFORE_ALL, change: this.first }];
  /** What could not be read, in sentences. */
  readonly problems: string[] = [];
  /** By id. */
  readonly databases = new Map<number, Logged<DatabaseMade>>();
  /** By id. */
  readonly tables = new Map<number, Logged<TableMade>>();
  /** Table ids with keys. */
  readonly #columns = new Set<string>();
  readonly #droppedTables = new Set<number>();
  readonly #droppedDatabases = new Set<number>();
  readonly #folderById = new Map<number, string>();
  /** By database and measurement. */
  readonly #folderByName = new Map<string, string>();

  constructor(records: LogScan['catalogRecords']) {
    for (const { seq, payload } of records) {
      try {
        this.#add(seq, decodeChange(payload));
      } catch (error) {
        this.problems.push(`catalog record ${seq} is passed over: ${(error as Error).message}`);
      }
    }
    for (const { made } of this.tables.values()) {
      this.#folderById.set(made.id, made.folder);
      const database = this.databases.get(made.database)?.made.name;
      const isDropped = this.#droppedTables.has(made.id) || this.#droppedDatabases.has(made.database);
      if (database !== undefined && !isDropped) this.#folderByName.set(nameKey(database, made.name), made.folder);
    }
  }

  #add(seq: number, said: CatalogChange): void {
    const { columns, databases, dropped, tables } = said;
    const change: OpenChange = { ...said, databases: [...databases], tables: [...tables], columns: [...columns] };
    this.all.push({ seq, change });
    for (const made of databases) this.databases.set(made.id, { made, change });
    for (const made of tables) this.tables.set(made.id, { made, change });
    for (const { table, key } of columns) this.#columns.add(columnKey(table, key));
    for (const id of dropped.tables) this.#droppedTables.add(id);
    for (const id of dropped.databases) this.#droppedDatabases.add(id);
  }

  /** Every id that a record names: whether it could be used or not, it was given once. */
  ids(): { readonly databases: readonly number[]; readonly tables: readonly number[]; readonly columns: readonly number[] } {
    const changes = this.all.map(({ change }) => change);
    return {
      databases: [...this.databases.keys(), ...this.#droppedDatabases, ...changes.flatMap(({ tables }) => tables.map(({ database }) => database))],
      tables: [...this.tables.keys(), ...this.#droppedTables, ...changes.flatMap(({ columns }) => columns.map(({ table }) => table))],
      columns: changes.flatMap(({ columns }) => columns.map(({ id }) => id)),
    };
  }

  hasColumn(tableId: number, key: string): boolean {
    return this.#columns.has(columnKey(tableId, key));
  }

  /** Why a folder cannot be the table it says it is, or null: then it has its id and name from here on. */
  claim(folder: string, { tableId, measurement, database }: TableIdentity): string | null {
    const sameId = this.#folderById.get(tableId);
    if (sameId !== undefined) return sameId === folder ? null : `tables/${sameId} has its id, ${tableId}`;
    const name = nameKey(database, measurement);
    const sameName = this.#folderByName.get(name);
    if (sameName !== undefined) return `tables/${sameName} is table ${JSON.stringify(measurement)} of database ${JSON.stringify(database)}, and is newer`;
    this.#folderById.set(tableId, folder);
    this.#folderByName.set(name, folder);
    return null;
  }
}

function nameKey(database: string, measurement: string): string {
  return JSON.stringify([database, measurement]);
}

function columnKey(tableId: number, key: string): string {
  return `${tableId} ${key}`;
}

/**
 * The catalog made anew from the tables, when no snapshot of it can be read. What the log still says of it wins; what
 * only the tables know is put in where it would have stood, so that frames of the log find their tables. Pure.
 */
import { wholeSnapshot, type CatalogSnapshot } from '../catalog/snapshot.js';
import { CatalogState } from '../catalog/state.js';
import type { LogScan } from '../log/log-scan.js';
import type { FoundTable, FoundTables } from './found.js';
import { BEFORE_ALL, KnownRecords, type OpenChange } from './known-records.js';

/** What is left of a catalog. */
interface CatalogRemains {
  /** 8 hex digits. */
  readonly node: string;
  readonly found: FoundTables;
  readonly scan: Pick<LogScan, 'catalogRecords' | 'databaseByTable'>;
  /** The last seq that was given, as far as the log and the tables know. */
  readonly lastSeq: number;
}

/** A table that says whose it is. */
type NamedTable = FoundTable & { readonly identity: NonNullable<FoundTable['identity']> };

/** @returns the catalog up to `lastNumber`, and what was made anew or cannot be used, in sentences */
export function rebuildCatalog(remains: CatalogRemains): { snapshot: CatalogSnapshot; reports: readonly string[] } {
  const { node, found, scan } = remains;
  const lastSeq = Math.max(remains.lastSeq, BEFORE_ALL);
  const records = new KnownRecords(scan.catalogRecords);
  const reports = [...found.problems, ...found.tables.flatMap(({ problems }) => problems), ...records.problems];
  const named = found.tables.filter((table): table is NamedTable => table.identity !== null);
  const homes = new Homes(records, named, scan.databaseByTable);
  let tables = 0;
  for (const table of newestFirst(named)) {
    const refusal = records.claim(table.folder, table.identity);
    if (refusal !== null) reports.push(`tables/${table.folder} is left in place and not used: ${refusal}`);
    else if (takeUp(table, records, homes)) tables += 1;
  }
  if (tables > 0) reports.unshift(`the catalog was lost: ${tables} tables were taken up again from what their own folders say`);
  const state = new CatalogState();
  for (const { seq, change } of records.all) reports.push(...state.apply(change, seq).problems);
  const applied = wholeSnapshot(state.toSnapshot(node));
  const next = nextIds(applied, records, named, scan.databaseByTable);
  return { snapshot: reserveFolders({ ...applied, next, upTo: lastSeq }, found, lastSeq), reports };
}

/** Of two tables that claim one name or id, the first has it. */
function newestFirst(tables: readonly NamedTable[]): NamedTable[] {
  return tables.toSorted((a, b) => b.identity.tableId - a.identity.tableId || b.lastSeq - a.lastSeq);
}

/** Adds to the records what a table knows and they do not. @returns whether there was anything */
function takeUp({ folder, identity, columns }: NamedTable, records: KnownRecords, homes: Homes): boolean {
  const { tableId, measurement, database } = identity;
  const logged = records.tables.get(tableId);
  let change = logged?.change;
  if (logged === undefined) {
    const home = homes.of(folder, database);
    change = home.change;
    change.tables.push({ id: tableId, database: home.id, name: measurement, folder });
  } else if (!records.databases.has(logged.made.database)) {
    homes.of(folder, database);
  }
  const missing = columns.filter(({ key }) => !records.hasColumn(tableId, key));
  change!.columns.push(...missing.map(({ id, key, kind, name }) => ({ id, table: tableId, key, kind, name })));
  return logged === undefined || missing.length > 0;
}

/** The databases of tables. A table knows its database's name alone: the id is the one that the log has, or a new one. */
class Homes {
  readonly #records: KnownRecords;
  readonly #made = new Map<string, { readonly id: number; readonly change: OpenChange }>();
  /** By name, as the log has it without saying the name. */
  readonly #idByName = new Map<string, number>();
  #nextId: number;

  constructor(records: KnownRecords, tables: readonly NamedTable[], databaseByTable: ReadonlyMap<number, number>) {
    this.#records = records;
    this.#nextId = above(0, [...records.ids().databases, ...databaseByTable.values()]);
    for (const { identity } of tables) {
      const id = records.tables.get(identity.tableId)?.made.database ?? databaseByTable.get(identity.tableId);
      if (id !== undefined && !records.databases.has(id)) this.#idByName.set(identity.database, id);
    }
  }

  /** The id of the database of a table in `folder`, and the change that makes it. */
  of(folder: string, database: string): { readonly id: number; readonly change: OpenChange } {
    const databaseFolder = folder.split('/')[0]!;
    const logged = [...this.#records.databases.values()].filter(({ made }) => made.name === database);
    const known = logged.find(({ made }) => made.folder === databaseFolder) ?? logged.at(-1);
    if (known !== undefined) return { id: known.made.id, change: known.change };
    const before = this.#made.get(database);
    if (before !== undefined) return before;
    const home = { id: this.#idByName.get(database) ?? this.#nextId++, change: this.#records.first };
    home.change.databases.push({ id: home.id, name: database, folder: databaseFolder });
    this.#made.set(database, home);
    return home;
  }
}

/** The next ids, above every one that anything names: all were given once. */
function nextIds(
  { next }: CatalogSnapshot,
  records: KnownRecords,
  named: readonly NamedTable[],
  databaseByTable: ReadonlyMap<number, number>,
): CatalogSnapshot['next'] {
  const { databases, tables, columns } = records.ids();
  return {
    database: above(next.database, [...databases, ...databaseByTable.values()]),
    table: above(next.table, [...tables, ...databaseByTable.keys(), ...named.map(({ identity }) => identity.tableId)]),
    column: above(next.column, [...columns, ...named.flatMap((table) => table.columns.map(({ id }) => id))]),
  };
}

function above(least: number, ids: readonly number[]): number {
  return ids.reduce((next, id) => Math.max(next, id + 1), Math.max(least, 1));
}

/** Whatever else lies in the folder of the tables keeps its place: it stands as dropped and without a name. */
function reserveFolders(snapshot: CatalogSnapshot, { databaseFolders, tables }: FoundTables, seq: number): CatalogSnapshot {
  const next = { ...snapshot.next };
  const nameless = { name: '', created: BEFORE_ALL, dropped: seq };
  const used = new Set(snapshot.tables.map(({ folder }) => folder));
  const known = new Map(snapshot.databases.map(({ folder, id }) => [folder, id]));
  const databases = databaseFolders.filter((folder) => !known.has(folder)).map((folder) => ({ ...nameless, id: next.database++, folder }));
  for (const { folder, id } of databases) known.set(folder, id);
  const others = tables.filter(({ folder }) => !used.has(folder)).map(({ folder }) => (
    { ...nameless, id: next.table++, database: known.get(folder.split('/')[0]!)!, folder, flushedTo: 0 }
  ));
  return { ...snapshot, next, databases: [...snapshot.databases, ...databases], tables: [...snapshot.tables, ...others] };
}

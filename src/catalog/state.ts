/** What the catalog knows, in memory: lookups, and the one way in which changes apply. Pure. */
import { NAME_COST_BYTES } from '../../assembly/layout/codes.js';
import { fold } from '../names.js';
import { PLAIN_SETTINGS, saidSettings } from '../database-settings.js';
import type { ColumnDefinition } from '../model/schema.js';
import type { CatalogChange, ColumnMade, DatabaseMade, DeleteMade, SettingsSet, TableMade } from './catalog-record.js';
import type { Applied, DatabaseEntry, DroppedDatabase, DroppedTable, Table, TableEntry } from './entries.js';
import type { CatalogSnapshot, SnapshotSource, TableKept } from './snapshot.js';
import { Tombstones } from './tombstones.js';

/** What a name of a table or column counts against the limit of all names. */
export function nameCost(name: string): number {
  return Buffer.byteLength(name) + NAME_COST_BYTES;
}

function noteNames({ foldersEver, measurementsEver }: DatabaseEntry, { folder, measurement }: Table): void {
  measurementsEver.add(measurement);
  foldersEver.add(fold(folder));
}

type IdKind = 'database' | 'table' | 'column';

export class CatalogState {
  /** Seq of the last change that was applied. */
  upTo = 0;
  readonly databaseNamesEver = new Set<string>();
  /** Folded. */
  readonly databaseFoldersEver = new Set<string>();
  /** Of tables that are none of the catalog's, folded: no new table may have one. */
  readonly foldersOfOthers = new Set<string>();
  readonly tombstones = new Tombstones();
  readonly #databases = new Map<number, DatabaseEntry>();
  /** Living ones. */
  readonly #databasesByName = new Map<string, DatabaseEntry>();
  readonly #tables = new Map<number, TableEntry>();
  #tablesAlive = 0;
  #namesBytes = 0;
  readonly #next = { database: 1, table: 1, column: 1 };

  static fromSnapshot(snapshot: CatalogSnapshot): CatalogState {
    const state = new CatalogState();
    for (const made of snapshot.databases) state.#putDatabase(made, made.created, made.dropped);
    for (const made of snapshot.tables) state.#putTable(made, made.created, made.dropped, made);
    const touched = new Map<number, ColumnDefinition[]>();
    for (const made of snapshot.columns) state.#putColumn(made, touched);
    state.#addColumns(touched);
    for (const tombstone of snapshot.tombstones) state.tombstones.add(tombstone);
    for (const kind of ['database', 'table', 'column'] as const) state.#seenId(kind, snapshot.next[kind] - 1);
    state.upTo = snapshot.upTo;
    return state;
  }

  /** All that is known at this moment, told as it is asked for: what changes meanwhile is not in it. */
  toSnapshot(node: string): SnapshotSource {
    const tables: Table[] = [];
    const dropped: number[] = [];
    for (const entry of this.#tables.values()) {
      tables.push(entry.table);
      dropped.push(entry.dropped);
    }
    return {
      node,
      upTo: this.upTo,
      next: { ...this.#next },
      databases: [...this.#databases.values()].map(({ database: { id, name, folder, created, ...settings }, dropped: end }) => (
        { id, name, folder, ...saidSettings(settings), created, dropped: end }
      )),
      tombstones: this.tombstones.all(),
      tables: { [Symbol.iterator]: () => tablesKept(tables, dropped) },
      columns: { [Symbol.iterator]: () => columnsKept(tables) },
    };
  }

  /** Keeps folders that the catalog does not know from new databases and tables. @param paths below the root of tables */
  reserveFolders(paths: Iterable<string>): void {
    const known = new Set<string>();
    for (const { table } of this.#tables.values()) known.add(fold(table.folder));
    for (const path of paths) {
      if (!path.includes('/')) this.databaseFoldersEver.add(fold(path));
      else if (!known.has(fold(path))) this.foldersOfOthers.add(fold(path));
    }
  }

  get databasesAlive(): number {
    return this.#databasesByName.size;
  }

  get tablesAlive(): number {
    return this.#tablesAlive;
  }

  /** What the names of living tables and their columns count. */
  get namesBytes(): number {
    return this.#namesBytes;
  }

  /** A living database. */
  databaseByName(name: string): DatabaseEntry | undefined {
    return this.#databasesByName.get(name);
  }

  /** A living database. */
  database(id: number): DatabaseEntry | undefined {
    const entry = this.#databases.get(id);
    return entry?.dropped === 0 ? entry : undefined;
  }

  /** Living ones, oldest first. */
  databases(): DatabaseEntry[] {
    return [...this.#databases.values()].filter(({ dropped }) => dropped === 0);
  }

  /** A living table. */
  table(id: number): TableEntry | undefined {
    const entry = this.#tables.get(id);
    return entry?.dropped === 0 ? entry : undefined;
  }

  /** Without those that only keep a folder from being used: they have no name. */
  droppedTables(): DroppedTable[] {
    return [...this.#tables.values()].filter(({ dropped, table }) => dropped !== 0 && table.measurement !== '').map(({ dropped, table }) => ({ ...table, dropped }));
  }

  /** Dropped tables are known no more: their names and folders may be used again, their ids never. Living ones stay. */
  forget(tableIds: readonly number[]): void {
    const databases = new Set<DatabaseEntry>();
    for (const id of tableIds) {
      const entry = this.#tables.get(id);
      if (entry === undefined || entry.dropped === 0) continue;
      this.#tables.delete(id);
      databases.add(this.#databases.get(entry.table.databaseId)!);
    }
    for (const { foldersEver, measurementsEver } of databases) [foldersEver, measurementsEver].forEach((set) => set.clear());
    for (const { table } of this.#tables.values()) {
      const database = this.#databases.get(table.databaseId)!;
      if (databases.has(database)) noteNames(database, table);
    }
  }

  /** Those of which no table is known any more; without those that only keep a folder from being used. */
  droppedDatabases(): DroppedDatabase[] {
    const used = new Set<number>();
    for (const { table } of this.#tables.values()) used.add(table.databaseId);
    return [...this.#databases.values()].filter(({ database, dropped }) => dropped !== 0 && database.name !== '' && !used.has(database.id))
      .map(({ database: { folder, id }, dropped }) => ({ id, folder, dropped }));
  }

  /** Such databases are known no more, as tables by `forget`. */
  forgetDatabases(databaseIds: readonly number[]): void {
    const gone = databaseIds.flatMap((id) => this.#databases.get(id)?.database ?? []);
    for (const { id } of gone) this.#databases.delete(id);
    for (const { folder, name } of gone) {
      this.databaseNamesEver.delete(name);
      this.databaseFoldersEver.delete(fold(folder));
    }
    // One made anew may have the name, or, where an older snapshot took over, the folder.
    for (const { database: { folder, name } } of this.#databases.values()) {
      this.databaseNamesEver.add(name);
      this.databaseFoldersEver.add(fold(folder));
    }
  }

  /** An id that was never given and never will be again, whatever becomes of it. */
  takeId(kind: IdKind): number {
    return this.#next[kind]++;
  }

  /** Rows up to a seq are in files: of the table, by a commit that stands, or else of quarantine. Never goes back. */
  setFlushedTo(tableId: number, seq: number, isCommitted: boolean): void {
    const entry = this.table(tableId);
    if (entry === undefined) return;
    const { committedTo, flushedTo } = entry.table;
    entry.table = { ...entry.table, flushedTo: Math.max(flushedTo, seq), committedTo: isCommitted ? Math.max(committedTo, seq) : committedTo };
  }

  /** Applies a change; one at or below `upTo` is known already and does nothing. */
  apply(change: CatalogChange, seq: number): Applied {
    if (seq <= this.upTo) return { seq, defined: [], added: [], dropped: [], news: { databases: [], tables: [], droppedDatabases: [], droppedTables: [], deletes: [], retentions: [] }, problems: [] };
    this.upTo = seq;
    const problems: string[] = [];
    const attempt = <T>(list: readonly T[], put: (item: T) => void): void => {
      for (const item of list) {
        try {
          put(item);
        } catch (error) {
          problems.push(`catalog record ${seq}: ${(error as Error).message}`);
        }
      }
    };
    const touched = new Map<number, ColumnDefinition[]>();
    const dropped: number[] = [];
    const periods = new Map(change.settings.map(({ database }) => [database, this.database(database)?.database.retentionS ?? null]));
    for (const { id } of change.databases) periods.set(id, null);
    attempt(change.databases, (made) => this.#putDatabase(made, seq, 0));
    attempt(change.settings, (set) => this.#setSettings(set));
    attempt(change.tables, (made) => {
      this.#putTable(made, seq, 0, { flushedTo: 0 });
      touched.set(made.id, []);
    });
    attempt(change.columns, (made) => this.#putColumn(made, touched));
    this.#addColumns(touched);
    attempt(change.deletes, (made) => this.tombstones.add({ ...made, seq }));
    attempt(change.deletesDone, (done) => this.tombstones.delete(done));
    attempt(change.dropped.databases, (id) => dropped.push(...this.#dropDatabase(id, seq)));
    attempt(change.dropped.tables, (id) => dropped.push(this.#dropTable(id, seq)));
    const defined = [...touched.keys()].flatMap((id) => this.table(id)?.table ?? []);
    const added = defined.map(({ id, databaseId, measurement, created, flushedTo }) => ({ id, databaseId, measurement, created, flushedTo, columns: touched.get(id)! }));
    const news = {
      databases: change.databases.map(({ name }) => name),
      tables: defined.filter(({ created }) => created === seq),
      droppedDatabases: change.dropped.databases.flatMap((id) => this.#databases.get(id)?.database.name ?? []),
      droppedTables: change.dropped.tables.flatMap((id) => this.#tables.get(id)?.table ?? []),
      deletes: change.deletes.flatMap((made) => this.#namedDelete(made, seq) ?? []),
      retentions: [...periods.keys()].flatMap((id) => this.database(id)?.database ?? []).filter(({ id, retentionS }) => retentionS !== periods.get(id)),
    };
    return { seq, defined, added, dropped, news, problems };
  }

  /** Undefined when its database or table is gone. */
  #namedDelete(made: DeleteMade, seq: number): Applied['news']['deletes'][number] | undefined {
    const databaseName = this.database(made.database)?.database.name;
    const measurement = made.table === null ? null : this.table(made.table)?.table.measurement;
    return databaseName === undefined || measurement === undefined ? undefined : { ...made, seq, databaseName, measurement };
  }

  #putDatabase({ id, name, folder, ...said }: DatabaseMade, created: number, dropped: number): void {
    if (this.#databases.has(id)) throw new Error(`database ${id} is there already`);
    if (dropped === 0 && this.#databasesByName.has(name)) throw new Error(`a database ${JSON.stringify(name)} is there already`);
    const { tags, types, retentionS } = { ...PLAIN_SETTINGS, ...said };
    const database = { id, name, folder, created, tags, types, retentionS };
    const entry = { database, dropped, tables: new Map(), measurementsEver: new Set<string>(), foldersEver: new Set<string>() };
    this.#databases.set(id, entry);
    if (dropped === 0) this.#databasesByName.set(name, entry);
    this.databaseNamesEver.add(name);
    this.databaseFoldersEver.add(fold(folder));
    this.#seenId('database', id);
  }

  #setSettings({ database: id, ...settings }: SettingsSet): void {
    const entry = this.database(id);
    if (entry === undefined) throw new Error(`database ${id} cannot have other settings, it is unknown`);
    entry.database = { ...entry.database, ...settings };
  }

  #putTable(
    { id, database: databaseId, name, folder }: TableMade, created: number, dropped: number,
    { flushedTo, committedTo = flushedTo }: { readonly flushedTo: number; readonly committedTo?: number },
  ): void {
    const database = this.#databases.get(databaseId);
    if (database === undefined) throw new Error(`table ${id} is of database ${databaseId}, which is unknown`);
    if (this.#tables.has(id)) throw new Error(`table ${id} is there already`);
    if (dropped === 0 && database.tables.has(name)) throw new Error(`a table ${JSON.stringify(name)} is there already`);
    const entry: TableEntry = {
      table: { id, databaseId, databaseName: database.database.name, measurement: name, folder, created, flushedTo, committedTo, columns: [] },
      dropped, byKey: new Map(), foldedNames: new Set(), triedNames: new Map(), keyBytes: 0,
    };
    this.#tables.set(id, entry);
    if (dropped === 0) {
      database.tables.set(name, entry);
      this.#tablesAlive += 1;
      this.#namesBytes += nameCost(name);
    }
    noteNames(database, entry.table);
    this.#seenId('table', id);
  }

  /** Indexes a column; `#addColumns` makes it part of its table. */
  #putColumn({ id, table: tableId, key, kind, name }: ColumnMade, touched: Map<number, ColumnDefinition[]>): void {
    const entry = this.table(tableId);
    if (entry === undefined) throw new Error(`column ${id} is of table ${tableId}, which is unknown`);
    const column = { id, kind, key, name };
    const before = entry.byKey.get(key);
    if (before !== undefined) return this.#renameColumn(entry, before, column);
    entry.byKey.set(key, column);
    entry.foldedNames.add(fold(name));
    entry.keyBytes += Buffer.byteLength(key);
    this.#namesBytes += nameCost(key);
    const columns = touched.get(tableId);
    if (columns === undefined) touched.set(tableId, [column]);
    else columns.push(column);
    this.#seenId('column', id);
  }

  /** A column that is there gets another name in files; nobody but main knows names. */
  #renameColumn(entry: TableEntry, before: ColumnDefinition, column: ColumnDefinition): void {
    const { id, key, kind, name } = column;
    const isRename = before.id === id && before.kind === kind && before.name !== name && entry.table.columns.includes(before);
    if (!isRename) throw new Error(`table ${entry.table.id} has a column ${JSON.stringify(key)} already`);
    entry.byKey.set(key, column);
    entry.foldedNames.add(fold(name)); // the other name stays: a column of others has it
    entry.table = { ...entry.table, columns: entry.table.columns.map((each) => (each === before ? column : each)) };
  }

  #addColumns(touched: ReadonlyMap<number, ColumnDefinition[]>): void {
    for (const [id, columns] of touched) {
      const entry = this.#tables.get(id)!;
      columns.sort(byId);
      const all = [...entry.table.columns, ...columns];
      const isBehind = (entry.table.columns.at(-1)?.id ?? 0) < (columns[0]?.id ?? Infinity);
      entry.table = { ...entry.table, columns: isBehind ? all : all.sort(byId) };
    }
  }

  #dropDatabase(id: number, seq: number): number[] {
    const entry = this.database(id);
    if (entry === undefined) throw new Error(`database ${id} cannot be dropped, it is unknown`);
    const tables = [...entry.tables.values()].map(({ table }) => this.#dropTable(table.id, seq));
    entry.dropped = seq;
    this.tombstones.forgetDatabase(id);
    this.#databasesByName.delete(entry.database.name);
    return tables;
  }

  #dropTable(id: number, seq: number): number {
    const entry = this.table(id);
    if (entry === undefined) throw new Error(`table ${id} cannot be dropped, it is unknown`);
    entry.dropped = seq;
    this.tombstones.forgetTable(id);
    this.#namesBytes -= nameCost(entry.table.measurement) + entry.keyBytes + entry.byKey.size * NAME_COST_BYTES;
    entry.table = { ...entry.table, columns: [] };
    entry.byKey.clear();
    entry.foldedNames.clear();
    entry.triedNames.clear();
    this.#databases.get(entry.table.databaseId)!.tables.delete(entry.table.measurement);
    this.#tablesAlive -= 1;
    return id;
  }

  #seenId(kind: IdKind, id: number): void {
    this.#next[kind] = Math.max(this.#next[kind], id + 1);
  }
}

function byId(a: ColumnDefinition, b: ColumnDefinition): number {
  return a.id - b.id;
}

function* tablesKept(tables: readonly Table[], dropped: readonly number[]): Generator<TableKept> {
  for (const [place, { id, databaseId: database, measurement: name, folder, created, flushedTo, committedTo }] of tables.entries()) {
    yield { id, database, name, folder, created, dropped: dropped[place]!, flushedTo, ...(committedTo === flushedTo ? {} : { committedTo }) };
  }
}

function* columnsKept(tables: readonly Table[]): Generator<ColumnMade> {
  for (const { id: table, columns } of tables) for (const { id, key, kind, name } of columns) yield { id, table, key, kind, name };
}

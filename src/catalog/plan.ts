/** Makes one change out of what several writes need, within the limits. Pure. */
import { KIND_TAG } from '../../assembly/layout/codes.js';
import { SluiceError } from '../errors.js';
import { columnName, fold, folderName, type TriedNames } from '../names.js';
import { saidSettings, type DatabaseSettings } from '../database-settings.js';
import type { WorkerLimits } from '../model/limits.js';
import type { Need, NeededTable } from '../model/schema.js';
import { TOMBSTONES_MAX } from '../model/tombstone.js';
import type { CatalogChange, ColumnMade, DatabaseMade, DeleteMade, SettingsSet, TableMade } from './catalog-record.js';
import type { DatabaseEntry } from './entries.js';
import { nameCost, type CatalogState } from './state.js';

export type CatalogLimits = Pick<WorkerLimits, 'tablesMax' | 'columnsMax' | 'columnNameBytesMax' | 'namesBytesMax'> & {
  readonly databasesMax: number;
};

/** A table with what is planned for it. */
interface Draft {
  readonly id: number;
  /** Set until the table is part of the plan: a new table comes with its first column. */
  made: TableMade | undefined;
  readonly hasKey: (key: string) => boolean;
  readonly hasName: (folded: string) => boolean;
  readonly keys: Set<string>;
  readonly names: Set<string>;
  readonly tried: TriedNames;
  columns: number;
  keyBytes: number;
}

export class Plan {
  readonly #state: CatalogState;
  readonly #limits: CatalogLimits;
  readonly #databases = new Map<string, DatabaseMade>();
  readonly #settings: SettingsSet[] = [];
  readonly #tables: TableMade[] = [];
  readonly #columns: ColumnMade[] = [];
  /** What the names of the plan count. */
  #namesBytes = 0;
  readonly #deletes: DeleteMade[] = [];
  readonly #deletesDone: number[] = [];
  readonly #droppedDatabases: number[] = [];
  readonly #droppedTables: number[] = [];
  /** By database id and measurement. */
  readonly #drafts = new Map<string, Draft>();
  /** Folded, of databases and tables alike: paths from the root. */
  readonly #folders = new Set<string>();

  constructor(state: CatalogState, limits: CatalogLimits) {
    this.#state = state;
    this.#limits = limits;
  }

  /** Adds a database, unless it is there or planned. @throws SluiceError too-many-databases */
  database(name: string, { tags, types, retentionS }: DatabaseSettings): void {
    if (this.#state.databaseByName(name) !== undefined || this.#databases.has(name)) return;
    if (this.#state.databasesAlive + this.#databases.size >= this.#limits.databasesMax) {
      throw new SluiceError('too-many-databases', `${this.#limits.databasesMax} exist, ${JSON.stringify(name)} would be one more`);
    }
    const id = this.#state.takeId('database');
    const { databaseFoldersEver, databaseNamesEver } = this.#state;
    const folder = folderName(
      name,
      (folded) => databaseFoldersEver.has(folded) || this.#folders.has(folded),
      databaseNamesEver.has(name) ? id : undefined,
    );
    this.#folders.add(fold(folder));
    this.#databases.set(name, { id, name, folder, ...saidSettings({ tags, types, retentionS }) });
  }

  settings(databaseId: number, { tags, types, retentionS }: DatabaseSettings): void {
    this.#settings.push({ database: databaseId, tags, types, retentionS });
  }

  /**
   * Adds columns that a body needs, and their tables when those are new; not what is there, or is over a limit.
   * @param tagsFixed leaves out tags of tables that are not this body's to make
   */
  needs(database: DatabaseEntry, needs: readonly Need[], tagsFixed: boolean): void {
    const drafts = new Map<NeededTable, Draft | undefined>();
    const made = new Set<Draft>();
    for (const need of needs) {
      if (!drafts.has(need.table)) drafts.set(need.table, this.#draft(database, need.table));
      const draft = drafts.get(need.table);
      if (draft === undefined) continue;
      if (draft.made !== undefined) made.add(draft);
      if (!tagsFixed || need.kind !== KIND_TAG || made.has(draft)) this.#need(draft, need);
    }
  }

  #need(draft: Draft, need: Need): void {
    const bytes = Buffer.byteLength(need.key);
    if (draft.hasKey(need.key) || draft.keys.has(need.key)) return;
    if (draft.columns >= this.#limits.columnsMax || draft.keyBytes + bytes > this.#limits.columnNameBytesMax) return;
    const namesBytes = nameCost(need.key) + (draft.made === undefined ? 0 : nameCost(draft.made.name));
    if (this.#state.namesBytes + this.#namesBytes + namesBytes > this.#limits.namesBytesMax) return;
    if (draft.made !== undefined) {
      if (this.#isFull()) return;
      this.#tables.push(draft.made);
      draft.made = undefined;
    }
    this.#namesBytes += namesBytes;
    const name = columnName(need.key, (folded) => draft.hasName(folded) || draft.names.has(folded), draft.tried);
    this.#columns.push({ id: this.#state.takeId('column'), table: draft.id, key: need.key, kind: need.kind, name });
    draft.keys.add(need.key);
    draft.names.add(fold(name));
    draft.columns += 1;
    draft.keyBytes += bytes;
  }

  /** Gives columns of a table other names in its files. @param isTaken whether a folded name is that of a column of others */
  rename(tableId: number, columnIds: ReadonlySet<number>, isTaken: (folded: string) => boolean): void {
    const entry = this.#state.table(tableId);
    const names = new Set<string>();
    for (const column of entry?.table.columns ?? []) {
      if (!columnIds.has(column.id)) continue;
      const name = columnName(column.key, (folded) => entry!.foldedNames.has(folded) || names.has(folded) || isTaken(folded));
      names.add(fold(name));
      this.#columns.push({ ...column, table: tableId, name });
    }
  }

  dropDatabase(id: number): void {
    this.#droppedDatabases.push(id);
  }

  dropTable(id: number): void {
    this.#droppedTables.push(id);
  }

  /** Deletes rows. @throws SluiceError too-many-deletes */
  deleteRows(made: DeleteMade): void {
    const pending = this.#state.tombstones.ofDatabase(made.database);
    if (pending.length >= TOMBSTONES_MAX && !this.#state.tombstones.hasCoveredBy(made)) {
      throw new SluiceError('too-many-deletes', `${pending.length} deletes of this database wait until its files are written anew, which sluice compact hurries; one with a wider range or without tags takes the place of several`);
    }
    this.#deletes.push(made);
  }

  /** Rows of deletes are gone from all files. */
  endDeletes(seqs: readonly number[]): void {
    this.#deletesDone.push(...seqs.filter((seq) => this.#state.tombstones.has(seq)));
  }

  /** null when there is nothing to change. */
  change(): CatalogChange | null {
    const databases = [...this.#databases.values()];
    const dropped = { databases: this.#droppedDatabases, tables: this.#droppedTables };
    const lists = [databases, this.#settings, this.#columns, this.#deletes, this.#deletesDone, dropped.databases, dropped.tables];
    if (lists.every((list) => list.length === 0)) return null;
    return { databases, settings: this.#settings, tables: this.#tables, columns: this.#columns, deletes: this.#deletes, deletesDone: this.#deletesDone, dropped };
  }

  #draft(database: DatabaseEntry, { id, measurement }: NeededTable): Draft | undefined {
    const place = `${database.database.id}/${measurement}`;
    const known = this.#drafts.get(place);
    if (known !== undefined) return known;
    const entry = database.tables.get(measurement);
    if (entry === undefined && id !== 0) return undefined; // dropped meanwhile: the worker will know before it parses again
    const draft = entry === undefined ? this.#newTable(database, measurement) : {
      id: entry.table.id,
      made: undefined,
      hasKey: (key: string) => entry.byKey.has(key),
      hasName: (folded: string) => entry.foldedNames.has(folded),
      keys: new Set<string>(), names: new Set<string>(), tried: entry.triedNames, columns: entry.byKey.size, keyBytes: entry.keyBytes,
    };
    if (draft !== undefined) this.#drafts.set(place, draft);
    return draft;
  }

  #newTable(database: DatabaseEntry, measurement: string): Draft | undefined {
    if (this.#isFull()) return undefined;
    const id = this.#state.takeId('table');
    const path = (folder: string) => `${database.database.folder}/${folder}`;
    const isTaken = (folded: string) => {
      const foldedPath = fold(path(folded));
      return database.foldersEver.has(foldedPath) || this.#state.foldersOfOthers.has(foldedPath) || this.#folders.has(foldedPath);
    };
    const folder = path(folderName(measurement, isTaken, database.measurementsEver.has(measurement) ? id : undefined));
    this.#folders.add(fold(folder));
    const none = () => false;
    return {
      id, made: { id, database: database.database.id, name: measurement, folder },
      hasKey: none, hasName: none, keys: new Set(), names: new Set(), tried: new Map(), columns: 0, keyBytes: 0,
    };
  }

  #isFull(): boolean {
    return this.#state.tablesAlive + this.#tables.length >= this.#limits.tablesMax;
  }
}

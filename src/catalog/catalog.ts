/** Databases, tables and columns: what there is, and what comes to be. Main's alone; a change counts once its record is synced. */
import { RULE_TAGS_FIXED } from '../../assembly/layout/codes.js';
import { SluiceError } from '../errors.js';
import { areSame, PLAIN_SETTINGS, type DatabaseSettings } from '../database-settings.js';
import type { SchemaRules } from '../schema-rules.js';
import type { Tombstone } from '../model/tombstone.js';
import type { Need } from '../model/schema.js';
import { Plan, type CatalogLimits } from './plan.js';
import { decodeChange, encodeChange, type CatalogChange, type DeleteMade } from './catalog-record.js';
import type { CatalogSnapshot, SnapshotSource } from './snapshot.js';
import type { Applied, Database, DatabaseEntry, DroppedDatabase, DroppedTable, Table } from './entries.js';
import { CatalogState } from './state.js';

export type { Applied, Database, Table } from './entries.js';

export interface CatalogOptions {
  /** 8 hex digits; stands in the snapshot. */
  readonly node: string;
  readonly limits: CatalogLimits;
  /** Of databases that are made without saying any; plain when absent. */
  readonly rules?: SchemaRules;
  /** Puts a record on disk and returns its seq. */
  readonly commit: (record: Buffer) => Promise<number>;
}

/** Something that waits for its part of a record. */
interface Request {
  /** Shares its record with no other. */
  readonly alone: boolean;
  /** Adds its part. @throws SluiceError when it cannot have it */
  readonly join: (plan: Plan) => void;
  readonly resolve: (applied: Applied | null) => void;
  readonly reject: (error: Error) => void;
}

export class Catalog {
  readonly #options: CatalogOptions;
  readonly #state: CatalogState;
  readonly #listeners: ((applied: Applied) => void)[] = [];
  #waiting: Request[] = [];
  #isWorking = false;

  constructor(options: CatalogOptions, state = new CatalogState()) {
    this.#options = options;
    this.#state = state;
  }

  static fromSnapshot(snapshot: CatalogSnapshot, options: Omit<CatalogOptions, 'node'>): Catalog {
    return new Catalog({ ...options, node: snapshot.node }, CatalogState.fromSnapshot(snapshot));
  }

  /** The living database of a name. */
  database(name: string): Database | undefined {
    return this.#state.databaseByName(name)?.database;
  }

  /** Living databases, oldest first. */
  databases(): Database[] {
    return this.#state.databases().map(({ database }) => database);
  }

  /** A living table. */
  table(id: number): Table | undefined {
    return this.#state.table(id)?.table;
  }

  /** Living tables, of one database or of all. */
  tables(databaseId?: number): Table[] {
    const databases = databaseId === undefined ? this.#state.databases() : [this.#state.database(databaseId)];
    return databases.flatMap((entry) => [...(entry?.tables.values() ?? [])].map(({ table }) => table));
  }

  /** Dropped tables that the catalog still knows. */
  droppedTables(): DroppedTable[] {
    return this.#state.droppedTables();
  }

  /** Keeps folders that the catalog does not know from new databases and tables. @param paths below the root of tables */
  reserveFolders(paths: Iterable<string>): void {
    this.#state.reserveFolders(paths);
  }

  /** Forgets dropped tables that nothing names any more: in memory, and in the next snapshot. */
  forget(tableIds: readonly number[]): void {
    this.#state.forget(tableIds);
  }

  /** Dropped databases that the catalog still knows, though no table of theirs. */
  droppedDatabases(): DroppedDatabase[] {
    return this.#state.droppedDatabases();
  }

  /** Forgets those, as tables by `forget`. */
  forgetDatabases(databaseIds: readonly number[]): void {
    this.#state.forgetDatabases(databaseIds);
  }

  /**
   * The database of a name, made when there is none.
   * @param settings of a new one; rules left out are the options'
   * @throws SluiceError too-many-databases, and what commit throws
   */
  async ensureDatabase(name: string, settings: Partial<DatabaseSettings> = {}): Promise<Database> {
    const there = this.database(name);
    if (there !== undefined) return there;
    await this.#request((plan) => plan.database(name, { ...PLAIN_SETTINGS, ...this.#options.rules, ...settings }));
    const made = this.database(name);
    if (made === undefined) throw new SluiceError('database-dropped', name);
    return made;
  }

  /** Gives a database other settings, for the writes and looks that begin from now on; null when there is none of that name. */
  async changeSettings(name: string, settings: Partial<DatabaseSettings>): Promise<Database | null> {
    let id: number | undefined;
    await this.#request((plan) => {
      const found = this.database(name);
      id = found?.id;
      if (found === undefined) return;
      const wanted = { ...found, ...settings };
      if (!areSame(wanted, found)) plan.settings(found.id, wanted);
    }, true);
    return id === undefined ? null : this.#state.database(id)?.database ?? null;
  }

  /**
   * Makes the tables and columns that are needed and may be. What is there already, is of another kind or is over a
   * limit is left out: the worker judges its lines again. Calls made while a record is being written share the next.
   * @param rules RULE_* that the body is judged by
   * @returns the database's tables that the record changed, whole
   * @throws SluiceError database-dropped, and what commit throws
   */
  async decide(databaseId: number, needs: readonly Need[], rules = 0): Promise<Table[]> {
    const applied = await this.#request((plan) => {
      const database = this.#state.database(databaseId);
      if (database === undefined) throw new SluiceError('database-dropped', `its id was ${databaseId}`);
      plan.needs(database, needs, (rules & RULE_TAGS_FIXED) !== 0);
    });
    return applied?.defined.filter((table) => table.databaseId === databaseId) ?? [];
  }

  /** Gives columns of a table other names in files: none of its files has them yet. @param isTaken whether a folded name is that of a column of others */
  async renameColumns(tableId: number, columnIds: ReadonlySet<number>, isTaken: (folded: string) => boolean): Promise<void> {
    await this.#request((plan) => plan.rename(tableId, columnIds, isTaken), true);
  }

  /** Drops a database with its tables, and returns them; null when there is none of that name. */
  async dropDatabase(name: string): Promise<{ database: Database; tables: Table[] } | null> {
    let gone: DatabaseEntry | undefined;
    let tables: Table[] = [];
    await this.#request((plan) => {
      gone = this.#state.databaseByName(name);
      if (gone === undefined) return;
      tables = this.tables(gone.database.id);
      plan.dropDatabase(gone.database.id);
    }, true);
    return gone === undefined ? null : { database: gone.database, tables };
  }

  /** Drops a table, and returns it; null when there is none of that name. */
  async dropTable(databaseId: number, measurement: string): Promise<Table | null> {
    let gone: Table | undefined;
    await this.#request((plan) => {
      gone = this.#state.database(databaseId)?.tables.get(measurement)?.table;
      if (gone !== undefined) plan.dropTable(gone.id);
    }, true);
    return gone ?? null;
  }

  /** Deletes that may still have rows to take; of a table, or all. */
  tombstones(table?: Table): Tombstone[] {
    return table === undefined ? this.#state.tombstones.all() : this.#state.tombstones.ofTable(table);
  }

  /**
   * Deletes rows that were written until now; those that are written from here on stay.
   * @returns whether there was what it is about
   * @throws SluiceError too-many-deletes, and what commit throws
   */
  async deleteRows(made: DeleteMade): Promise<boolean> {
    let isThere = false;
    await this.#request((plan) => {
      isThere = made.table === null ? this.tables(made.database).length > 0 : this.table(made.table) !== undefined;
      if (isThere) plan.deleteRows(made);
    }, true);
    return isThere;
  }

  /** No file, memtable or quarantine holds rows of these deletes any more. @throws what commit throws */
  async endDeletes(seqs: readonly number[]): Promise<void> {
    await this.#request((plan) => plan.endDeletes(seqs), true);
  }

  /** Rows of a table up to a seq are in files, by a commit that stands. In memory and in the next snapshot. */
  setFlushedTo(tableId: number, seq: number): void {
    this.#state.setFlushedTo(tableId, seq, true);
  }

  /** Rows of a table up to a seq are in quarantine, those that were in files already apart. As `setFlushedTo`. */
  setQuarantinedTo(tableId: number, seq: number): void {
    this.#state.setFlushedTo(tableId, seq, false);
  }

  /** Called with every change once it is on disk, before whoever asked for it knows. */
  subscribe(listener: (applied: Applied) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Takes up a record of the log, at start, in order. One that the snapshot holds does nothing.
   * @returns what of it could not be taken up, in sentences
   */
  applyRecord(record: Uint8Array, seq: number): readonly string[] {
    try {
      return this.apply(decodeChange(record), seq);
    } catch (error) {
      return [`catalog record ${seq} is passed over: ${(error as Error).message}`];
    }
  }

  /** Takes up a change whose ids are given, as `applyRecord` does. */
  apply(change: CatalogChange, seq: number): readonly string[] {
    return this.#state.apply(change, seq).problems;
  }

  /** All that it knows now. */
  snapshot(): SnapshotSource {
    return this.#state.toSnapshot(this.#options.node);
  }

  #request(join: Request['join'], alone = false): Promise<Applied | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ alone, join, resolve, reject });
      if (!this.#isWorking) void this.#work();
    });
  }

  /** Writes record after record until nothing waits. Starts a microtask late, so that calls of one moment share one. */
  async #work(): Promise<void> {
    this.#isWorking = true;
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#write(this.#takeGroup());
    this.#isWorking = false;
  }

  /** The requests of the next record: a drop by itself, so that all others come before or after it. */
  #takeGroup(): Request[] {
    const drop = this.#waiting.findIndex(({ alone }) => alone);
    if (drop < 0) return this.#waiting.splice(0);
    return this.#waiting.splice(0, drop === 0 ? 1 : drop);
  }

  async #write(group: readonly Request[]): Promise<void> {
    const plan = new Plan(this.#state, this.#options.limits);
    const joined = group.filter(({ join, reject }) => {
      try {
        join(plan);
        return true;
      } catch (error) {
        reject(error as Error);
        return false;
      }
    });
    try {
      const change = plan.change();
      const applied = change === null ? null : await this.#commit(change);
      for (const { resolve } of joined) resolve(applied);
    } catch (error) {
      for (const { reject } of joined) reject(error as Error);
    }
  }

  async #commit(change: CatalogChange): Promise<Applied> {
    const seq = await this.#options.commit(encodeChange(change));
    const applied = this.#state.apply(change, seq);
    for (const listener of this.#listeners) listener(applied);
    return applied;
  }
}

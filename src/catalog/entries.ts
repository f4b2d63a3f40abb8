/** What the catalog is made of: databases and tables, as others see them and with their indices, and what a change did. */
import type { TriedNames } from '../names.js';
import type { DatabaseSettings } from '../database-settings.js';
import type { ColumnDefinition, TableDefinition } from '../model/schema.js';
import type { Tombstone } from '../model/tombstone.js';

export interface Database extends DatabaseSettings {
  readonly id: number;
  readonly name: string;
  /** Below the root of the tables. */
  readonly folder: string;
  /** Seq of its creation. */
  readonly created: number;
}

/** A table as main knows it: what workers know and where it is. Never changed in place; safe to hand on. */
export interface Table extends TableDefinition {
  readonly databaseName: string;
  /** Below the root of the tables. */
  readonly folder: string;
  /** Seq of our last commit that is known to stand; below `flushedTo` where rows went into quarantine instead. */
  readonly committedTo: number;
}

/** A table that is gone. */
export interface DroppedTable extends Table {
  /** Seq of the drop. */
  readonly dropped: number;
}

/** A database that was dropped, and of which no table is known any more. */
export interface DroppedDatabase {
  readonly id: number;
  readonly folder: string;
  /** Seq of the drop. */
  readonly dropped: number;
}

/** What was made and dropped, by name; of a dropped database not each table. */
interface News {
  readonly databases: readonly string[];
  readonly tables: readonly Table[];
  readonly droppedDatabases: readonly string[];
  readonly droppedTables: readonly Table[];
  /** Rows that were deleted; no measurement: of all. */
  readonly deletes: readonly (Tombstone & { readonly databaseName: string; readonly measurement: string | null })[];
  /** Databases that keep their rows for another time than before, or were made with a time; null is for ever. */
  readonly retentions: readonly { readonly name: string; readonly retentionS: number | null }[];
}

/** What a change did. */
export interface Applied {
  readonly seq: number;
  /** Tables that are new or have new columns, whole. */
  readonly defined: readonly Table[];
  /** The same with their new columns alone: who knew the others knows all then. */
  readonly added: readonly TableDefinition[];
  /** Ids of tables that are gone. */
  readonly dropped: readonly number[];
  readonly news: News;
  /** What of the change made no sense, in sentences. */
  readonly problems: readonly string[];
}

/** A database with what its tables need; it stays, without them, when it is dropped. */
export interface DatabaseEntry {
  /** Replaced, never changed in place. */
  database: Database;
  /** Seq of the drop; 0 while it lives. */
  dropped: number;
  /** Living tables by measurement. */
  readonly tables: Map<string, TableEntry>;
  /** Every measurement that was a table, as far as is known. */
  readonly measurementsEver: Set<string>;
  /** Every folder of a table that was, folded, as far as is known. */
  readonly foldersEver: Set<string>;
}

/** A table with its indices; a dropped one has no columns, but its name and folder stay. */
export interface TableEntry {
  table: Table;
  dropped: number;
  readonly byKey: Map<string, ColumnDefinition>;
  readonly foldedNames: Set<string>;
  readonly triedNames: TriedNames;
  /** UTF-8 bytes of all keys. */
  keyBytes: number;
}

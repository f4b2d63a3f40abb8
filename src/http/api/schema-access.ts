/** What the front end asks of the databases and their tables. */
import type { DatabaseSettings } from '../../database-settings.js';
import type { DeletedPoints } from '../../model/tombstone.js';

interface Database {
  readonly id: number;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
  /** null: it keeps its rows for ever. */
  readonly retentionS: number | null;
}

export interface SchemaTable {
  readonly measurement: string;
  /** `kind` is a KIND_* of the ABI. */
  readonly columns: readonly { readonly key: string; readonly kind: number }[];
}

export interface SchemaAccess {
  /** Oldest first. */
  databases(): readonly Database[];
  /** Null when there is no such database. */
  tables(database: string): readonly SchemaTable[] | null;
  /**
   * Returns false when it is there already. Rules left out are the server's for new databases.
   * @throws SluiceError bad-database-name, too-many-databases, log-failed
   */
  createDatabase(name: string, settings?: Partial<DatabaseSettings>): Promise<boolean>;
  /** Settings left out stay. Returns null when there is no such database. @throws SluiceError log-failed */
  changeSettings(name: string, settings: Partial<DatabaseSettings>): Promise<DatabaseSettings | null>;
  /** Returns how many tables went, null when there is no such database. @throws SluiceError log-failed */
  dropDatabase(name: string): Promise<number | null>;
  /**
   * Deletes rows that were written until now, of all measurements for null. Returns how many tables may have had some.
   * @throws SluiceError database-not-found, bad-request, too-many-deletes, log-failed
   */
  deleteRows(database: string, points: DeletedPoints & { readonly measurement: string | null }): Promise<number>;
  /** Returns false when there is no such database or measurement. @throws SluiceError log-failed */
  dropMeasurement(database: string, measurement: string): Promise<boolean>;
}

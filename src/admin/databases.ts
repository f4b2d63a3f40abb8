/** Databases and measurements as people handle them: listed, made, dropped. What HTTP and the control socket share. */
import type { Catalog, Table } from '../catalog/catalog.js';
import { KIND_TAG } from '../../assembly/layout/codes.js';
import { SluiceError } from '../errors.js';
import { mayTakeAny, type DeletedPoints } from '../model/tombstone.js';
import { atMost } from '../in-turn.js';
import { checkDatabaseName, type DatabaseNameRule } from '../names.js';
import type { DatabaseSettings } from '../database-settings.js';
import type { LineCounts } from '../ingest/line-counts.js';
import type { RejectStore } from '../rejects/reject-store.js';
import type { Cleanup } from '../tables/cleanup.js';

interface SchemaParts {
  readonly catalog: Catalog;
  readonly cleanup: Cleanup;
  readonly lines: LineCounts;
  readonly rejects: RejectStore;
  /** Of new databases. */
  readonly databaseNames: DatabaseNameRule;
}

/** Points of one measurement; null: of all. */
interface PointsToDelete extends DeletedPoints {
  readonly measurement: string | null;
}

interface DatabaseListing {
  readonly id: number;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
  /** null: it keeps its rows for ever. */
  readonly retentionS: number | null;
}

export class DatabaseAdmin {
  readonly #parts: SchemaParts;
  /** What drops left behind and is still to be moved or removed, by its folder. */
  readonly #leftovers = new Map<string, () => Promise<void>>();
  readonly #inTurn = atMost(1);

  constructor(parts: SchemaParts) {
    this.#parts = parts;
  }

  /** Oldest first. */
  databases(): DatabaseListing[] {
    // The seq of its creation counts microseconds.
    return this.#parts.catalog.databases().map(({ id, name, created, retentionS }) => ({ id, name, createdMs: Math.floor(created / 1000), retentionS }));
  }

  /** Tables of a database, oldest first; null when there is none of that name. */
  tables(database: string): Table[] | null {
    const { catalog } = this.#parts;
    const found = catalog.database(database);
    return found === undefined ? null : catalog.tables(found.id);
  }

  /**
   * Makes a database.
   * @param settings rules left out are the server's for new databases
   * @returns false when it is there already
   * @throws SluiceError bad-database-name, too-many-databases, log-failed
   */
  async createDatabase(name: string, settings: Partial<DatabaseSettings> = {}): Promise<boolean> {
    const problem = checkDatabaseName(name, this.#parts.databaseNames);
    if (problem !== null) throw new SluiceError('bad-database-name', `${JSON.stringify(name.slice(0, 80))} ${problem}`);
    const { catalog } = this.#parts;
    if (catalog.database(name) !== undefined) return false;
    await catalog.ensureDatabase(name, settings);
    return true;
  }

  /**
   * Gives a database other settings; those left out stay.
   * @returns those it has now; null when there is no such database
   * @throws SluiceError log-failed
   */
  async changeSettings(name: string, settings: Partial<DatabaseSettings>): Promise<DatabaseSettings | null> {
    return this.#parts.catalog.changeSettings(name, settings);
  }

  /**
   * Drops a database with its tables.
   * @returns how many tables went; null when there is no such database
   * @throws SluiceError log-failed
   */
  async dropDatabase(name: string): Promise<number | null> {
    const { catalog, cleanup, lines, rejects } = this.#parts;
    const dropped = await catalog.dropDatabase(name);
    if (dropped === null) return null;
    lines.forget(name);
    this.#leftovers.set(`rejects/${dropped.database.folder}`, () => rejects.forget(dropped.database.folder));
    for (const table of dropped.tables) this.#leftovers.set(`tables/${table.folder}`, () => cleanup.toTrash(table));
    await this.#clearQuietly();
    return dropped.tables.length;
  }

  /**
   * Drops the table of a measurement: a later write makes it anew, with types of its own.
   * @returns false when there is no such database or measurement
   * @throws SluiceError log-failed
   */
  async dropMeasurement(database: string, measurement: string): Promise<boolean> {
    const { catalog, cleanup } = this.#parts;
    const found = catalog.database(database);
    if (found === undefined) return false;
    const dropped = await catalog.dropTable(found.id, measurement);
    if (dropped === null) return false;
    this.#leftovers.set(`tables/${dropped.folder}`, () => cleanup.toTrash(dropped));
    await this.#clearQuietly();
    return true;
  }

  /**
   * Deletes rows that were written until now, of one measurement or of all; what was written until then is in no answer any
   * more when it resolves.
   * @returns how many tables may have had such rows
   * @throws SluiceError database-not-found; bad-request for a tag that is a field; too-many-deletes; log-failed
   */
  async deleteRows(database: string, { measurement, ...points }: PointsToDelete): Promise<number> {
    const { catalog } = this.#parts;
    const found = catalog.database(database);
    if (found === undefined) throw new SluiceError('database-not-found', database);
    const named = catalog.tables(found.id).filter((table) => measurement === null || table.measurement === measurement);
    const field = points.tags.map(([key]) => key).find((key) => measurement !== null && named.some(({ columns }) => columns.some((each) => each.key === key && each.kind !== KIND_TAG)));
    if (field !== undefined) throw new SluiceError('bad-request', `${JSON.stringify(field.slice(0, 80))} is a field of ${measurement}: rows are deleted by measurement, time and tags alone`);
    const tables = named.filter(({ columns }) => mayTakeAny(points, new Set(columns.filter(({ kind }) => kind === KIND_TAG).map(({ key }) => key))));
    if (tables.length === 0 || BigInt(points.firstNs) > BigInt(points.lastNs)) return 0;
    await catalog.deleteRows({ ...points, database: found.id, table: tables.length === 1 ? tables[0]!.id : null });
    return tables.length;
  }

  /** Moves or removes what drops left behind. Call it about once a second. @throws why some of it stays, with one sentence for all */
  clear(): Promise<void> {
    return this.#inTurn(() => this.#clear());
  }

  async #clear(): Promise<void> {
    const failures: string[] = [];
    for (const [folder, action] of this.#leftovers) {
      try {
        await action();
        this.#leftovers.delete(folder);
      } catch (error) {
        failures.push(`${folder}: ${(error as Error).message}`);
      }
    }
    if (failures.length > 0) throw new Error(failures.length === 1 ? failures[0] : `${failures[0]} (and ${failures.length - 1} more)`);
  }

  /** A drop stands once its record is on disk, whatever becomes of its folders: `clear` says what stays and tries again. */
  async #clearQuietly(): Promise<void> {
    await this.clear().catch(() => undefined);
  }
}

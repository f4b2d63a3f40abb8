/** Databases in memory, for the pages that handle them. */
import { KIND_BOOL, KIND_F64, KIND_I64, KIND_STRING, KIND_TAG, KIND_U64 } from '../../assembly/layout/codes.js';
import { SluiceError } from '../../src/errors.js';
import type { SchemaAccess as Schema, SchemaTable } from '../../src/http/api/schema-access.js';
import { checkDatabaseName } from '../../src/names.js';
import { PLAIN_SETTINGS, type DatabaseSettings } from '../../src/database-settings.js';

/** A table of every kind of column. */
const CPU: SchemaTable = {
  measurement: 'cpu',
  columns: [
    { key: 'region', kind: KIND_TAG }, { key: 'load', kind: KIND_F64 }, { key: 'host', kind: KIND_TAG }, { key: 'cores', kind: KIND_I64 },
    { key: 'bytes', kind: KIND_U64 }, { key: 'up', kind: KIND_BOOL }, { key: 'a "name"', kind: KIND_STRING },
  ],
};
const BARE: SchemaTable = { measurement: 'bare metal', columns: [{ key: 'v', kind: KIND_F64 }] };

/** What settings say, a retention as its seconds or `for-ever`. */
function said({ retentionS, ...rules }: Partial<DatabaseSettings>): string[] {
  return [...Object.values(rules), ...(retentionS === undefined ? [] : [retentionS === null ? 'for-ever' : String(retentionS)])];
}

export class FakeSchema implements Schema {
  readonly #tables = new Map<string, SchemaTable[]>([
    ['metrics', [CPU, BARE]], ['metrics/two_weeks', [{ ...BARE, measurement: 'old' }]], ['empty', []],
  ]);
  readonly #periods = new Map<string, number | null>();
  /** Every change, in its order. */
  readonly changes: string[] = [];
  /** Thrown by the next change. */
  fault: Error | null = null;
  /** What a change waits for, as for a sync. */
  settled: () => Promise<void> = async () => {};

  /** Adds a database with tables. */
  put(name: string, tables: readonly SchemaTable[]): void {
    this.#tables.set(name, [...tables]);
  }

  databases() {
    return [...this.#tables.keys()].map((name, i) => ({ id: i + 10, name, createdMs: Date.UTC(2026, 0, 1 + i), retentionS: this.#periods.get(name) ?? null }));
  }

  tables(database: string) {
    return this.#tables.get(database) ?? null;
  }

  async createDatabase(name: string, settings: Partial<DatabaseSettings> = {}) {
    const problem = checkDatabaseName(name, 'plain');
    if (problem !== null) throw new SluiceError('bad-database-name', problem);
    await this.settled();
    this.#change(['create', name, ...said(settings)].join(' '));
    if (this.#tables.has(name)) return false;
    this.#tables.set(name, []);
    this.#periods.set(name, settings.retentionS ?? null);
    return true;
  }

  async changeSettings(name: string, settings: Partial<DatabaseSettings>) {
    this.#change(['set', name, ...said(settings)].join(' '));
    if (!this.#tables.has(name)) return null;
    const retentionS = settings.retentionS === undefined ? this.#periods.get(name) ?? null : settings.retentionS;
    this.#periods.set(name, retentionS);
    return { ...PLAIN_SETTINGS, ...settings, retentionS };
  }

  async dropDatabase(name: string) {
    await this.settled();
    this.#change(`drop ${name}`);
    const tables = this.#tables.get(name)?.length ?? null;
    this.#tables.delete(name);
    return tables;
  }

  async dropMeasurement(database: string, measurement: string) {
    this.#change(`drop ${database} ${measurement}`);
    const tables = this.#tables.get(database) ?? [];
    this.#tables.set(database, tables.filter((table) => table.measurement !== measurement));
    return this.#tables.get(database)!.length < tables.length;
  }

  async deleteRows(database: string, { firstNs, lastNs, measurement, tags }: Parameters<Schema['deleteRows']>[1]) {
    this.#change(['delete', database, measurement ?? '*', firstNs, lastNs, ...tags.map((tag) => tag.join('='))].join(' '));
    const tables = this.#tables.get(database);
    if (tables === undefined) throw new SluiceError('database-not-found', database);
    return tables.length;
  }

  #change(what: string): void {
    if (this.fault !== null) throw this.fault;
    this.changes.push(what);
  }
}

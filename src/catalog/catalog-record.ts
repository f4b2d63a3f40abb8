/** The catalog's records in the log: JSON, read with care. Pure; the format stands in DESIGN.md, section 5. */
import { asList, asNumber, asObject, asText, asWord } from '../json.js';
import type { DatabaseSettings } from '../database-settings.js';
import { TAG_RULES, TYPE_RULES } from '../schema-rules.js';

/** With those of its settings that are not plain. */
export interface DatabaseMade extends Partial<DatabaseSettings> {
  readonly id: number;
  readonly name: string;
  /** Below `tables/`. */
  readonly folder: string;
}
export interface TableMade {
  readonly id: number;
  /** Database id. */
  readonly database: number;
  /** The measurement. */
  readonly name: string;
  /** Below the database's folder. */
  readonly folder: string;
}
export interface ColumnMade {
  readonly id: number;
  /** Table id. */
  readonly table: number;
  readonly key: string;
  /** KIND_* of the ABI. */
  readonly kind: number;
  /** In the files. */
  readonly name: string;
}
/** New settings of a database. Records of before do not say the retention: it stays. */
export interface SettingsSet extends Omit<DatabaseSettings, 'retentionS'>, Partial<Pick<DatabaseSettings, 'retentionS'>> {
  /** Database id. */
  readonly database: number;
}

/** One change of the catalog; the lists apply in this order. A dropped database takes its tables along. */
export interface CatalogChange {
  readonly databases: readonly DatabaseMade[];
  readonly settings: readonly SettingsSet[];
  readonly tables: readonly TableMade[];
  readonly columns: readonly ColumnMade[];
  readonly dropped: { readonly databases: readonly number[]; readonly tables: readonly number[] };
}

export function encodeChange(change: CatalogChange): Buffer {
  const some = <T>(list: readonly T[]): readonly T[] | undefined => (list.length > 0 ? list : undefined);
  const { databases, tables } = change.dropped;
  return Buffer.from(JSON.stringify({
    databases: some(change.databases),
    settings: some(change.settings),
    tables: some(change.tables),
    columns: some(change.columns),
    dropped: databases.length + tables.length > 0 ? { databases: some(databases), tables: some(tables) } : undefined,
  }));
}

/** @throws with a sentence when the bytes are no change */
export function decodeChange(bytes: Uint8Array): CatalogChange {
  const change = asObject(JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()));
  const dropped = asObject(change['dropped'] ?? {});
  return {
    databases: asList(change['databases'], decodeDatabase),
    settings: asList(change['settings'], decodeSettings),
    tables: asList(change['tables'], decodeTable),
    columns: asList(change['columns'], decodeColumn),
    dropped: { databases: asList(dropped['databases'], asNumber), tables: asList(dropped['tables'], asNumber) },
  };
}

export function decodeDatabase(value: unknown): DatabaseMade {
  const { id, name, folder, tags, types, retentionS } = asObject(value);
  return {
    id: asNumber(id), name: asText(name), folder: asText(folder),
    ...(tags === undefined ? {} : { tags: asWord(tags, TAG_RULES) }), ...(types === undefined ? {} : { types: asWord(types, TYPE_RULES) }),
    ...(retentionS === undefined ? {} : { retentionS: asNumber(retentionS) }),
  };
}

function decodeSettings(value: unknown): SettingsSet {
  const { database, tags, types, retentionS } = asObject(value);
  return {
    database: asNumber(database), tags: asWord(tags, TAG_RULES), types: asWord(types, TYPE_RULES),
    ...(retentionS === undefined ? {} : { retentionS: retentionS === null ? null : asNumber(retentionS) }),
  };
}

export function decodeTable(value: unknown): TableMade {
  const { id, database, name, folder } = asObject(value);
  return { id: asNumber(id), database: asNumber(database), name: asText(name), folder: asText(folder) };
}

export function decodeColumn(value: unknown): ColumnMade {
  const { id, table, key, kind, name } = asObject(value);
  return { id: asNumber(id), table: asNumber(table), key: asText(key), kind: asNumber(kind), name: asText(name) };
}

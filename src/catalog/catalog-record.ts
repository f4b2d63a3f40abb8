/** The catalog's records in the log: JSON, read with care. Pure; the format stands in DESIGN.md, section 5. */
import { asList, asNumber, asObject, asText, asWord } from '../json.js';
import { LAST_NS, FIRST_NS, type Tombstone } from '../model/tombstone.js';
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

/** A delete as its record has it: the seq is that of the record. */
export type DeleteMade = Omit<Tombstone, 'seq'>;

/** One change of the catalog; the lists apply in this order. A dropped database takes its tables along. */
export interface CatalogChange {
  readonly databases: readonly DatabaseMade[];
  readonly settings: readonly SettingsSet[];
  readonly tables: readonly TableMade[];
  readonly columns: readonly ColumnMade[];
  /** Rows that are deleted: one at most, for a record of its own. */
  readonly deletes: readonly DeleteMade[];
  /** Seqs of deletes whose rows are gone from all files. */
  readonly deletesDone: readonly number[];
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
    deletes: some(change.deletes.map(encodedDelete)),
    deletesDone: some(change.deletesDone),
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
    deletes: asList(change['deletes'], decodeDelete),
    deletesDone: asList(change['deletesDone'], asNumber),
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

export function decodeDelete(value: unknown): DeleteMade {
  const { database, table, firstNs = String(FIRST_NS), lastNs = String(LAST_NS), tags } = asObject(value);
  return { database: asNumber(database), table: table === undefined ? null : asNumber(table), firstNs: asNanoseconds(firstNs), lastNs: asNanoseconds(lastNs), tags: asList(tags, asTag) };
}

/** What is not bounded is left out. */
export function encodedDelete({ database, firstNs, lastNs, table, tags }: DeleteMade): Readonly<Record<string, unknown>> {
  return {
    database, ...(table === null ? {} : { table }), ...(BigInt(firstNs) === FIRST_NS ? {} : { firstNs }), ...(BigInt(lastNs) === LAST_NS ? {} : { lastNs }),
    ...(tags.length === 0 ? {} : { tags }),
  };
}

function asNanoseconds(value: unknown): string {
  const text = asText(value);
  if (!/^-?\d{1,19}$/.test(text)) throw new Error(`there should be nanoseconds where there is ${JSON.stringify(text.slice(0, 100))}`);
  return text;
}

function asTag(value: unknown): readonly [string, string] {
  const [key, tag] = asList(value, asText);
  return [asText(key), asText(tag)];
}

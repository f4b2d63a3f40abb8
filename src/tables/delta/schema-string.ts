/** A table's columns as Delta's schemaString, and back. */
import { KIND_BOOL, KIND_F64, KIND_I64, KIND_STRING, KIND_TAG, KIND_U64 } from '../../../assembly/layout/codes.js';
import { fold, OWN_COLUMNS } from '../../names.js';
import type { ColumnDefinition } from '../../model/schema.js';

/** A column of a schema, as Delta describes it. */
export interface SchemaField {
  readonly name: string;
  /** A word for the types sluice writes; others may add columns of nested types. */
  readonly type: unknown;
  readonly nullable: boolean;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const ownTypes = { time: 'timestamp', sluice_ns: 'integer', sluice_seq: 'long' } as const;
const ownKinds = { time: 'time', sluice_ns: 'ns', sluice_seq: 'seq' } as const;

const typeOfKind: ReadonlyMap<number, string> = new Map([
  [KIND_TAG, 'string'],
  [KIND_F64, 'double'],
  [KIND_I64, 'long'],
  [KIND_U64, 'decimal(20,0)'],
  [KIND_BOOL, 'boolean'],
  [KIND_STRING, 'string'],
]);

const kindOfType: ReadonlyMap<unknown, number> = new Map([...typeOfKind].filter(([kind]) => kind !== KIND_TAG).map(([kind, type]) => [type, kind]));

/** The fields of a table of ours: our three first, then its columns in their order. */
export function schemaOf(columns: readonly ColumnDefinition[]): SchemaField[] {
  const own = OWN_COLUMNS.map((name) => ({
    name,
    type: ownTypes[name],
    nullable: false,
    metadata: { 'sluice.kind': ownKinds[name] },
  }));
  const theirs = columns.map((column) => ({
    name: column.name,
    type: typeOfKind.get(column.kind),
    nullable: true,
    metadata: {
      'sluice.id': column.id,
      'sluice.key': column.key,
      'sluice.kind': column.kind === KIND_TAG ? 'tag' : 'field',
    },
  }));
  return [...own, ...theirs];
}

/**
 * The schema to commit: ours, then the committed fields that are not ours. What others did to a field of ours stays:
 * a loosened `nullable` (their rows may hold nulls) and their metadata, but for `parquet.field.id`, with which DuckDB
 * 1.5.5 reads a column as all null.
 * @throws when a committed field of the same name has another type, or one that differs in case alone
 */
export function mergeSchemas(ours: readonly SchemaField[], committed: readonly SchemaField[]): SchemaField[] {
  const known = new Map(committed.map((field) => [field.name, field]));
  const merged = ours.map((field) => {
    const before = known.get(field.name);
    // Files that are there already have no value for it, whatever it is.
    if (before === undefined) return committed.length > 0 ? { ...field, nullable: true } : field;
    known.delete(field.name);
    if (before.type !== field.type) {
      throw new Error(`column ${field.name} is ${JSON.stringify(before.type)} in the table and would be ${String(field.type)}`);
    }
    const { 'parquet.field.id': _, ...metadata } = { ...before.metadata, ...field.metadata } as Record<string, unknown>;
    return { ...field, nullable: field.nullable || before.nullable, metadata };
  });
  const all = [...merged, ...known.values()];
  const folded = new Map<string, string>();
  for (const { name } of all) {
    const other = folded.get(fold(name));
    if (other !== undefined) throw new Error(`columns ${other} and ${name} differ in case alone`);
    folded.set(fold(name), name);
  }
  return all;
}

/** Columns of ours whose names columns of others have, and which names are not free. */
export interface TakenNames {
  /** Ids. */
  readonly columns: ReadonlySet<number>;
  readonly isTaken: (folded: string) => boolean;
}

/**
 * Finds columns that no commit of ours has, and that another writer's column stands in the way of: of the same name and
 * another type, or of one that differs in case alone. One of the same name and type is shared.
 */
export function takenNames(columns: readonly ColumnDefinition[], committed: readonly SchemaField[]): TakenNames {
  const byFolded = new Map(committed.map((field) => [fold(field.name), field]));
  const ours = new Set(committed.map(columnIdOf));
  const inTheWay = columns.filter(({ id, kind, name }) => {
    const field = byFolded.get(fold(name));
    return field !== undefined && !ours.has(id) && (field.name !== name || field.type !== typeOfKind.get(kind));
  });
  return { columns: new Set(inTheWay.map(({ id }) => id)), isTaken: (folded) => byFolded.has(folded) };
}

export function schemaString(fields: readonly SchemaField[]): string {
  return JSON.stringify({ type: 'struct', fields });
}

/** Reads a schemaString. @throws when the text is not a Delta schema */
export function parseSchema(text: string): SchemaField[] {
  const schema = JSON.parse(text) as { fields?: unknown };
  if (!Array.isArray(schema.fields)) throw new Error('the schema has no list of fields');
  return schema.fields.map((field: Partial<SchemaField>) => {
    if (typeof field.name !== 'string') throw new Error('the schema has a field without a name');
    return { name: field.name, type: field.type, nullable: field.nullable !== false, metadata: field.metadata ?? {} };
  });
}

/** The column that `schemaOf` made a field of, or null when it is one of our three or another writer's. */
export function columnOf(field: SchemaField): ColumnDefinition | null {
  const { name, type, metadata } = field;
  const id = columnIdOf(field);
  const key = metadata['sluice.key'];
  const role = metadata['sluice.kind'];
  const kind = role === 'field' ? kindOfType.get(type) : role === 'tag' && type === 'string' ? KIND_TAG : undefined;
  return id === null || id < 1 || typeof key !== 'string' || kind === undefined ? null : { id, kind, key, name };
}

/** The catalog's id of a field, or null when it is none of ours. delta-rs turns the number into a string. */
export function columnIdOf(field: SchemaField): number | null {
  const value = field.metadata['sluice.id'];
  const id = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof id === 'number' && Number.isSafeInteger(id) ? id : null;
}

/** A table's schema, and the types of its columns as a Parquet reader must find them. */
import { array, boolean, decode, literal, looseObject, nullish, object, string, unknown } from '../json.js';

export interface Field {
  readonly name: string;
  /** A word for a plain type; an object for a nested one. */
  readonly type: unknown;
  readonly nullable: boolean;
  /** tag, field, time, ns or seq in tables of sluice. */
  readonly kind: unknown;
}

const schemaText = object({
  type: literal('struct'),
  fields: array(object({ name: string(), type: unknown(), nullable: nullish(boolean()), metadata: nullish(looseObject({})) })),
});

/** What DuckDB calls the types that files may hold for a column; a decimal may be of fewer digits. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  string: ['VARCHAR'], long: ['BIGINT'], integer: ['INTEGER'], short: ['SMALLINT', 'INTEGER'], byte: ['TINYINT', 'INTEGER'],
  double: ['DOUBLE'], float: ['FLOAT'], boolean: ['BOOLEAN'], binary: ['BLOB'], date: ['DATE'],
  timestamp: ['TIMESTAMP WITH TIME ZONE', 'TIMESTAMP', 'TIMESTAMP_NS', 'TIMESTAMP_MS', 'TIMESTAMP_S'],
};

/** Reads a schemaString. @throws Error with a sentence when it is none that every engine takes */
export function fieldsOf(text: string): Field[] {
  const { fields } = decode(schemaText, JSON.parse(text));
  const seen = new Map<string, string>();
  return fields.map(({ name, type, nullable, metadata }) => {
    if (typeof type === 'string' ? TYPES[type] === undefined && decimalOf(type) === null : typeof type !== 'object' || type === null) {
      throw new Error(`column ${name} is of type ${JSON.stringify(type)}, which the protocol does not have`);
    }
    const folded = name.toLowerCase().replaceAll('ς', 'σ');
    const other = seen.get(folded);
    if (other !== undefined) throw new Error(`columns ${other} and ${name} differ in case alone`);
    seen.set(folded, name);
    return { name, type, nullable: nullable !== false, kind: metadata?.['sluice.kind'] };
  });
}

/** Digits and scale of a decimal type, or null. */
export function decimalOf(type: unknown): { readonly digits: number; readonly scale: number } | null {
  const [, digits, scale] = /^decimal(?:\((\d+),\s*(-?\d+)\))?$/i.exec(String(type)) ?? [];
  if (!/^decimal/i.test(String(type))) return null;
  return { digits: Number(digits ?? 10), scale: Number(scale ?? 0) };
}

/** Whether a file may hold a column of this type as what DuckDB calls so. */
export function fits(type: unknown, found: string): boolean {
  if (typeof type !== 'string') return /[([]/.test(found);
  const wanted = decimalOf(type);
  if (wanted === null) return TYPES[type]!.includes(found);
  const [, , scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(found) ?? [];
  return scale === undefined ? wanted.scale === 0 && ['INTEGER', 'BIGINT'].includes(found) : Number(scale) === wanted.scale;
}

/** Columns of a data file: their order, and how each kind is written (parquet.thrift, SchemaElement; DESIGN.md section 8). */
import * as abi from '../../../assembly/layout/codes.js';
import { COLUMN_NS, COLUMN_SEQ, COLUMN_TIME } from '../../../assembly/layout/flush.js';
import type { ColumnDefinition } from '../../model/schema.js';
import type { ThriftWriter } from './thrift.js';

export type FileColumnKind = 'time' | 'ns' | 'seq' | 'tag' | 'f64' | 'i64' | 'u64' | 'bool' | 'string';

export interface FileColumn {
  /** Id in the table, or COLUMN_TIME, COLUMN_NS, COLUMN_SEQ. */
  readonly id: number;
  readonly name: string;
  readonly kind: FileColumnKind;
}

/** Physical types by their Parquet numbers. */
const BOOLEAN = 0;
const INT32 = 1;
const INT64 = 2;
const DOUBLE = 5;
const BYTE_ARRAY = 6;
const FIXED_LEN_BYTE_ARRAY = 7;

const CONVERTED_UTF8 = 0;
const CONVERTED_DECIMAL = 5;
const CONVERTED_TIMESTAMP_MICROS = 10;

const REQUIRED = 0;
const OPTIONAL = 1;

/** Digits of the largest u64, and the bytes of a decimal of so many. */
export const U64_DIGITS = 20;
export const DECIMAL_BYTES = 9;

const PHYSICAL_TYPES: Readonly<Record<FileColumnKind, number>> = {
  time: INT64, ns: INT32, seq: INT64, tag: BYTE_ARRAY, f64: DOUBLE, i64: INT64, u64: FIXED_LEN_BYTE_ARRAY,
  bool: BOOLEAN, string: BYTE_ARRAY,
};

/** Converted types by their Parquet numbers; the others have none. */
const CONVERTED_TYPES: Readonly<Partial<Record<FileColumnKind, number>>> = {
  time: CONVERTED_TIMESTAMP_MICROS, tag: CONVERTED_UTF8, string: CONVERTED_UTF8, u64: CONVERTED_DECIMAL,
};

const OWN_FILE_COLUMNS: readonly FileColumn[] = [
  { id: COLUMN_TIME, name: 'time', kind: 'time' },
  { id: COLUMN_NS, name: 'sluice_ns', kind: 'ns' },
  { id: COLUMN_SEQ, name: 'sluice_seq', kind: 'seq' },
];

const KINDS = new Map<number, FileColumnKind>([
  [abi.KIND_TAG, 'tag'], [abi.KIND_F64, 'f64'], [abi.KIND_I64, 'i64'], [abi.KIND_U64, 'u64'],
  [abi.KIND_BOOL, 'bool'], [abi.KIND_STRING, 'string'],
]);

/**
 * Columns of a file with these columns of a table: our own three first.
 * @throws when a kind is unknown
 */
export function fileColumns(columns: readonly ColumnDefinition[]): readonly FileColumn[] {
  const given = columns.map(({ id, name, kind: number }) => {
    const kind = KINDS.get(number);
    if (kind === undefined) throw new Error(`column ${name} has kind ${number}, which no file can hold`);
    return { id, name, kind };
  });
  return [...OWN_FILE_COLUMNS, ...given];
}

/** Parquet number of the physical type. */
export function physicalType(column: FileColumn): number {
  return PHYSICAL_TYPES[column.kind];
}

/** What a SchemaElement of a file says of its column; 0 and -1 for what it does not say. */
interface WrittenAs {
  readonly type: number;
  readonly length: number;
  readonly repetition: number;
  readonly converted: number;
}

/** Whether `writeSchemaElement` writes the column so. */
export function isWrittenAs(column: FileColumn, { type, length, repetition, converted }: WrittenAs): boolean {
  return type === physicalType(column) && length === (column.kind === 'u64' ? DECIMAL_BYTES : 0)
    && repetition === (isRequired(column) ? REQUIRED : OPTIONAL) && converted === (CONVERTED_TYPES[column.kind] ?? -1);
}

/** Our own columns have a value in every row. */
export function isRequired(column: FileColumn): boolean {
  return column.kind === 'time' || column.kind === 'ns' || column.kind === 'seq';
}

/** Writes the fields of a SchemaElement. No field_id: delta-rs makes a key of it that blinds DuckDB (docs/tables.md). */
export function writeSchemaElement(writer: ThriftWriter, column: FileColumn): void {
  const { kind, name } = column;
  writer.i32(1, physicalType(column));
  if (kind === 'u64') writer.i32(2, DECIMAL_BYTES);
  writer.i32(3, isRequired(column) ? REQUIRED : OPTIONAL);
  writer.binary(4, name);
  if (kind === 'tag' || kind === 'string') {
    writer.i32(6, CONVERTED_UTF8);
    writer.struct(10, () => writer.struct(1, noFields));
  } else if (kind === 'time') {
    writer.i32(6, CONVERTED_TIMESTAMP_MICROS);
    writer.struct(10, () => writer.struct(8, () => {
      writer.bool(1, true);
      writer.struct(2, () => writer.struct(2, noFields));
    }));
  } else if (kind === 'u64') {
    writer.i32(6, CONVERTED_DECIMAL);
    writer.i32(7, 0);
    writer.i32(8, U64_DIGITS);
    writer.struct(10, () => writer.struct(5, () => {
      writer.i32(1, 0);
      writer.i32(2, U64_DIGITS);
    }));
  }
}

export function noFields(): void {}

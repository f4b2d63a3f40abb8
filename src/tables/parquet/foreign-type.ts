/** In which types another writer may write the values of a column of ours (parquet.thrift, SchemaElement and LogicalType). */
import { U64_DIGITS, type FileColumn } from './file-columns.js';
import { numberOf, type ThriftStruct } from './thrift-reader.js';

/** How values are written. */
export interface ForeignType {
  readonly type: PhysicalType;
  /** Bytes of a value of fixed length. */
  readonly length: number | undefined;
  readonly isRequired: boolean;
  /** Of a time that is a whole number: microseconds of its unit. */
  readonly unitMicros: bigint;
}

type PhysicalType = 'BOOLEAN' | 'INT32' | 'INT64' | 'INT96' | 'FLOAT' | 'DOUBLE' | 'BYTE_ARRAY' | 'FIXED_LEN_BYTE_ARRAY';
/** By their Parquet numbers. */
const PHYSICAL_TYPES: readonly PhysicalType[] = ['BOOLEAN', 'INT32', 'INT64', 'INT96', 'FLOAT', 'DOUBLE', 'BYTE_ARRAY', 'FIXED_LEN_BYTE_ARRAY'];
const REQUIRED = 0;

/** Converted types, which older writers have alone. */
const UTF8 = 0;
const DECIMAL = 5;
const TIMESTAMP_MILLIS = 9;
const TIMESTAMP_MICROS = 10;
const INT_32 = 17;
const INT_64 = 18;
/** Fields of the union LogicalType. */
const LOGICAL_STRING = 1;
const LOGICAL_TIMESTAMP = 8;
/** Fields of the union TimeUnit. */
const UNIT_MILLIS = 1;
const UNIT_MICROS = 2;

const MICROS_PER_MILLI = 1000n;

/** The type of a column of a file; null when its values may be others than those of ours. */
export function typeOf(column: FileColumn, element: ThriftStruct): ForeignType | null {
  const type = PHYSICAL_TYPES[numberOf(element, 1)];
  if (type === undefined) return null;
  const unitMicros = column.kind === 'time' ? unitOf(type, element) : 1n;
  if (unitMicros === null || !isOfKind(column, type, element)) return null;
  return { type, length: element.has(2) ? numberOf(element, 2) : undefined, isRequired: numberOf(element, 3) === REQUIRED, unitMicros };
}

function isOfKind({ kind }: FileColumn, type: PhysicalType, element: ThriftStruct): boolean {
  const converted = numberOf(element, 6, -1);
  const isPlain = (own: number): boolean => converted === own || (converted === -1 && !element.has(10));
  switch (kind) {
    case 'time': return type === 'INT64' || type === 'INT96';
    case 'ns': return type === 'INT32' && isPlain(INT_32);
    case 'seq':
    case 'i64': return type === 'INT64' && isPlain(INT_64);
    case 'f64': return type === 'DOUBLE' && isPlain(-1);
    case 'bool': return type === 'BOOLEAN' && isPlain(-1);
    case 'u64':
      return (type === 'FIXED_LEN_BYTE_ARRAY' || type === 'BYTE_ARRAY') && converted === DECIMAL && numberOf(element, 7, 0) === 0 && numberOf(element, 8) === U64_DIGITS;
    case 'tag':
    case 'string': return type === 'BYTE_ARRAY' && (converted === UTF8 || partOf(element, 10)?.has(LOGICAL_STRING) === true);
  }
}

/** Only times in UTC are ours. */
function unitOf(type: PhysicalType, element: ThriftStruct): bigint | null {
  if (type === 'INT96') return 1n;
  const timestamp = partOf(partOf(element, 10), LOGICAL_TIMESTAMP);
  const unit = partOf(timestamp, 2);
  if (timestamp !== undefined && timestamp.get(1) !== true) return null;
  const converted = timestamp === undefined ? numberOf(element, 6, -1) : -1;
  if (unit?.has(UNIT_MICROS) || converted === TIMESTAMP_MICROS) return 1n;
  return unit?.has(UNIT_MILLIS) || converted === TIMESTAMP_MILLIS ? MICROS_PER_MILLI : null;
}

function partOf(struct: ThriftStruct | undefined, id: number): ThriftStruct | undefined {
  const part = struct?.get(id);
  return part instanceof Map ? (part as ThriftStruct) : undefined;
}

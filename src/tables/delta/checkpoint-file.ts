/**
 * A checkpoint of the classic kind as a Parquet file: one action a row. Ours carry a mark in the footer, by which damage to
 * them shows; those of others are read as they are.
 */
import { crcOf } from '../../crc.js';
import { compressors, parquetMetadata, parquetReadObjects, parquetSchema, parquetWriteBuffer, type SchemaElement } from '../parquet/hyparquet-library.js';
import { ENGINE } from './actions.js';

/** An action with all that is kept of it, as in a line of a commit. */
export type FullAction = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The rows of a checkpoint. */
export interface CheckpointRows {
  /** An action each, as JSON in the order of the schema, without what is null. */
  readonly lines: readonly string[];
  /** It has our mark, and the mark is right. */
  readonly isOurs: boolean;
}

/**
 * Key of the mark among those of the footer. It holds the CRC-32 of the whole file with that checksum as zeros: damage must
 * show before anything is decoded, for a decoder may believe any length.
 */
const MARK = 'sluice.checkpoint';
const NO_CRC = '0'.repeat(8);
const MARK_TEXT = /^sluice\.checkpoint[^{]{1,3}\{"version":(\d{1,16}),"crc":"([0-9a-f]{8})"\}/;
const MARK_BYTES_MAX = 100;
/** A sluice, of whatever version. */
const MAKER = /sluice\/\d+\.\d+\.\d+/;
/** The mark and the name of the maker stand so close to the end of the file. */
const TAIL_BYTES = 512;

/** `seen`: a part of which only counts whether it is there; it cannot be written. */
type Type = 'text' | 'long' | 'int' | 'flag' | 'texts' | 'map' | 'seen' | readonly Field[];
type Field = readonly [name: string, type: Type];
type Part = Readonly<Record<string, unknown>>;

/** What a row may hold. */
const ACTIONS: readonly (readonly [name: string, parts: readonly Field[]])[] = [
  ['txn', [['appId', 'text'], ['version', 'long'], ['lastUpdated', 'long']]],
  ['add', [
    ['path', 'text'], ['partitionValues', 'map'], ['size', 'long'], ['modificationTime', 'long'], ['dataChange', 'flag'], ['stats', 'text'], ['tags', 'map'],
    ['deletionVector', 'seen'],
  ]],
  ['remove', [['path', 'text'], ['deletionTimestamp', 'long'], ['dataChange', 'flag'], ['extendedFileMetadata', 'flag'], ['partitionValues', 'map'], ['size', 'long']]],
  ['metaData', [
    ['id', 'text'], ['name', 'text'], ['description', 'text'], ['format', [['provider', 'text'], ['options', 'map']]], ['schemaString', 'text'],
    ['partitionColumns', 'texts'], ['configuration', 'map'], ['createdTime', 'long'],
  ]],
  ['protocol', [['minReaderVersion', 'int'], ['minWriterVersion', 'int'], ['readerFeatures', 'texts'], ['writerFeatures', 'texts']]],
];
/** Columns of what few tables have are written for those alone: no reader must ask what they are. */
const SELDOM: ReadonlySet<string> = new Set(['readerFeatures', 'writerFeatures', 'deletionVector']);

/** Rows are encoded, and given to readers, in lots of so many. */
const ROW_GROUP_ROWS = 20_000;

/**
 * Encodes a checkpoint. Parts of actions that no column is known for are left out.
 * @param version of the table, which the mark says too
 * @returns the file, and its rows as `decodeCheckpoint` must give them back
 * @throws Error for a part that has no place in it
 */
export function encodeCheckpoint(actions: readonly FullAction[], version: number): { bytes: Uint8Array; lines: readonly string[] } {
  const rows = actions.map((action) => knownOf(action, ACTIONS) as Record<string, Part | undefined>);
  const lines = rows.map((row) => JSON.stringify(row));
  const columns = ACTIONS.map(([name, parts]) => [name, parts.filter(([part]) => !SELDOM.has(part) || rows.some((row) => row[name]?.[part] !== undefined))] as const);
  const bytes = Buffer.from(parquetWriteBuffer({
    schema: [{ name: 'spark_schema', num_children: columns.length }, ...columns.flatMap(elementsOf)],
    columnData: columns.map(([name, parts]) => ({ name, data: rows.map((row) => (row[name] === undefined ? null : forParquet(row[name], parts))) })),
    statistics: false, rowGroupSize: ROW_GROUP_ROWS, createdBy: ENGINE,
    kvMetadata: [{ key: MARK, value: JSON.stringify({ version, crc: NO_CRC }) }],
  }));
  bytes.write(crcOf(bytes), bytes.indexOf(`"crc":"${NO_CRC}"`, bytes.lastIndexOf(MARK)) + '"crc":"'.length);
  return { bytes, lines };
}

/**
 * Decodes a checkpoint.
 * @param parts all its files, in order
 * @param version that it is of, by its name
 * @throws Error when a file is no Parquet, or is ours and not what was written
 */
export async function decodeCheckpoint(parts: readonly Buffer[], version: number): Promise<CheckpointRows> {
  const lines: string[] = [];
  const isOurs = parts.map((part) => isWholeOfOurs(part, version)).includes(true);
  for (const part of parts) {
    const file = part.buffer.slice(part.byteOffset, part.byteOffset + part.byteLength) as ArrayBuffer;
    const metadata = parquetMetadata(file);
    const there = new Set(parquetSchema(metadata).children.map(({ element }) => element.name));
    const columns = ACTIONS.map(([name]) => name).filter((name) => there.has(name));
    for (const row of await parquetReadObjects({ file, metadata, columns, compressors })) lines.push(JSON.stringify(knownOf(row, ACTIONS)));
  }
  return { lines, isOurs };
}

/** Whether a file is ours, by its mark or the name of its maker. @throws Error when it is, and is not what was written */
function isWholeOfOurs(bytes: Buffer, version: number): boolean {
  const tailAt = Math.max(0, bytes.length - TAIL_BYTES);
  const markAt = bytes.lastIndexOf(MARK);
  if (markAt < tailAt && !MAKER.test(bytes.subarray(tailAt).toString('latin1'))) return false;
  const [, ofVersion, crc] = MARK_TEXT.exec(bytes.subarray(Math.max(0, markAt), markAt + MARK_BYTES_MAX).toString('latin1')) ?? [];
  const unmarked = Buffer.from(bytes);
  if (crc !== undefined) unmarked.write(NO_CRC, unmarked.indexOf(crc, markAt + MARK.length));
  if (crc === undefined || crc !== crcOf(unmarked)) throw new Error('its checksum is wrong');
  if (Number(ofVersion) !== version) throw new Error(`it is of version ${ofVersion}`);
  return true;
}

function elementsOf([name, type]: Field): SchemaElement[] {
  const repetition_type = 'OPTIONAL' as const;
  const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;
  switch (type) {
    case 'text': return [{ name, repetition_type, ...text }];
    case 'long': return [{ name, repetition_type, type: 'INT64' }];
    case 'int': return [{ name, repetition_type, type: 'INT32' }];
    case 'flag': return [{ name, repetition_type, type: 'BOOLEAN' }];
    case 'texts':
      return [{ name, repetition_type, num_children: 1, converted_type: 'LIST' }, { name: 'list', repetition_type: 'REPEATED', num_children: 1 }, { name: 'element', repetition_type, ...text }];
    case 'map':
      return [
        { name, repetition_type, num_children: 1, converted_type: 'MAP' }, { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
        { name: 'key', repetition_type: 'REQUIRED', ...text }, { name: 'value', repetition_type, ...text },
      ];
    case 'seen': throw new Error(`sluice writes no ${name}`);
    default: return [{ name, repetition_type, num_children: type.length }, ...type.flatMap(elementsOf)];
  }
}

/** The known parts of an action, or of a part of one, in their order, without what is null. */
function knownOf(value: Part, fields: readonly Field[]): Part {
  const known: Record<string, unknown> = {};
  for (const [name, type] of fields) {
    const part = value[name];
    if (part !== null && part !== undefined) known[name] = knownPart(part, type);
  }
  return known;
}

/** Whole numbers past 2^53, which JSON does not hold, are texts. */
function knownPart(part: unknown, type: Type): unknown {
  if (typeof type !== 'string') return knownOf(part as Part, type);
  if (type === 'seen') return {};
  if (typeof part !== 'bigint') return part;
  return Number.isSafeInteger(Number(part)) ? Number(part) : String(part);
}

function forParquet(value: Part, fields: readonly Field[]): Part {
  return Object.fromEntries(fields.flatMap(([name, type]) => {
    const part = value[name];
    if (part === undefined) return [];
    if (type === 'long') return [[name, BigInt(part as number | string)]];
    return [[name, typeof type === 'string' ? part : forParquet(part as Part, type)]];
  }));
}

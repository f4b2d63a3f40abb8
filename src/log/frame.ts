/** Frames: what decided the outcome of a body. Pure; the layout stands in DESIGN.md, section 4. */
import { RULE_GRAMMAR_1 } from '../../assembly/layout/codes.js';
import { ENCODING_GZIP, type Encoding } from '../model/encoding.js';

/** The header of a frame; the body as received follows it. */
export interface FrameHeader {
  readonly encoding: Encoding;
  /** PRECISION_* of the ABI, resolved. */
  readonly precision: number;
  readonly databaseId: number;
  readonly inflatedBytes: number;
  /** Worker slot whose memtables took the rows. */
  readonly slot: number;
  /** The body's ordinal in that slot. */
  readonly ordinal: number;
  /** Nanoseconds since 1970 of lines without a timestamp. */
  readonly defaultTime: bigint;
  /** Lines. */
  readonly accepted: number;
  readonly rejected: number;
  /** u64 over the accepted rows. */
  readonly checksum: bigint;
  /** (first, last) physical line pairs. */
  readonly rejectedRuns: Uint32Array;
  /** RULE_* of the ABI that it was judged by: into which columns its values went; RULE_GRAMMAR_1 when its grammar is 1. */
  readonly rules: number;
  readonly tableIds: readonly number[];
}

const INPUT_LINE_PROTOCOL = 1;
const GRAMMAR = 2;
const FIXED_BYTES = 72;
/** A run is two lines, a table one id, u32 each. */
const RUN_BYTES = 8;
const TABLE_BYTES = 4;

/** Bytes that `encodeFrame` writes. */
export function frameBytes(header: FrameHeader): number {
  return FIXED_BYTES + (header.rejectedRuns.length / 2) * RUN_BYTES + header.tableIds.length * TABLE_BYTES;
}

/** Writes a header at `at`; every one of its `frameBytes` bytes is set. */
export function encodeFrame(header: FrameHeader, into: Buffer, at: number): void {
  into.fill(0, at, at + FIXED_BYTES);
  into[at] = INPUT_LINE_PROTOCOL;
  into[at + 1] = header.encoding;
  into[at + 2] = header.precision;
  into[at + 3] = (header.rules & RULE_GRAMMAR_1) === 0 ? GRAMMAR : 1;
  into.writeUInt32LE(header.databaseId, at + 4);
  into.writeUInt32LE(header.inflatedBytes, at + 8);
  into.writeUInt32LE(header.slot, at + 12);
  into.writeBigInt64LE(header.defaultTime, at + 16);
  into.writeUInt32LE(header.accepted, at + 24);
  into.writeUInt32LE(header.rejected, at + 28);
  into.writeBigUInt64LE(header.checksum, at + 32);
  into.writeUInt32LE(header.rejectedRuns.length / 2, at + 40);
  into.writeUInt32LE(header.tableIds.length, at + 44);
  into.writeUInt32LE(header.ordinal, at + 48);
  into[at + 52] = header.rules & ~RULE_GRAMMAR_1;
  let end = at + FIXED_BYTES;
  for (const line of header.rejectedRuns) end = into.writeUInt32LE(line, end);
  for (const tableId of header.tableIds) end = into.writeUInt32LE(tableId, end);
}

/** Reads what `encodeFrame` wrote. @returns null when the bytes are no frame of this version */
export function decodeFrame(bytes: Buffer): FrameHeader | null {
  const tableIds = decodeTableIds(bytes);
  if (tableIds === null) return null;
  const rejectedRuns = new Uint32Array(bytes.readUInt32LE(40) * 2);
  for (let i = 0; i < rejectedRuns.length; i += 1) rejectedRuns[i] = bytes.readUInt32LE(FIXED_BYTES + i * 4);
  return {
    encoding: bytes.readUInt8(1) as Encoding,
    precision: bytes.readUInt8(2),
    databaseId: decodeDatabaseId(bytes),
    inflatedBytes: bytes.readUInt32LE(8),
    slot: bytes.readUInt32LE(12),
    ordinal: bytes.readUInt32LE(48),
    defaultTime: bytes.readBigInt64LE(16),
    accepted: bytes.readUInt32LE(24),
    rejected: bytes.readUInt32LE(28),
    checksum: bytes.readBigUInt64LE(32),
    rejectedRuns,
    rules: (bytes.readUInt8(52) & ~RULE_GRAMMAR_1) | (bytes[3] === 1 ? RULE_GRAMMAR_1 : 0),
    tableIds,
  };
}

/** The database alone, of bytes that `decodeTableIds` takes. */
export function decodeDatabaseId(bytes: Buffer): number {
  return bytes.readUInt32LE(4);
}

/** The tables alone: a scan of the whole log needs no more. @returns null when the bytes are no frame of this version */
export function decodeTableIds(bytes: Buffer): number[] | null {
  if (bytes.length < FIXED_BYTES || bytes[0] !== INPUT_LINE_PROTOCOL || (bytes[3] !== 1 && bytes[3] !== GRAMMAR)) return null;
  if (bytes.readUInt8(1) > ENCODING_GZIP) return null;
  const tables = bytes.readUInt32LE(44);
  const tablesAt = FIXED_BYTES + bytes.readUInt32LE(40) * RUN_BYTES;
  if (tablesAt + tables * TABLE_BYTES !== bytes.length) return null;
  return Array.from({ length: tables }, (_, i) => bytes.readUInt32LE(tablesAt + i * TABLE_BYTES));
}

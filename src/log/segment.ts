/** Segments and the records in them, byte by byte. Pure; the layout stands in DESIGN.md, section 4. */
import { crc32 } from '../crc.js';

export const SEGMENT_HEADER_BYTES = 64;
export const RECORD_HEADER_BYTES = 32;
/** Records start at multiples of this. */
const ALIGN_BYTES = 8;

export const KIND_FRAME = 1;
export const KIND_CATALOG = 2;
export const KIND_GIVEN_UP = 3;

const SEGMENT_MAGIC = Buffer.from('SLUICELG', 'latin1');
const FORMAT = 3;
/** Programs of this format and later ones can read what is written here: since 3 frames have grammar 2. */
const READABLE_FROM = 3;
/** Since this one a header names the segment before. */
const FORMAT_OF_PREVIOUS = 2;
const SEGMENT_CRC_AT = 60;
const RECORD_MAGIC = 0x4c534c53;
const RECORD_MAGIC_BYTES = Buffer.from(Uint32Array.of(RECORD_MAGIC).buffer);
const HEADER_CRC_AT = 28;

/** Who began a segment, and with which seq. */
export interface SegmentHeader {
  readonly first: number;
  /** 8 hex digits. */
  readonly node: string;
  /** Microseconds since 1970. */
  readonly processStart: number;
  /** First number of the segment before it, 0: none; null: an older program wrote it and did not say. */
  readonly previous: number | null;
  /** Offset where the last record of that segment ended; 0: it is not said. */
  readonly previousEnd: number;
}

/** A record in a window of its segment; its views share the window's memory. */
export interface LogRecord {
  readonly is: 'record';
  readonly kind: number;
  readonly seq: number;
  readonly fixed: Buffer;
  readonly payload: Buffer;
  /** With header and padding. */
  readonly bytes: number;
}

/** What stands at a place of a segment. */
export type Step =
  | LogRecord
  /** No record; the next place where one can be is `bytes` further on. */
  | { readonly is: 'bad'; readonly bytes: number }
  /** The window must hold `bytes` from here to tell. */
  | { readonly is: 'more'; readonly bytes: number };

export function encodeSegmentHeader(header: SegmentHeader & { readonly previous: number }): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  SEGMENT_MAGIC.copy(bytes);
  bytes.writeUInt32LE(FORMAT, 8);
  bytes.writeUInt32LE(READABLE_FROM, 12);
  bytes.writeDoubleLE(header.first, 16);
  bytes.write(header.node, 24, 8, 'latin1');
  bytes.writeDoubleLE(header.processStart, 32);
  bytes.writeDoubleLE(header.previous, 40);
  bytes.writeDoubleLE(header.previousEnd, 48);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, SEGMENT_CRC_AT)), SEGMENT_CRC_AT);
  return bytes;
}

/** @returns 'damaged' when it is no whole header, 'newer' when this program is too old to read the segment */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | 'damaged' | 'newer' {
  if (bytes.length < SEGMENT_HEADER_BYTES || !bytes.subarray(0, 8).equals(SEGMENT_MAGIC)) return 'damaged';
  if (bytes.readUInt32LE(SEGMENT_CRC_AT) !== crc32(bytes.subarray(0, SEGMENT_CRC_AT))) return 'damaged';
  if (bytes.readUInt32LE(12) > FORMAT) return 'newer';
  const first = bytes.readDoubleLE(16);
  const saysPrevious = bytes.readUInt32LE(8) >= FORMAT_OF_PREVIOUS;
  const previous = saysPrevious ? bytes.readDoubleLE(40) : null;
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(previous ?? 0)) return 'damaged';
  return {
    first,
    node: bytes.toString('latin1', 24, 32),
    processStart: bytes.readDoubleLE(32),
    previous,
    previousEnd: saysPrevious ? bytes.readDoubleLE(48) : 0,
  };
}

/** What the CRCs of a segment's records start from, so that a record of another segment never passes. */
export function crcSeed(first: number): number {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(first);
  return crc32(bytes);
}

/** Bytes of a record in its segment. */
export function recordBytes(fixedBytes: number, payloadBytes: number): number {
  return Math.ceil((RECORD_HEADER_BYTES + fixedBytes + payloadBytes) / ALIGN_BYTES) * ALIGN_BYTES;
}

/** Writes header, CRCs and padding of a record whose fixed part and payload already stand behind the header's place. */
export function finishRecord(
  into: Buffer,
  at: number,
  { kind, seq, fixedBytes, payloadBytes }: { kind: number; seq: number; fixedBytes: number; payloadBytes: number },
  seed: number,
): void {
  const bodyAt = at + RECORD_HEADER_BYTES;
  const end = bodyAt + fixedBytes + payloadBytes;
  into.fill(0, end, at + recordBytes(fixedBytes, payloadBytes));
  into.writeUInt32LE(RECORD_MAGIC, at);
  into.writeUInt32LE(kind, at + 4);
  into.writeUInt32LE(fixedBytes, at + 8);
  into.writeUInt32LE(payloadBytes, at + 12);
  into.writeDoubleLE(seq, at + 16);
  into.writeUInt32LE(crc32(into.subarray(bodyAt, end), seed), at + 24);
  into.writeUInt32LE(crc32(into.subarray(at, at + HEADER_CRC_AT), seed), at + HEADER_CRC_AT);
}

/**
 * Reads what stands at `at` of a window of a segment.
 * A record whose header passes and whose body does not is skipped whole, so that nothing in a body is taken for a record.
 * @param left bytes of the segment from `at` on, whether in the window or not
 */
export function readRecord(window: Buffer, at: number, left: number, seed: number): Step {
  if (left < RECORD_HEADER_BYTES) return { is: 'bad', bytes: left };
  if (window.length - at < RECORD_HEADER_BYTES) return { is: 'more', bytes: RECORD_HEADER_BYTES };
  if (window.readUInt32LE(at) !== RECORD_MAGIC || !headerPasses(window, at, seed)) {
    return { is: 'bad', bytes: nextMagic(window, at + ALIGN_BYTES) - at };
  }
  const fixedBytes = window.readUInt32LE(at + 8);
  const payloadBytes = window.readUInt32LE(at + 12);
  const bytes = recordBytes(fixedBytes, payloadBytes);
  if (bytes > left) return { is: 'bad', bytes: left };
  if (bytes > window.length - at) return { is: 'more', bytes };
  const payloadAt = at + RECORD_HEADER_BYTES + fixedBytes;
  const body = window.subarray(at + RECORD_HEADER_BYTES, payloadAt + payloadBytes);
  if (window.readUInt32LE(at + 24) !== crc32(body, seed)) return { is: 'bad', bytes };
  return {
    is: 'record',
    kind: window.readUInt8(at + 4),
    seq: window.readDoubleLE(at + 16),
    fixed: body.subarray(0, fixedBytes),
    payload: body.subarray(fixedBytes),
    bytes,
  };
}

function headerPasses(window: Buffer, at: number, seed: number): boolean {
  return window.readUInt32LE(at + HEADER_CRC_AT) === crc32(window.subarray(at, at + HEADER_CRC_AT), seed);
}

/** The next aligned place where a record's magic stands, or the end of what can be searched. */
function nextMagic(window: Buffer, from: number): number {
  for (let at = from; ; at = Math.ceil((at + 1) / ALIGN_BYTES) * ALIGN_BYTES) {
    at = window.indexOf(RECORD_MAGIC_BYTES, at);
    if (at < 0) return Math.max(from, window.length - (window.length % ALIGN_BYTES));
    if (at % ALIGN_BYTES === 0) return at;
  }
}

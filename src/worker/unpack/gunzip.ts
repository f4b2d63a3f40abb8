/** Unpacks gzip bodies (RFC 1952) inside the WASM module, straight into the input of its parser. */
import { INFLATE_CORRUPT, INFLATE_TRUNCATED, INFLATE_ENDED, INFLATE_TOO_LARGE } from '../../../assembly/layout/inflate.js';
import { crc32 } from '../../crc.js';
import type { WasmMemory } from '../wasm/chunk.js';
import { guessedBytes, InflateError, tooLarge } from './inflate.js';

/** What unpacking calls in the WASM module (assembly/inflate/inflate.ts); addresses are to be read as unsigned. */
export interface InflateExports {
  input(bytes: number): number;
  packed(bytes: number): number;
  inflate(from: number, bytes: number, outBytes: number, guess: number, bytesMax: number): number;
  inflatedTo(): number;
  inflatedBytes(): number;
}

interface InflateModule {
  readonly memory: WasmMemory;
  readonly exports: InflateExports;
}

const MAGIC_FIRST = 0x1f;
const MAGIC_SECOND = 0x8b;
const METHOD_DEFLATE = 8;
// Flags of a member's header.
const HAS_HEADER_CRC = 2;
const HAS_EXTRA = 4;
const HAS_NAME = 8;
const HAS_COMMENT = 16;
const FLAGS_RESERVED = 0xe0;
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;

/** Where a packed body of `bytes` bytes is to be put for `gunzip`; good until the next call of the module. */
export function packedView({ memory, exports }: InflateModule, bytes: number): Uint8Array {
  const at = exports.packed(bytes) >>> 0;
  return new Uint8Array(memory.buffer, at, bytes);
}

/**
 * Unpacks the body that was put into the packed view: all its members; zeros behind the last one are passed over. A body may
 * have millions of members, so little is done for one.
 * @param bytesMax the most bytes that it may unpack to
 * @returns the bytes that stand in the parser's input then
 * @throws InflateError
 */
export function gunzip(module: InflateModule, bytes: number, bytesMax: number): number {
  const { exports, memory } = module;
  let packed = packedView(module, bytes);
  const guess = guessedBytes(packed, bytesMax);
  let from = 0;
  let unpacked = 0;
  do {
    const start = afterHeader(packed, from);
    const status = exports.inflate(start, bytes, unpacked, guess, bytesMax);
    if (status !== INFLATE_ENDED) throw failure(status, bytesMax);
    // Memory that grew has another buffer.
    if (packed.buffer !== memory.buffer) packed = packedView(module, bytes);
    const end = exports.inflatedBytes() >>> 0;
    const trailer = exports.inflatedTo() >>> 0;
    checkTrailer(packed, trailer, crcOf(module, unpacked, end), end - unpacked);
    from = trailer + TRAILER_BYTES;
    unpacked = end;
  } while (from < bytes && packed[from] !== 0);
  return unpacked;
}

/** CRC-32 of the bytes [start, end) of the parser's input; of none it is 0. */
function crcOf({ exports, memory }: InflateModule, start: number, end: number): number {
  return start === end ? 0 : crc32(new Uint8Array(memory.buffer, (exports.input(0) >>> 0) + start, end - start));
}

function failure(status: number, bytesMax: number): InflateError {
  switch (status) {
    case INFLATE_TRUNCATED: return truncated();
    case INFLATE_TOO_LARGE: return tooLarge(bytesMax);
    case INFLATE_CORRUPT: return new InflateError('gzip', 'invalid deflate data');
    default: throw new Error(`the WASM module gave inflate status ${status}, which does not exist`);
  }
}

function truncated(): InflateError {
  return new InflateError('gzip', 'unexpected end of file');
}

/** Reads the header of the member at `from`; returns where its deflate stream starts. */
function afterHeader(packed: Uint8Array, from: number): number {
  if ((from < packed.length && packed[from] !== MAGIC_FIRST) || (from + 1 < packed.length && packed[from + 1] !== MAGIC_SECOND)) throw new InflateError('gzip', 'incorrect header check');
  if (from + HEADER_BYTES > packed.length) throw truncated();
  if (packed[from + 2] !== METHOD_DEFLATE) throw new InflateError('gzip', 'unknown compression method');
  const flags = packed[from + 3]!;
  if ((flags & FLAGS_RESERVED) !== 0) throw new InflateError('gzip', 'unknown header flags set');
  let at = from + HEADER_BYTES;
  if ((flags & HAS_EXTRA) !== 0) at += 2 + word16(packed, at);
  if ((flags & HAS_NAME) !== 0) at = afterZero(packed, at);
  if ((flags & HAS_COMMENT) !== 0) at = afterZero(packed, at);
  if ((flags & HAS_HEADER_CRC) !== 0) {
    if (word16(packed, at) !== (crc32(packed.subarray(from, at)) & 0xffff)) throw new InflateError('gzip', 'header crc mismatch');
    at += 2;
  }
  if (at > packed.length) throw truncated();
  return at;
}

function word16(packed: Uint8Array, at: number): number {
  if (at + 2 > packed.length) throw truncated();
  return packed[at]! | (packed[at + 1]! << 8);
}

function afterZero(packed: Uint8Array, at: number): number {
  const zero = packed.indexOf(0, at);
  if (zero < 0) throw truncated();
  return zero + 1;
}

/** Compares CRC-32 and size of a member with its trailer. */
function checkTrailer(packed: Uint8Array, at: number, crc: number, bytes: number): void {
  if (at + TRAILER_BYTES > packed.length) throw truncated();
  if (word32(packed, at) !== crc) throw new InflateError('gzip', 'incorrect data check');
  if (word32(packed, at + 4) !== bytes) throw new InflateError('gzip', 'incorrect length check');
}

function word32(packed: Uint8Array, at: number): number {
  return (packed[at]! | (packed[at + 1]! << 8) | (packed[at + 2]! << 16) | (packed[at + 3]! << 24)) >>> 0;
}

/** Unpacks gzip bodies (RFC 1952) inside the WASM module, straight into the input of its parser. */
import { INFLATE_CORRUPT, INFLATE_CUT, INFLATE_ENDED, INFLATE_TOO_LARGE } from '../../assembly/inflate/abi.js';
import { crc32 } from '../crc.js';
import type { WasmMemory } from './chunk.js';
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

const MAGIC = [0x1f, 0x8b];
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
 * Unpacks the body that was put into the packed view: all its members; zeros behind the last one are passed over.
 * @param bytesMax the most bytes that it may unpack to
 * @returns the bytes that stand in the parser's input then
 * @throws InflateError
 */
export function gunzip(module: InflateModule, bytes: number, bytesMax: number): number {
  const { exports } = module;
  const guess = guessedBytes(packedView(module, bytes), bytesMax);
  let from = 0;
  let unpacked = 0;
  do {
    const start = afterHeader(packedView(module, bytes), from);
    const status = exports.inflate(start, bytes, unpacked, guess, bytesMax);
    if (status !== INFLATE_ENDED) throw failure(status, bytesMax);
    const end = exports.inflatedBytes() >>> 0;
    from = checkTrailer(module, bytes, unpacked, end);
    unpacked = end;
  } while (from < bytes && packedView(module, bytes)[from] !== 0);
  return unpacked;
}

function failure(status: number, bytesMax: number): InflateError {
  switch (status) {
    case INFLATE_CUT: return cut();
    case INFLATE_TOO_LARGE: return tooLarge(bytesMax);
    case INFLATE_CORRUPT: return new InflateError('gzip', 'invalid deflate data');
    default: throw new Error(`the WASM module gave inflate status ${status}, which does not exist`);
  }
}

function cut(): InflateError {
  return new InflateError('gzip', 'unexpected end of file');
}

/** Reads the header of the member at `from`; returns where its deflate stream starts. */
function afterHeader(packed: Uint8Array, from: number): number {
  if (MAGIC.some((byte, i) => from + i < packed.length && packed[from + i] !== byte)) throw new InflateError('gzip', 'incorrect header check');
  if (from + HEADER_BYTES > packed.length) throw cut();
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
  if (at > packed.length) throw cut();
  return at;
}

function word16(packed: Uint8Array, at: number): number {
  if (at + 2 > packed.length) throw cut();
  return packed[at]! | (packed[at + 1]! << 8);
}

function afterZero(packed: Uint8Array, at: number): number {
  const zero = packed.indexOf(0, at);
  if (zero < 0) throw cut();
  return zero + 1;
}

/** Compares CRC-32 and size of the member that was unpacked to [start, end) with its trailer; returns what is behind it. */
function checkTrailer({ memory, exports }: InflateModule, bytes: number, start: number, end: number): number {
  const at = exports.inflatedTo() >>> 0;
  if (at + TRAILER_BYTES > bytes) throw cut();
  const trailer = new DataView(memory.buffer, (exports.packed(bytes) >>> 0) + at, TRAILER_BYTES);
  const member = new Uint8Array(memory.buffer, (exports.input(0) >>> 0) + start, end - start);
  if (trailer.getUint32(0, true) !== crc32(member)) throw new InflateError('gzip', 'incorrect data check');
  if (trailer.getUint32(4, true) !== member.length) throw new InflateError('gzip', 'incorrect length check');
  return at + TRAILER_BYTES;
}

/** Unpacks bodies. The door to zlib for bodies, with a hard cap on what comes out. */
import { createRequire } from 'node:module';
import { crc32, createGunzip, gunzipSync } from 'node:zlib';

/** A body that cannot be unpacked: not gzip, truncated, or larger than allowed. */
export class InflateError extends Error {
  readonly problem: 'gzip' | 'body-too-large';
  constructor(problem: 'gzip' | 'body-too-large', detail: string) {
    super(detail);
    this.name = 'InflateError';
    this.problem = problem;
  }
}

export function tooLarge(bytesMax: number): InflateError {
  return new InflateError('body-too-large', `it unpacks to more than ${bytesMax} bytes`);
}

/** Takes a gzip body of one or more members and the most bytes it may unpack to. @throws InflateError */
export type Inflate = (packed: Uint8Array, bytesMax: number) => Uint8Array;

/** Smallest and largest first guess of the unpacked size. A lying trailer costs address space, for nothing is written there. */
const GUESS_BYTES_MIN = 4096;
const GUESS_BYTES_MAX = 64 * 1024 * 1024;
/** Deflate grows at most so many times. */
const GROWTH_MAX = 1032;

/** How much a body will unpack to: the size that the last member's trailer states (RFC 1952, ISIZE), within bounds. */
export function guessedBytes(packed: Uint8Array, bytesMax: number): number {
  if (packed.length < 18) return GUESS_BYTES_MIN;
  const stated = new DataView(packed.buffer, packed.byteOffset + packed.length - 4, 4).getUint32(0, true);
  return Math.min(Math.max(Math.min(stated, packed.length * GROWTH_MAX), GUESS_BYTES_MIN), GUESS_BYTES_MAX, Math.max(bytesMax, GUESS_BYTES_MIN));
}

/** node:zlib in one call, its output buffer sized by the trailer. */
export const zlibInflate: Inflate = (packed, bytesMax) => {
  try {
    return gunzipSync(packed, { chunkSize: guessedBytes(packed, bytesMax), maxOutputLength: bytesMax });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLarge(bytesMax);
    }
    throw new InflateError('gzip', message);
  }
};

/** Packed bytes handed to zlib-sync at a time: it has no cap of its own. */
const SLICE_BYTES = 16 * 1024;
/** It unpacks in pieces of these. */
const CHUNK_BYTES = 16 * 1024;
const WINDOW_BITS_GZIP = 31;
const Z_SYNC_FLUSH = 2;
const Z_STREAM_END = 1;
const Z_BUF_ERROR = -5;
const TRAILER_BYTES = 8;
const NOTHING = Buffer.alloc(0);

/** What is used of zlib-sync's inflater; declared here, for the optional addon's own types may not be installed. */
interface SyncInflate {
  readonly result: Buffer | null;
  readonly msg: string | null;
  readonly err: number;
  push(input: Buffer, flush: number): void;
}

/**
 * zlib-sync, an optional addon. It leaks 9–12 KB a body: it never calls inflateEnd, and as it has no reset, an inflater
 * cannot be used twice. @param isWhole as much at a time as cannot unpack to more than the cap, into a buffer of the
 * guessed size; else in slices
 * @throws Error when the addon is not installed
 */
export function loadZlibSync(isWhole: boolean): Inflate {
  const { Inflate: Inflater } = createRequire(import.meta.url)('zlib-sync') as { Inflate: new (options: { windowBits: number; chunkSize: number }) => SyncInflate };
  return (packed, bytesMax) => {
    const members: Buffer[] = [];
    let unpackedBytes = 0;
    let rest = Buffer.from(packed.buffer, packed.byteOffset, packed.length);
    const sliceBytes = isWhole ? Math.max(SLICE_BYTES, Math.floor(bytesMax / GROWTH_MAX)) : SLICE_BYTES;
    const chunkSize = isWhole ? guessedBytes(packed, bytesMax) : CHUNK_BYTES;
    do {
      const inflater = new Inflater({ windowBits: WINDOW_BITS_GZIP, chunkSize });
      const { member, after } = inflateMember(inflater, rest, sliceBytes, bytesMax - unpackedBytes);
      members.push(member);
      unpackedBytes += member.length;
      rest = after;
    } while (startsMember(rest));
    return members.length === 1 ? members[0]! : Buffer.concat(members, unpackedBytes);
  };
}

/** Unpacks one member in slices; zlib itself checks its CRC. */
function inflateMember(inflater: SyncInflate, packed: Buffer, sliceBytes: number, bytesMax: number): { member: Buffer; after: Buffer } {
  const parts: Buffer[] = [];
  let unpackedBytes = 0;
  for (let at = 0; at < packed.length; at += sliceBytes) {
    let input = packed.subarray(at, at + sliceBytes);
    for (let drained = false; !drained; input = NOTHING) {
      inflater.push(input, Z_SYNC_FLUSH);
      if (inflater.err < 0 && inflater.err !== Z_BUF_ERROR) throw new InflateError('gzip', inflater.msg ?? `zlib error ${inflater.err}`);
      const part = inflater.err === Z_BUF_ERROR ? NOTHING : Buffer.from(inflater.result ?? NOTHING);
      unpackedBytes += part.length;
      if (unpackedBytes > bytesMax) throw new InflateError('body-too-large', `it unpacks to more than ${bytesMax} bytes more`);
      parts.push(part);
      if (inflater.err === Z_STREAM_END) {
        const member = Buffer.concat(parts, unpackedBytes);
        return { member, after: afterTrailer(packed, Math.max(0, at - TRAILER_BYTES), member) };
      }
      drained = part.length === 0;
    }
  }
  throw new InflateError('gzip', 'unexpected end of file');
}

/** zlib-sync does not tell how much input it took: the member's trailer (CRC-32 and size) shows where it ended. */
function afterTrailer(packed: Buffer, from: number, member: Buffer): Buffer {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(crc32(member), 0);
  trailer.writeUInt32LE(member.length >>> 0, 4);
  const first = packed.indexOf(trailer, from);
  if (first < 0) throw new InflateError('gzip', 'the end of a member was not found');
  // The same bytes may stand before it: the trailer of an empty member is eight zeros, and zeros come before it too.
  for (let at = first; at >= 0; at = packed.indexOf(trailer, at + 1)) {
    const after = packed.subarray(at + TRAILER_BYTES);
    if (after.length === 0 || startsMember(after)) return after;
  }
  return packed.subarray(first + TRAILER_BYTES);
}

function startsMember(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Unpacked bytes of a stream come in pieces of at most this. */
const STREAM_CHUNK_BYTES = 256 * 1024;

/**
 * Unpacks a gzip text of any length, of one or more members, as it is read.
 * @throws Error when it is not gzip or truncated, after all that could be unpacked
 */
export async function* gunzipChunks(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: STREAM_CHUNK_BYTES });
  let goOn = (): void => undefined;
  for (const event of ['drain', 'close']) gunzip.on(event, () => goOn());
  const fed = (async () => {
    for await (const chunk of packed) {
      if (gunzip.destroyed) return;
      if (gunzip.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
    }
    gunzip.end();
  })().catch((error: Error) => void gunzip.destroy(error));
  yield* gunzip as AsyncIterable<Uint8Array>;
  await fed;
}

/**
 * CRC-32 (the polynomial of gzip and PNG) of records and snapshots.
 * The second door to node:zlib: `src/worker/unpack/inflate.ts` is the one for bodies.
 */
import { crc32 as zlibCrc32 } from 'node:zlib';

/** @param before CRC-32 of the bytes that came before, or a seed */
export function crc32(bytes: Uint8Array, before = 0): number {
  return zlibCrc32(bytes, before);
}

/** CRC-32 of bytes, 8 hex digits. */
export function crcOf(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}

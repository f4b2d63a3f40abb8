/** The ways to unpack a body into the input of the parser, as `--inflate` names them. */
import { unpackBy, type Unpack } from '../src/worker/unpack/unpack.js';
import type { WasmParser } from '../src/worker/wasm/wasm.js';

/** Unpacks a gzip body into the input view; returns its bytes. */
export type InflateInto = (parser: WasmParser, packed: Uint8Array) => number;

const BYTES_MAX = 64 * 1024 * 1024;

/** Those that are installed, the default first. */
export function inflates(): Record<string, InflateInto> {
  const ways: Record<string, InflateInto> = {};
  for (const way of ['wasm', 'zlib', 'zlib-sync', 'zlib-sync-whole'] as const) {
    try {
      ways[way] = into(unpackBy(way));
    } catch {
      // The optional addon is not there: its column is left out.
    }
  }
  return ways;
}

function into(unpack: Unpack): InflateInto {
  return (parser, packed) => {
    const body = { bytes: packed.length, copyTo: (target: Uint8Array) => target.set(packed), gather: () => packed };
    return unpack(parser, body, BYTES_MAX);
  };
}

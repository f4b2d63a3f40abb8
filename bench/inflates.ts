/** The ways to unpack a body into the input of the parser, as `--inflate` names them. */
import { loadZlibSync, zlibInflate, type Inflate } from '../src/worker/inflate.js';
import type { WasmParser } from '../src/worker/wasm.js';

/** Unpacks a gzip body into the input view; returns its bytes. */
export type InflateInto = (parser: WasmParser, packed: Uint8Array) => number;

const BYTES_MAX = 64 * 1024 * 1024;

/** Those that are installed. */
export function inflates(): Record<string, InflateInto> {
  return { 'zlib': copied(zlibInflate), ...zlibSync() };
}

function zlibSync(): Record<string, InflateInto> {
  try {
    return { 'zlib-sync': copied(loadZlibSync()) };
  } catch {
    return {};
  }
}

function copied(inflate: Inflate): InflateInto {
  return (parser, packed) => {
    const body = inflate(packed, BYTES_MAX);
    parser.inputView(body.length).set(body);
    return body.length;
  };
}

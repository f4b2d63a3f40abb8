/** The ways to bring a gzip body into the input of the parser, as `--inflate` names them. */
import { gunzip, packedView } from './gunzip.js';
import { loadZlibSync, zlibInflate, type Inflate } from './inflate.js';
import type { Adoption } from '../protocol.js';
import type { WasmParser } from '../wasm/wasm.js';

/** A body as it was received. */
export interface PackedBody {
  readonly bytes: number;
  copyTo(target: Uint8Array): void;
  /** In one piece; valid until the next body. */
  gather(): Uint8Array;
}

/**
 * Unpacks a gzip body of one or more members into the input view of a parser; returns its bytes, at most `bytesMax`.
 * @throws InflateError
 */
export type Unpack = (parser: WasmParser, body: PackedBody, bytesMax: number) => number;

/** @throws Error when an optional addon is not installed */
export function unpackBy(way: Adoption['inflate']): Unpack {
  switch (way) {
    case 'wasm': return unpackInWasm;
    case 'zlib': return throughJs(zlibInflate);
    case 'zlib-sync': return throughJs(loadZlibSync(false));
    case 'zlib-sync-whole': return throughJs(loadZlibSync(true));
  }
}

const unpackInWasm: Unpack = (parser, body, bytesMax) => {
  body.copyTo(packedView(parser, body.bytes));
  return gunzip(parser, body.bytes, bytesMax);
};

function throughJs(inflate: Inflate): Unpack {
  return (parser, body, bytesMax) => {
    const unpacked = inflate(body.gather(), bytesMax);
    parser.inputView(unpacked.length).set(unpacked);
    return unpacked.length;
  };
}

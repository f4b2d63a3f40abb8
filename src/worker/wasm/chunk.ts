/** Reads a finished column chunk out of WASM memory: the CHUNK_* struct of assembly/layout/flush.ts. */
import * as abi from '../../../assembly/layout/flush.js';
import type { ColumnChunk } from '../../tables/parquet/footer.js';
import type { FileColumn } from '../../tables/parquet/file-columns.js';
import type { Range } from '../../tables/parquet/statistics.js';

/** Memory of a WASM module; `buffer` is another object after it has grown. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** What one step of a chunk left in WASM memory. */
export interface ChunkStep {
  /** Address and length of the page that it finished; no bytes when it finished none. */
  readonly at: number;
  readonly bytes: number;
  /** Length of that page before compression. */
  readonly rawBytes: number;
  readonly isDictionary: boolean;
  /** Whether the chunk goes on. */
  readonly more: boolean;
}

/** What is known of a chunk at its end. */
type ChunkEnd = Pick<ColumnChunk, 'encoding' | 'nulls' | 'range'>;

/** @param view of all the memory @param struct address of the struct */
export function readStep(view: DataView, struct: number): ChunkStep {
  return {
    at: view.getUint32(struct + abi.CHUNK_AT, true),
    bytes: view.getUint32(struct + abi.CHUNK_BYTES, true),
    rawBytes: view.getUint32(struct + abi.CHUNK_RAW_BYTES, true),
    isDictionary: view.getUint32(struct + abi.CHUNK_DICTIONARY, true) === 1,
    more: view.getUint32(struct + abi.CHUNK_MORE, true) === 1,
  };
}

/** @param view of all the memory @param struct address of the struct after the last step; its texts are copied */
export function readEnd(view: DataView, struct: number, column: FileColumn, rows: number): ChunkEnd {
  const nulls = view.getUint32(struct + abi.CHUNK_NULLS, true);
  return {
    encoding: view.getUint32(struct + abi.CHUNK_ENCODING, true),
    nulls,
    range: nulls === rows ? null : readRange(view, struct, column),
  };
}

function readRange(view: DataView, struct: number, column: FileColumn): Range {
  const minAt = struct + abi.CHUNK_MIN;
  const maxAt = struct + abi.CHUNK_MAX;
  switch (column.kind) {
    case 'tag':
    case 'string':
      return { of: 'texts', min: readText(view, minAt), max: readText(view, maxAt) };
    case 'f64':
      return { of: 'floats', min: view.getFloat64(minAt, true), max: view.getFloat64(maxAt, true), nan: view.getUint32(struct + abi.CHUNK_NAN, true) === 1 };
    case 'u64':
      return { of: 'integers', min: view.getBigUint64(minAt, true), max: view.getBigUint64(maxAt, true) };
    default:
      return { of: 'integers', min: view.getBigInt64(minAt, true), max: view.getBigInt64(maxAt, true) };
  }
}

/** A copy: what stands in the memtable may move. */
function readText(view: DataView, at: number): Uint8Array {
  return new Uint8Array(view.buffer, view.getUint32(at, true), view.getUint32(at + 4, true)).slice();
}

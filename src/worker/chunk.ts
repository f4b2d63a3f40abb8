/** Reads a finished column chunk out of WASM memory: the CHUNK_* struct of assembly/encode/abi.ts. */
import * as abi from '../../assembly/encode/abi.js';
import type { ColumnChunk } from '../tables/parquet/footer.js';
import type { FileColumn } from '../tables/parquet/schema.js';
import type { Range } from '../tables/parquet/statistics.js';

/** Memory of a WASM module; `buffer` is another object after it has grown. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** What one step of a chunk left in WASM memory. */
interface ChunkStep {
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

/** @param struct address of the struct */
export function readStep(memory: WasmMemory, struct: number): ChunkStep {
  const words = new Uint32Array(memory.buffer, struct, abi.CHUNK_MORE / 4 + 1);
  return {
    at: words[abi.CHUNK_AT / 4]!,
    bytes: words[abi.CHUNK_BYTES / 4]!,
    rawBytes: words[abi.CHUNK_RAW_BYTES / 4]!,
    isDictionary: words[abi.CHUNK_DICTIONARY / 4] === 1,
    more: words[abi.CHUNK_MORE / 4] === 1,
  };
}

/** @param struct address of the struct after the last step; its texts are copied */
export function readEnd(memory: WasmMemory, struct: number, column: FileColumn, rows: number): ChunkEnd {
  const view = new DataView(memory.buffer, struct, abi.CHUNK_STRUCT_BYTES);
  const nulls = view.getUint32(abi.CHUNK_NULLS, true);
  return {
    encoding: view.getUint32(abi.CHUNK_ENCODING, true),
    nulls,
    range: nulls === rows ? null : readRange(memory, view, column),
  };
}

function readRange(memory: WasmMemory, view: DataView, column: FileColumn): Range {
  switch (column.kind) {
    case 'tag':
    case 'string':
      return { of: 'texts', min: readText(memory, view, abi.CHUNK_MIN), max: readText(memory, view, abi.CHUNK_MAX) };
    case 'f64':
      return {
        of: 'floats',
        min: view.getFloat64(abi.CHUNK_MIN, true),
        max: view.getFloat64(abi.CHUNK_MAX, true),
        nan: view.getUint32(abi.CHUNK_NAN, true) === 1,
      };
    case 'u64':
      return { of: 'integers', min: view.getBigUint64(abi.CHUNK_MIN, true), max: view.getBigUint64(abi.CHUNK_MAX, true) };
    default:
      return { of: 'integers', min: view.getBigInt64(abi.CHUNK_MIN, true), max: view.getBigInt64(abi.CHUNK_MAX, true) };
  }
}

/** A copy: what stands in the builder may move. */
function readText(memory: WasmMemory, view: DataView, at: number): Uint8Array {
  return new Uint8Array(memory.buffer, view.getUint32(at, true), view.getUint32(at + 4, true)).slice();
}

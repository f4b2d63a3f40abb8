/** Reads a finished column chunk out of WASM memory: the CHUNK_* struct of assembly/encode/abi.ts. */
import * as abi from '../../assembly/encode/abi.js';
import type { ColumnChunk } from '../tables/parquet/footer.js';
import type { FileColumn } from '../tables/parquet/schema.js';
import type { Range } from '../tables/parquet/statistics.js';

/** Memory of a WASM module; `buffer` is another object after it has grown. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** A chunk whose pages still lie in WASM memory, at `at`. */
interface EncodedChunk extends Omit<ColumnChunk, 'offset'> {
  readonly at: number;
}

/** @param struct address of the struct; its texts are copied, its pages are not */
export function readChunk(memory: WasmMemory, struct: number, column: FileColumn, rows: number): EncodedChunk {
  const view = new DataView(memory.buffer, struct, abi.CHUNK_STRUCT_BYTES);
  const nulls = view.getUint32(abi.CHUNK_NULLS, true);
  return {
    at: view.getUint32(abi.CHUNK_AT, true),
    bytes: view.getUint32(abi.CHUNK_BYTES, true),
    rawBytes: view.getUint32(abi.CHUNK_RAW_BYTES, true),
    dictionaryBytes: view.getUint32(abi.CHUNK_DATA_AT, true),
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

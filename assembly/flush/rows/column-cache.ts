// What is built once for a column and used in every row group of the flush, as long as it is not too much.
import { giveScratch, takeScratch } from '../scratch';

/** Bytes kept; past it a column's block lives as long as its chunk. */
const KEPT_BYTES_MAX: usize = 64 << 20;

/** u32 a column of the table: its block, or 0. */
let blocks: usize = 0;
let columns: u32 = 0;
let keptBytes: usize = 0;
/** The block of the chunk at hand that is not kept, or 0. */
let loose: usize = 0;

/** Begins a flush of a table with so many columns; those added later have nothing kept. */
export function startKept(columnCount: u32): void {
  blocks = takeScratch(<usize>columnCount << 2);
  memory.fill(blocks, 0, <usize>columnCount << 2);
  columns = columnCount;
  keptBytes = 0;
  loose = 0;
}

/** The block of a column, by its index in the table; 0 when there is none. */
@inline
export function keptOf(index: u32): usize {
  return index < columns ? <usize>load<u32>(blocks + (<usize>index << 2)) : 0;
}

/** Keeps a block that is ready. */
export function keep(index: u32, block: usize, bytes: usize): void {
  if (index < columns && keptBytes + bytes <= KEPT_BYTES_MAX) {
    store<u32>(blocks + (<usize>index << 2), <u32>block);
    keptBytes += bytes;
  } else {
    loose = block;
  }
}

/** Frees what was not kept, at the end of a chunk. */
export function dropLoose(): void {
  if (loose != 0) giveScratch(loose);
  loose = 0;
}

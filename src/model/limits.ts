/** The limits that main and workers hold bodies and tables to. */
export interface WorkerLimits {
  readonly bodyBytesMax: number;
  readonly bodyLinesMax: number;
  readonly tablesMax: number;
  readonly columnsMax: number;
  readonly columnNameBytesMax: number;
  readonly namesBytesMax: number;
  /** For the entries of the series cache. */
  readonly seriesBytesMax: number;
}

/** Those that the parser judges by. */
export type ParserLimits = Omit<WorkerLimits, 'bodyBytesMax' | 'bodyLinesMax'>;

/**
 * What rows may take of one worker. Its instance of the WASM module has 4 GiB: an array that doubles stands there twice, and
 * beside the rows a body, unpacked in a block of a power of two, what smaller arrays left, and a flush.
 */
export const INSTANCE_ROW_BYTES_MAX = 1024 * 1024 * 1024;

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

/** A published data file. */
export interface FlushedFile {
  readonly path: string;
  readonly bytes: number;
  readonly rows: number;
  readonly statistics: FileStatistics;
}

/** Statistics of a file for Delta, by column name of the file; every value is already JSON text (docs/tables.md R1–R7). */
export interface FileStatistics {
  readonly numRecords: number;
  /** Column name → JSON text of the value. */
  readonly minValues: Readonly<Record<string, string>>;
  readonly maxValues: Readonly<Record<string, string>>;
  readonly nullCount: Readonly<Record<string, number>>;
}

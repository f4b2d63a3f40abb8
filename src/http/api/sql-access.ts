/** What the front end asks of those who run SQL. */

/** Formats of a result; the first unless said. */
export const SQL_FORMATS = ['json', 'jsonl', 'csv', 'pretty', 'parquet'] as const;
export type SqlFormat = (typeof SQL_FORMATS)[number];

/** A SELECT over the tables of a database. */
export interface SqlQuestion {
  readonly database: string;
  readonly sql: string;
  /** What stands for `$name` in it. */
  readonly parameters: Readonly<Record<string, null | boolean | number | string>>;
  readonly format: SqlFormat;
}

export interface SqlAccess {
  /**
   * Runs a query until the beginning of its result is there; whoever stops to read the rest ends it.
   * @param gone is aborted when nobody wants it any more
   * @throws SluiceError with what is wrong with it, or with us
   */
  ask(question: SqlQuestion, gone: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

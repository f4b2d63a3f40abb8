/** Something in the log that is not as it was written: where, how much of it, and what in words. */
export interface LogReport {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  readonly what: string;
}

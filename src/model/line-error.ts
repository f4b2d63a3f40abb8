/** Rejected lines, as every part of the server speaks of them. */

/** A rejected line, with everything an answer says of it. Texts are shortened to 256 bytes on a character boundary. */
export interface LineError {
  /** Physical line, from 1, of the line's first byte. */
  readonly line: number;
  /** Byte column, from 1. */
  readonly column: number;
  /** LINE_* of the ABI. */
  readonly code: number;
  readonly source: string;
  readonly measurement: string;
  readonly key: string;
  readonly value: string;
  /** PRECISION_* that its timestamp was read by; of a LINE_TIMESTAMP_OUT_OF_RANGE alone. */
  readonly precision?: number;
  /** KIND_* the column has and that came, for conflicts. */
  readonly kindHas: number;
  readonly kindCame: number;
}

/** The rejected lines of a body that is not replayed. */
export interface RejectedLines {
  /** Records of as many as there was room for (src/rejects/reject-record.ts). */
  readonly text: Uint8Array;
  /** Lines in the text. */
  readonly kept: number;
  /** Number and LINE_* of lines behind those that stand among the errors, as many as an answer may have room for. */
  readonly more: readonly (readonly [line: number, code: number])[];
  /** How many lines were rejected for each LINE_*, those without room too. */
  readonly codes: readonly (readonly [code: number, lines: number])[];
}

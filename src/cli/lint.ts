/** The linter behind `sluice parse`: what the grammar makes of each line. Conflicts of types are a matter of tables, not of lines. */
import * as abi from '../../assembly/layout/codes.js';
import { codeName, lineErrorText } from '../line-errors.js';
import type { LineError } from '../model/line-error.js';
import { listedPoints, type Field } from '../worker/wasm/dump.js';
import type { Parsed, WasmParser } from '../worker/wasm/wasm.js';

/** Blocks have about this size, unless a string reaches over the end of one. */
export const BLOCK_BYTES = 256 * 1024;

/** A line as JSON text, and where it began. */
interface Finding {
  readonly line: number;
  readonly json: string;
}

/** Judges the blocks of one input in order. */
export class Linter {
  readonly #parser: WasmParser;
  readonly #precision: number;
  readonly #isExact: boolean;
  #linesBefore = 0;
  #rejected = 0;

  /** @param precision PRECISION_* @param isExact floats are the 16 hex digits of their bits, else decimals */
  constructor(parser: WasmParser, precision: number, isExact: boolean) {
    this.#parser = parser;
    this.#precision = precision;
    this.#isExact = isExact;
  }

  /** Lines found bad so far. */
  get rejected(): number {
    return this.#rejected;
  }

  /**
   * Judges a block of whole lines.
   * @param physicalLines how many it has
   * @returns a line of JSON a point or bad line, in their order
   */
  block(bytes: Uint8Array, physicalLines: number): string[] {
    const first = this.#parse(bytes, []);
    const points = listedPoints(this.#parser).map(({ line, fields, ...point }) => this.#finding(line, { ...point, fields: this.#isExact ? fields : fields.map(inDecimals) }));
    const errors = this.#allErrors(bytes, first).map((error) => this.#finding(error.line, describe(error)));
    this.#rejected += errors.length;
    this.#linesBefore += physicalLines;
    return [...points, ...errors].toSorted((a, b) => a.line - b.line).map(({ json }) => json);
  }

  /** A parse tells the first errors only: those known are skipped until no other is left. */
  #allErrors(bytes: Uint8Array, first: Parsed): LineError[] {
    const errors = [...first.errors];
    while (errors.length < first.rejected) errors.push(...this.#parse(bytes, errors.map(({ line }) => line)).errors);
    return errors;
  }

  /** Replay judges no schema, and stores nothing of tables that it does not know. @param skipped physical lines, ascending */
  #parse(bytes: Uint8Array, skipped: readonly number[]): Parsed {
    this.#parser.inputView(bytes.length).set(bytes);
    return this.#parser.parse({
      databaseId: 0,
      bytes: bytes.length,
      precision: this.#precision,
      defaultTime: 0n,
      flags: abi.PARSE_REPLAY | abi.PARSE_DUMP,
      linesMax: 0,
      rejectedRuns: Uint32Array.from(skipped.flatMap((line) => [line, line])),
    });
  }

  #finding(line: number, rest: object): Finding {
    return { line, json: JSON.stringify({ line: this.#linesBefore + line, ...rest }) };
  }
}

/** The shortest digits that give the float back. */
function inDecimals([key, type, value]: Field): Field {
  if (type !== 'f64') return [key, type, value];
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${value}`));
  const float = view.getFloat64(0);
  return [key, type, Object.is(float, -0) ? '-0' : String(float)];
}

function describe(error: LineError): object {
  return { column: error.column, code: codeName(error.code), message: lineErrorText(error), source: error.source };
}

/** Floats through both builds of the parser, as the fields of lines, by grammar 1, which has infinite ones; each must be Number() of its text, bit for bit. */
import * as abi from '../../assembly/layout/codes.js';
import { COLUMN_VALUES } from '../../assembly/layout/column.js';
import { TABLE_COLUMNS_AT } from '../../assembly/layout/table.js';
import { WasmParser } from '../../src/worker/wasm/wasm.js';
import { type Build, moduleOf } from '../worker/builds.js';

const TABLE = { id: 1, databaseId: 1, measurement: 'm', created: 0, flushedTo: 0, columns: [{ id: 1, kind: abi.KIND_F64, key: 'f', name: 'f' }] };
const NO_LIMITS = { tablesMax: 1, columnsMax: 10, columnNameBytesMax: 10, namesBytesMax: 0xffffffff, seriesBytesMax: 1 << 20 };

/** A parser with one table of one float column. */
class FloatReader {
  readonly #parser: WasmParser;

  constructor(build: Build) {
    this.#parser = new WasmParser(moduleOf(build));
    this.#parser.setLimits(NO_LIMITS);
    this.#parser.define(TABLE);
  }

  /** Reads each text as a field. @throws when a line is not accepted */
  read(texts: readonly string[]): Float64Array {
    const body = Buffer.from(texts.map((text) => `m f=${text} 1\n`).join(''));
    this.#parser.inputView(body.length).set(body);
    const { accepted, errors } = this.#parser.parse({
      databaseId: 1, bytes: body.length, precision: abi.PRECISION_NS, defaultTime: 0n, flags: abi.RULE_GRAMMAR_1, linesMax: texts.length,
    });
    if (accepted !== texts.length) throw new Error(`${texts[(errors[0]?.line ?? 1) - 1]} is not accepted`);
    const view = new DataView(this.#parser.memory.buffer);
    const columns = view.getUint32((this.#parser.exports.tableAt(1) >>> 0) + TABLE_COLUMNS_AT, true);
    const values = view.getUint32(view.getUint32(columns, true) + COLUMN_VALUES, true);
    const floats = new Float64Array(view.buffer, values, texts.length).slice();
    this.#parser.removeRows(1, [{ rowFirst: 0, rowEnd: texts.length }]);
    return floats;
  }
}

/** Compares lists of texts. */
export class FloatCheck {
  readonly #readers = (['simd', 'scalar'] as const).map((build) => ({ build, reader: new FloatReader(build) }));

  /** @throws naming the first float that a build reads otherwise than Number() */
  check(texts: readonly string[]): void {
    const expected = new BigUint64Array(Float64Array.from(texts, Number).buffer);
    for (const { build, reader } of this.#readers) {
      const found = new BigUint64Array(reader.read(texts).buffer);
      const wrong = expected.findIndex((bits, index) => found[index] !== bits);
      if (wrong < 0) continue;
      throw new Error(`${build}: ${texts[wrong]} is read as ${found[wrong]!.toString(16)} and is ${expected[wrong]!.toString(16)}`);
    }
  }
}

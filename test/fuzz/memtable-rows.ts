/** Rows of a memtable as `rowText` writes them: some of them, read apart from src/worker/wasm/dump.ts. */
import {
  COLUMN_COUNT, COLUMN_DENSE, COLUMN_ENTRY_ENDS, COLUMN_HEAP, COLUMN_ID, COLUMN_KIND, COLUMN_ROWS, COLUMN_VALUES,
} from '../../assembly/layout/column.js';
import {
  TABLE_COLUMNS, TABLE_COLUMNS_AT, TABLE_ROWS, TABLE_SERIES_AT, TABLE_TIMES,
} from '../../assembly/layout/table.js';
import type { RowRange } from '../../src/worker/wasm/parsed.js';
import type { TableDefinition } from '../../src/model/schema.js';
import type { WasmParser } from '../../src/worker/wasm/wasm.js';
import type { Kind } from '../oracle/point.js';
import { rowText } from './case.js';

const KINDS: readonly Kind[] = ['tag', 'f64', 'i64', 'u64', 'bool', 'string'];

type Cell = readonly [key: string, kind: Kind, text: string];

/** The rows of a range, which must be there. */
export function memtableRowTexts(parser: WasmParser, table: TableDefinition, { rowFirst, rowEnd }: RowRange): string[] {
  const { buffer } = parser.memory;
  const words = new Uint32Array(buffer), bits = new BigUint64Array(buffer);
  const struct = parser.exports.tableAt(table.id) >>> 2;
  const listOf = (at: number): number => words[at >>> 2]! >>> 2;
  if (rowEnd > words[struct + TABLE_ROWS / 4]!) throw new Error(`${table.measurement} has no row ${rowEnd - 1}`);
  const cells: Cell[][] = Array.from({ length: rowEnd - rowFirst }, () => []);
  const seriesOf = listOf((struct << 2) + TABLE_SERIES_AT);
  const keys = new Map(table.columns.map(({ id, key }) => [id, key]));
  for (let index = 0; index < words[struct + TABLE_COLUMNS / 4]!; index++) {
    const column = words[listOf((struct << 2) + TABLE_COLUMNS_AT) + index]! >>> 0;
    const word = (offset: number): number => words[(column + offset) >>> 2]!;
    const kind = KINDS[word(COLUMN_KIND)]!, key = keys.get(word(COLUMN_ID)) ?? '?';
    const rows = numbersOf(words, word);
    const text = (value: number): string => valueText(words, bits, word, kind, value);
    if (kind === 'tag') {
      for (let row = rowFirst; row < rowEnd; row++) {
        const series = words[seriesOf + row]!;
        const value = firstFrom(rows, series);
        if (rows[value] === series) cells[row - rowFirst]!.push([key, kind, text(value)]);
      }
      continue;
    }
    for (let value = firstFrom(rows, rowFirst); value < rows.length && rows[value]! < rowEnd; value++) {
      cells[rows[value]! - rowFirst]!.push([key, kind, text(value)]);
    }
  }
  const times = words[struct + TABLE_TIMES / 4]! >>> 3;
  return cells.map((row, index) => rowText(BigInt.asIntN(64, bits[times + rowFirst + index]!), row));
}

/** The row (of a tag: the series) of each value. */
function numbersOf(words: Uint32Array, word: (offset: number) => number): Uint32Array {
  const at = word(COLUMN_ROWS), count = word(COLUMN_COUNT);
  const dense = at === 0 ? count : word(COLUMN_DENSE);
  return Uint32Array.from({ length: count }, (_, value) => value < dense ? value : words[((at + value * 4) >>> 0) / 4]!);
}

/** Index of the first element that is not below the value; the elements ascend. */
function firstFrom(list: Uint32Array, value: number): number {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function valueText(words: Uint32Array, bits: BigUint64Array, word: (offset: number) => number, kind: Kind, index: number): string {
  const values = word(COLUMN_VALUES);
  const wide = (): bigint => bits[(values >>> 3) + index]!;
  switch (kind) {
    case 'f64': return wide().toString(16).padStart(16, '0');
    case 'i64': return String(BigInt.asIntN(64, wide()));
    case 'u64': return String(wide());
    case 'bool': return new Uint8Array(words.buffer, values + index, 1)[0] === 1 ? 'true' : 'false';
    case 'string': return heapText(words, word(COLUMN_HEAP), values >>> 2, index);
    case 'tag': return heapText(words, word(COLUMN_HEAP), word(COLUMN_ENTRY_ENDS) >>> 2, words[(values >>> 2) + index]!);
  }
}

function heapText(words: Uint32Array, heap: number, ends: number, index: number): string {
  const start = index === 0 ? 0 : words[ends + index - 1]!;
  return Buffer.from(words.buffer as ArrayBuffer, heap + start, words[ends + index]! - start).toString();
}

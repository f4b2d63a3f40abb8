/** Bodies parsed into the memtables of the real module, whose tables can be flushed and read. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as abi from '../../assembly/layout/codes.js';
import type { TableStore } from '../../src/tables/table-store.js';
import type { ColumnDefinition, Need, TableDefinition } from '../../src/model/schema.js';
import { memtableRows, type Field, type Point } from '../../src/worker/wasm/dump.js';
import { writeParquetFile } from '../../src/worker/flush/parquet-file.js';
import type { FlushSpan } from '../../src/worker/flush/standing-rows.js';
import { compile, WasmParser, type TableSpan } from '../../src/worker/wasm/wasm.js';
import { MemoryStore } from './flushed-file.js';
import type { Row, Value } from './hand-made-table.js';

const PATH = 'file';
const TRIES_MAX = 10;
/** The module that is used, and the one without SIMD, which must do the same. */
export type ModuleName = 'sluice' | 'sluice.scalar';
const modules = new Map<ModuleName, WebAssembly.Module>();

function moduleOf(name: ModuleName): WebAssembly.Module {
  const known = modules.get(name) ?? compile(readFileSync(fileURLToPath(new URL(`../../assembly/${name}.wasm`, import.meta.url))));
  modules.set(name, known);
  return known;
}

/** A module with a catalog that takes up whatever bodies need. */
export class ParsedTables {
  readonly tables = new Map<string, TableDefinition>();
  readonly #parser: WasmParser;
  #lastId = 0;

  constructor(from: ModuleName | WasmParser = 'sluice') {
    this.#parser = typeof from === 'string' ? new WasmParser(moduleOf(from)) : from;
    this.#parser.setLimits({ tablesMax: 10_000, columnsMax: 4096, columnNameBytesMax: 1 << 20, namesBytesMax: 0xffffffff, seriesBytesMax: 64 << 20 });
  }

  /** Parses a body; returns the rows it added. */
  add(body: Buffer): readonly TableSpan[] {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      this.#parser.inputView(body.length).set(body);
      const parsed = this.#parser.parse({
        databaseId: 1, bytes: body.length, precision: abi.PRECISION_NS, defaultTime: 1_700_000_000_000_000_001n, flags: 0, linesMax: 2e6,
      });
      if (parsed.status === abi.PARSE_ACCEPTED) return parsed.spans;
      assert.equal(parsed.status, abi.PARSE_NEEDS);
      for (const need of parsed.needs) this.#decide(need);
    }
    throw new Error('the body needs more and more');
  }

  /** Rows of a table as they stand in the memtable. */
  rowsOf(table: TableDefinition): Row[] {
    return memtableRows(this.#parser, table).map(rowOf);
  }

  /** The file of a table's spans, which are ordered by number. */
  async flush(table: TableDefinition, spans: readonly FlushSpan[]): Promise<Buffer> {
    const store = new MemoryStore();
    const order = { tableId: table.id, seq: spans.at(-1)!.seq, path: PATH, columns: table.columns };
    const flushed = await writeParquetFile(this.#parser, store as unknown as TableStore, order, () => spans);
    assert.ok(flushed !== null && flushed.rows > 0);
    return store.files.get(PATH)!;
  }

  #decide({ table: { measurement }, kind, key }: Need): void {
    const before = this.tables.get(measurement);
    const id = before?.id ?? this.tables.size + 1;
    const columns = before?.columns ?? [];
    const column: ColumnDefinition = { id: ++this.#lastId, kind, key, name: key };
    const known = kind < 0 || kind > abi.KIND_STRING || columns.some((other) => other.key === key);
    const table = { id, databaseId: 1, measurement, created: 0, flushedTo: 0, columns: known ? columns : [...columns, column] };
    this.tables.set(measurement, table);
    this.#parser.define(table);
  }
}

function rowOf({ tags, fields, timestamp }: Point): Row {
  const values = new Map<string, Value>(tags);
  for (const field of fields) values.set(field[0], valueOf(field));
  return { time: BigInt(timestamp!), values };
}

function valueOf([, type, text]: Field): Value {
  switch (type) {
    case 'f64': return Buffer.from(text, 'hex').readDoubleBE();
    case 'i64':
    case 'u64': return BigInt(text);
    case 'bool': return text === 'true';
    case 'string': return text;
  }
}

/** One instance of the WASM module with the catalog that its bodies ask for: rows in, files out. */
import * as abi from '../assembly/layout/codes.js';
import { COLUMN_COUNT, COLUMN_KIND } from '../assembly/layout/column.js';
import { TABLE_COLUMNS, TABLE_COLUMNS_AT, TABLE_ROWS } from '../assembly/layout/table.js';
import { readPackaged } from '../src/disk.js';
import type { TableStore } from '../src/tables/table-store.js';
import type { FlushedFile } from '../src/model/flushed-file.js';
import type { ColumnDefinition, Need, TableDefinition } from '../src/model/schema.js';
import { writeParquetFile, type FlushModule } from '../src/worker/flush/parquet-file.js';
import type { FlushSpan } from '../src/worker/flush/standing-rows.js';
import { compile, WasmParser, type Parsed, type ParseOptions } from '../src/worker/wasm/wasm.js';
import type { Workload } from './workloads/workload.js';

const LIMITS = { tablesMax: 10_000, columnsMax: 4096, columnNameBytesMax: 1 << 20, namesBytesMax: 0xffffffff, seriesBytesMax: 64 << 20 };
export const LINES_MAX = 2_000_000;
const DEFAULT_TIME = 1_700_000_000_000_000_000n;
const PRECISIONS = { ns: abi.PRECISION_NS, s: abi.PRECISION_S };

const wasm = readPackaged(new URL('../assembly/sluice.wasm', import.meta.url));
export const warmModule = compile(wasm);

let coldModules = 0;

/**
 * The module anew: no code of it has run, none is optimised. V8 knows a module by its bytes, so each gets a custom
 * section of its own (id 0, length, name).
 */
export function coldModule(): WebAssembly.Module {
  const name = Buffer.from(`cold ${coldModules++}`);
  return compile(Buffer.concat([wasm, Buffer.from([0, name.length + 1, name.length]), name]));
}

interface Table {
  definition: TableDefinition;
  spans: FlushSpan[];
}

export interface Counts {
  readonly lines: number;
  readonly rejected: number;
}

export class Session {
  readonly parser: WasmParser;
  readonly #tables = new Map<number, Table>();
  readonly #ids = new Map<string, number>();
  #columnId = 0;
  #seq = 0;

  constructor(module: WebAssembly.Module = warmModule) {
    this.parser = new WasmParser(module);
    this.parser.setLimits(LIMITS);
  }

  /** A new instance that knows the tables of this one. */
  successor(module?: WebAssembly.Module): Session {
    const next = new Session(module);
    for (const [id, { definition }] of this.#tables) {
      next.#tables.set(id, { definition, spans: [] });
      next.#ids.set(definition.measurement, id);
      next.parser.define(definition);
    }
    next.#columnId = this.#columnId;
    return next;
  }

  /** Bodies into the memtables. */
  write({ bodies, precision }: Workload): Counts {
    let lines = 0;
    let rejected = 0;
    for (const body of bodies) {
      const parsed = this.writeBody(body, { precision: PRECISIONS[precision] });
      lines += parsed.lines;
      rejected += parsed.rejected;
    }
    return { lines, rejected };
  }

  /** A body into the memtables; what it needs is defined, and it is parsed again. @throws when it is refused */
  writeBody(body: Uint8Array, options: Partial<ParseOptions> = {}): Parsed {
    this.parser.inputView(body.length).set(body);
    const parsed = this.parseInput(body.length, options);
    if (parsed.status !== abi.PARSE_ACCEPTED) throw new Error(`a body came to status ${parsed.status}`);
    return parsed;
  }

  /** Parses what stands in the input view. */
  parseInput(bytes: number, options: Partial<ParseOptions> = {}): Parsed {
    const all = { databaseId: 1, precision: abi.PRECISION_NS, defaultTime: DEFAULT_TIME, flags: 0, linesMax: LINES_MAX, ...options, bytes };
    let parsed = this.parser.parse(all);
    if (parsed.status === abi.PARSE_NEEDS) {
      this.#define(parsed.needs);
      parsed = this.parser.parse(all);
    }
    this.#seq += 1;
    for (const { tableId, rowFirst, rowEnd } of parsed.spans) this.#tables.get(tableId)!.spans.push({ rowFirst, rowEnd, seq: this.#seq });
    return parsed;
  }

  /** Field values in the memtables. */
  values(): number {
    return this.#sum((struct, word) => {
      const columns = Array.from({ length: word(struct + TABLE_COLUMNS) }, (_, i) => word(word(struct + TABLE_COLUMNS_AT) + i * 4));
      return columns.reduce((sum, column) => sum + (word(column + COLUMN_KIND) === abi.KIND_TAG ? 0 : word(column + COLUMN_COUNT)), 0);
    });
  }

  rows(): number {
    return this.#sum((struct, word) => word(struct + TABLE_ROWS));
  }

  #sum(of: (struct: number, word: (at: number) => number) => number): number {
    const view = new DataView(this.parser.memory.buffer);
    const word = (at: number): number => view.getUint32(at, true);
    return [...this.#tables.keys()].reduce((sum, id) => sum + of(this.parser.exports.tableAt(id) >>> 0, word), 0);
  }

  /** All rows leave the memtables. */
  clear(): void {
    for (const [id, table] of this.#tables) {
      const rowEnd = table.spans.at(-1)?.rowEnd ?? 0;
      if (rowEnd > 0) this.parser.removeRows(id, [{ rowFirst: 0, rowEnd }]);
      table.spans = [];
    }
  }

  /** A file for each table that has rows; they stay in the memtables. */
  async flush(store: TableStore, module: FlushModule = this.parser): Promise<FlushedFile[]> {
    const files: FlushedFile[] = [];
    for (const [tableId, { definition, spans }] of this.#tables) {
      const order = { tableId, seq: this.#seq, path: String(tableId), columns: definition.columns };
      const file = await writeParquetFile(module, store, order, () => spans);
      if (file !== null) files.push(file);
    }
    return files;
  }

  get columns(): readonly ColumnDefinition[] {
    return [...this.#tables.values()].flatMap(({ definition }) => definition.columns);
  }

  #define(needs: readonly Need[]): void {
    const changed = new Set<Table>();
    for (const { table: { measurement }, key, kind } of needs) {
      const table = this.#table(measurement);
      const column = { id: ++this.#columnId, kind, key, name: key };
      table.definition = { ...table.definition, columns: [...table.definition.columns, column] };
      changed.add(table);
    }
    for (const { definition } of changed) this.parser.define(definition);
  }

  #table(measurement: string): Table {
    const id = this.#ids.get(measurement) ?? this.#tables.size + 1;
    const table = this.#tables.get(id) ?? { definition: { id, databaseId: 1, measurement, created: 1, flushedTo: 0, columns: [] }, spans: [] };
    this.#ids.set(measurement, id);
    this.#tables.set(id, table);
    return table;
  }
}

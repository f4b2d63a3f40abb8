/** Real samples, parsed into the builders of the real module and sealed: the files hold what the builders held. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import * as abi from '../../assembly/abi.js';
import type { TableStore } from '../../src/tables/store.js';
import type { ColumnDefinition, Need, TableDefinition } from '../../src/worker/protocol.js';
import { builderRows, type Field, type Point } from '../../src/worker/rows.js';
import { sealFile } from '../../src/worker/seal.js';
import { compile, WasmParser, type TableSpan } from '../../src/worker/wasm.js';
import { root } from '../root.js';
import { modelText, sealModel } from './seal-model.js';
import { MemoryStore, textsByDuckdb, textsByHyparquet } from './sealed-file.js';
import type { Row, Value } from './table-builder.js';

const SAMPLES = join(root, 'test/data/lpdata');
const SAMPLE_BYTES_MAX = 1_500_000;
const wasm = compile(readFileSync(fileURLToPath(new URL('../../assembly/sluice.wasm', import.meta.url))));

/** The start of a sample, up to a line's end. */
function sample(name: string): Buffer {
  const bytes = readFileSync(join(SAMPLES, name));
  const text = name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  return text.length <= SAMPLE_BYTES_MAX ? text : text.subarray(0, text.lastIndexOf(10, SAMPLE_BYTES_MAX) + 1);
}

/** A module with a catalog that takes up whatever bodies need. */
class Builders {
  readonly parser = new WasmParser(wasm);
  readonly tables = new Map<string, TableDefinition>();
  #lastId = 0;

  constructor() {
    this.parser.setLimits({ tablesMax: 10_000, columnsMax: 4096, columnNameBytesMax: 1 << 20 });
  }

  /** Parses a body; returns the rows it added. */
  add(body: Buffer): readonly TableSpan[] {
    for (let tries = 0; tries < 10; tries++) {
      this.parser.inputView(body.length).set(body);
      const parsed = this.parser.parse({
        databaseId: 1, bytes: body.length, precision: abi.PRECISION_NS, defaultTime: 1_700_000_000_000_000_001n, flags: 0, linesMax: 1e6,
      });
      if (parsed.status === abi.PARSE_ACCEPTED) return parsed.spans;
      assert.equal(parsed.status, abi.PARSE_NEEDS);
      for (const need of parsed.needs) this.#decide(need);
    }
    throw new Error('the body needs more and more');
  }

  #decide({ measurement, kind, key }: Need): void {
    const before = this.tables.get(measurement);
    const id = before?.id ?? this.tables.size + 1;
    const columns = before?.columns ?? [];
    const column: ColumnDefinition = { id: ++this.#lastId, kind, key, name: key };
    const known = kind < 0 || kind > abi.KIND_STRING || columns.some((other) => other.key === key);
    const table = { id, databaseId: 1, measurement, created: 0, sealedTo: 0, columns: known ? columns : [...columns, column] };
    this.tables.set(measurement, table);
    this.parser.define(table);
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

for (const name of readdirSync(SAMPLES).filter((file) => !file.endsWith('.md'))) {
  test(`${name} parsed, sealed and read back`, async () => {
    const builders = new Builders();
    const body = sample(name);
    // Three bodies: the same rows twice, so that versions of a point stand side by side, and a part of them again.
    const part = body.subarray(0, body.indexOf(10, body.length / 2) + 1);
    const bodies = [body, body, part].map((bytes, place) => builders.add(bytes).map((span) => ({ ...span, number: 1000 + place })));
    for (const table of builders.tables.values()) {
      const spans = bodies.flat().filter(({ tableId }) => tableId === table.id);
      const rows = builderRows(builders.parser, table).map(rowOf);
      assert.ok(rows.length > 0);
      const store = new MemoryStore();
      const order = { tableId: table.id, number: 2000, path: 'file', columns: table.columns };
      const sealed = await sealFile(builders.parser, store as unknown as TableStore, order, () => spans);
      const expected = sealModel(rows, spans, table.columns).map((row) => modelText(row, table.columns));
      assert.equal(sealed?.rows, expected.length);
      assert.deepEqual(await textsByDuckdb(store.files.get('file')!, table.columns), expected);
      assert.deepEqual(await textsByHyparquet(store.files.get('file')!, table.columns), expected);
      assert.equal(builderRows(builders.parser, table).length, rows.length);
    }
  });
}

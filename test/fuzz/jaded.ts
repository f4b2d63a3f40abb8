/** Makes a parser one that hardly looks for series, since those it has met never came again (assembly/memtable/cache/series-cache.ts). */
import * as abi from '../../assembly/layout/codes.js';
import { TABLE_SERIES } from '../../assembly/layout/table.js';
import type { TableDefinition } from '../../src/model/schema.js';
import type { WasmParser } from '../../src/worker/wasm/wasm.js';

/** A database that no case has. */
const DATABASE = 0x7fff;
/** More than it takes to find out that they do not return. */
const SERIES = 160_000;
const AGAIN = 32;

const linesOf = (count: number, id: (i: number) => string | number): Buffer =>
  Buffer.from(Array.from({ length: count }, (_, i) => `once,id=${id(i)} v=1i 1\n`).join(''));
let many: Buffer | undefined;
const again = linesOf(AGAIN, () => 'again');

/** The table that the parser met them in, in which no rows stay. */
export function jadedTable(id: number): TableDefinition {
  const columns = [{ id: 1, kind: abi.KIND_TAG, key: 'id', name: 'id' }, { id: 2, kind: abi.KIND_I64, key: 'v', name: 'v' }];
  return { id, databaseId: DATABASE, measurement: 'once', created: 0, flushedTo: 0, columns };
}

/** @param table is defined and has no rows @throws when the parser does look for a series that comes again and again */
export function makeJaded(parser: WasmParser, table: TableDefinition): void {
  write(parser, (many ??= linesOf(SERIES, (i) => i)));
  const before = seriesOf(parser, table);
  write(parser, again);
  if (seriesOf(parser, table) - before < AGAIN / 2) throw new Error('the parser still looks for each series');
  parser.removeRows(table.id, [{ rowFirst: 0, rowEnd: SERIES + AGAIN }]);
}

function write(parser: WasmParser, body: Buffer): void {
  parser.inputView(body.length).set(body);
  const { status } = parser.parse({
    databaseId: DATABASE, bytes: body.length, precision: abi.PRECISION_NS, defaultTime: 0n, flags: 0, linesMax: 2_000_000,
  });
  if (status !== abi.PARSE_ACCEPTED) throw new Error(`parse returned ${status}`);
}

function seriesOf(parser: WasmParser, { id }: TableDefinition): number {
  return new DataView(parser.memory.buffer).getUint32((parser.exports.tableAt(id) >>> 0) + TABLE_SERIES, true);
}

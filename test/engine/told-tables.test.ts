/** How a worker comes to know the catalog: in pieces, whatever changes meanwhile. Counted, never timed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Table } from '../../src/catalog/entries.js';
import { TOLD_ITEMS, ToldTables } from '../../src/engine/told-tables.js';
import type { Slot } from '../../src/ingest/pool.js';
import type { ColumnDefinition, TableDefinition } from '../../src/model/schema.js';
import type { ToWorker } from '../../src/worker/protocol.js';
import { Random } from '../fuzz/random.js';

const SEED = Number(process.env['SLUICE_SEED'] ?? 7);

/** Tables that are replaced when they change, as the catalog's are. */
class Known {
  readonly byId = new Map<number, Table>();
  #nextTable = 1;
  #nextColumn = 1;

  make(columns: number): TableDefinition {
    const id = this.#nextTable++;
    const table = { id, databaseId: 1, databaseName: 'd', measurement: `m${id}`, folder: `d/m${id}`, created: 1, flushedTo: 0, committedTo: 0, columns: this.#columns(columns) };
    this.byId.set(id, table);
    return table;
  }

  /** Returns what was added. */
  widen(table: Table, columns: number): TableDefinition {
    const added = this.#columns(columns);
    this.byId.set(table.id, { ...table, columns: [...table.columns, ...added] });
    return { ...table, columns: added };
  }

  table(id: number): Table | undefined {
    return this.byId.get(id);
  }

  /** In no order. */
  tables(): Table[] {
    return [...this.byId.values()].toReversed();
  }

  #columns(count: number): ColumnDefinition[] {
    return Array.from({ length: count }, () => {
      const id = this.#nextColumn++;
      return { id, kind: 1, key: `c${id}`, name: `c${id}` };
    });
  }
}

/** What a worker makes of what it is told. */
class Worker {
  readonly pieces: number[] = [];
  readonly columns = new Map<number, number[]>();
  readonly slot: Slot;

  constructor(number: number) {
    this.slot = { number, tell: (message) => this.#hear(message) } as Slot;
  }

  #hear(message: ToWorker): void {
    if (message.say === 'drop') message.tableIds.forEach((id) => this.columns.delete(id));
    if (message.say !== 'define') return;
    this.pieces.push(message.tables.reduce((sum, { columns }) => sum + columns.length + 1, 0));
    for (const { id, columns } of message.tables) {
      const known = this.columns.get(id) ?? [];
      for (const column of columns) {
        assert.ok(column.id > (known.at(-1) ?? 0), `table ${id}: column ${column.id} comes behind ${known.at(-1)}`);
        known.push(column.id);
      }
      this.columns.set(id, known);
    }
  }
}

function columnsOf(known: Known): Map<number, number[]> {
  return new Map([...known.byId].map(([id, { columns }]) => [id, columns.map((column) => column.id)]));
}

function sorted(columns: Map<number, number[]>): [number, number[]][] {
  return [...columns].toSorted(([a], [b]) => a - b);
}

test('[issue 13 A4] a new worker is told the catalog in pieces, and others have their turns between', async () => {
  const known = new Known();
  for (let table = 0; table < 200; table += 1) known.make(table === 100 ? 4096 : 100);
  const worker = new Worker(0);
  let turns = 0;
  const told = new ToldTables(known).introduce(worker.slot);
  for (let isOver = false; !isOver; turns += 1) {
    void told.then(() => (isOver = true));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await told, true);
  assert.ok(worker.pieces.every((items) => items <= TOLD_ITEMS + 1), worker.pieces.join());
  assert.ok(worker.pieces.length >= (199 * 101 + 4097) / (TOLD_ITEMS + 1) && turns >= worker.pieces.length, `${worker.pieces.length} pieces in ${turns} turns`);
  assert.deepEqual(sorted(worker.columns), sorted(columnsOf(known)));
});

test('[issue 13 A4] whatever changes while a worker is told the catalog, it knows all in the end, columns in the order of their ids', async () => {
  for (let round = 0; round < 20; round += 1) {
    const random = new Random(SEED + round);
    const known = new Known();
    for (let table = 0; table < 60; table += 1) known.make(random.below(random.chance(0.1) ? 3000 : 60));
    const workers = [new Worker(0), new Worker(1)];
    const told = new ToldTables(known);
    let left = workers.length;
    const introduced = workers.map(async ({ slot }) => {
      assert.equal(await told.introduce(slot), true);
      left -= 1;
    });
    let turns = 0;
    while (left > 0) {
      assert.ok((turns += 1) < 500, 'a worker never knows all');
      const table = random.pick([...known.byId.values()]);
      if (random.chance(0.2)) {
        known.byId.delete(table.id);
        for (const { slot } of workers) slot.tell({ say: 'drop', tableIds: [table.id] });
      } else {
        told.add(workers.map(({ slot }) => slot), [random.chance(0.3) ? known.make(random.below(2000)) : known.widen(table, 1 + random.below(50))]);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(introduced);
    for (const worker of workers) assert.deepEqual(sorted(worker.columns), sorted(columnsOf(known)), `seed ${random.seed}`);
  }
});

test('a worker that dies while it is told the catalog is told no more', async () => {
  const known = new Known();
  for (let table = 0; table < 100; table += 1) known.make(100);
  const told = new ToldTables(known);
  const worker = new Worker(0);
  const introduced = told.introduce(worker.slot);
  told.forget(worker.slot);
  assert.equal(await introduced, false);
  assert.equal(worker.pieces.length, 1);
});

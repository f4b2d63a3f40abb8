/** What workers know of the catalog: a new one is told all tables in pieces, between which all others have their turns. */
import type { Table } from '../catalog/entries.js';
import type { Slot } from '../ingest/pool.js';
import type { TableDefinition } from '../model/schema.js';

/** Of tables and columns together in one message: to copy so many takes main a millisecond or two. */
export const TOLD_ITEMS = 1024;

/** Where a slot stands that is being told the catalog: it knows all tables up to one id, and is yet to hear of those up to another. */
interface Telling {
  toldTo: number;
  readonly last: number;
}

/** What is asked of a catalog. Ids of tables, and those of the columns of one, rise with time. */
interface KnownTables {
  table(id: number): Table | undefined;
  tables(): readonly Table[];
}

export class ToldTables {
  readonly #catalog: KnownTables;
  /** By number of the slot. */
  readonly #tellings = new Map<number, Telling>();

  constructor(catalog: KnownTables) {
    this.#catalog = catalog;
  }

  /** Tells a new slot all tables. Resolves to false when it was forgotten before it knew them all. */
  async introduce(slot: Slot): Promise<boolean> {
    const ids = this.#catalog.tables().map(({ id }) => id).toSorted((a, b) => a - b);
    const telling: Telling = { toldTo: 0, last: ids.at(-1) ?? 0 };
    this.#tellings.set(slot.number, telling);
    for (const tables of this.#pieces(ids, telling)) {
      slot.tell({ say: 'define', tables });
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#tellings.get(slot.number) !== telling) return false;
    }
    this.#tellings.delete(slot.number);
    return true;
  }

  /** A slot that died. */
  forget(slot: Slot): void {
    this.#tellings.delete(slot.number);
  }

  /** Tells slots of new tables and columns. Of a table that one is yet to be told it hears all then: columns come in the order of their ids. */
  add(slots: Iterable<Slot>, added: readonly TableDefinition[]): void {
    for (const slot of slots) {
      const telling = this.#tellings.get(slot.number);
      const tables = telling === undefined ? added : added.filter(({ id }) => id <= telling.toldTo || id > telling.last);
      if (tables.length > 0) slot.tell({ say: 'define', tables });
    }
  }

  /** The tables as they are when a piece is asked for, those with many columns in several. */
  *#pieces(ids: readonly number[], telling: Telling): Generator<readonly TableDefinition[]> {
    let piece: TableDefinition[] = [];
    let items = 0;
    for (const id of ids) {
      let told = 0;
      for (let isWhole = false; !isWhole;) {
        const table = this.#catalog.table(id);
        if (table === undefined) break;
        const columns = table.columns.slice(told, told + TOLD_ITEMS - items);
        piece.push({ ...table, columns });
        told += columns.length;
        items += columns.length + 1;
        isWhole = told === table.columns.length;
        if (isWhole) telling.toldTo = id;
        if (items < TOLD_ITEMS) continue;
        yield piece;
        piece = [];
        items = 0;
      }
    }
    if (piece.length > 0) yield piece;
  }
}

/** A catalog whose records go to a list instead of a log. */
import { Catalog, type CatalogOptions } from '../../src/catalog/catalog.js';
import type { CatalogLimits } from '../../src/catalog/plan.js';
import type { Need } from '../../src/model/schema.js';

export const NODE = '0a1b2c3d';
export const LIMITS: CatalogLimits = { databasesMax: 64, tablesMax: 10_000, columnsMax: 4096, columnNameBytesMax: 1 << 20, namesBytesMax: 0xffffffff };

/** Numbers go up by ten, so that they are no ids by chance. */
export class RecordList {
  readonly records: { readonly seq: number; readonly record: Buffer }[] = [];
  /** Waited for before a record is taken. */
  before: (() => Promise<void>) | undefined;

  readonly commit = async (record: Buffer): Promise<number> => {
    await this.before?.();
    const seq = 1000 + 10 * this.records.length;
    this.records.push({ seq, record });
    return seq;
  };

  /** The last record, as JSON. */
  last(): unknown {
    return JSON.parse(this.records.at(-1)!.record.toString());
  }
}

export function makeCatalog(limits: Partial<CatalogLimits> = {}, list = new RecordList()) {
  const options: CatalogOptions = { node: NODE, limits: { ...LIMITS, ...limits }, commit: list.commit };
  return { catalog: new Catalog(options), list, options };
}

export function need(measurement: string, key: string, kind = 1, tableId = 0): Need {
  return { table: { id: tableId, measurement }, kind, key };
}

/** What another catalog knows after it read the records. */
export function recovered({ records }: RecordList): Catalog {
  const { catalog } = makeCatalog();
  for (const { seq, record } of records) {
    const problems = catalog.applyRecord(record, seq);
    if (problems.length > 0) throw new Error(problems.join());
  }
  return catalog;
}

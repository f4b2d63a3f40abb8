/** Compares every table of a database on disk with what the C4 model holds, by both readers. */
import assert from 'node:assert/strict';
import { canonicalTable, rowsDifference, type Model } from '../oracle/model.js';
import { readDatabase } from './delta-folder.js';
import { rowsByHyparquet, rowsByQuery } from './readers.js';

export type Reader = 'hyparquet' | 'query';

/**
 * @param folder of the database, where it is not called as the database is
 * @throws AssertionError that names reader, table and the first rows that differ
 */
export async function compareDatabase(dataDir: string, database: string, model: Model, readers: readonly Reader[], folder = database): Promise<void> {
  const tables = readDatabase(dataDir, folder);
  assert.deepEqual([...tables.keys()].sort(), model.measurements(), `tables of ${database}`);
  const queried = readers.includes('query') ? rowsByQuery(dataDir, database, [...tables.values()]) : new Map<string, string[]>();
  for (const [measurement, table] of tables) {
    const nameOf = new Map(table.columns.filter(({ role }) => role === 'tag' || role === 'field').map(({ key, name }) => [key, name]));
    const expected = canonicalTable(model, measurement, (key) => nameOf.get(key)!);
    for (const reader of readers) {
      const actual = reader === 'query' ? queried.get(measurement)! : await rowsByHyparquet(table);
      assert.equal(rowsDifference(expected, actual), null, `${reader}: ${measurement} of ${database}`);
    }
  }
}

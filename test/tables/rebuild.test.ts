/** The catalog from what the tables and the log say: ids, names and folders are found again, and none is given twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KIND_F64, KIND_TAG } from '../../assembly/layout/codes.js';
import { Catalog } from '../../src/catalog/catalog.js';
import { wholeSnapshot } from '../../src/catalog/snapshot.js';
import { encodeChange, type CatalogChange } from '../../src/catalog/catalog-record.js';
import type { FoundTable } from '../../src/tables/found.js';
import { rebuildCatalog } from '../../src/tables/rebuild.js';
import { LIMITS, need, NODE, RecordList } from '../catalog/harness.js';

const NONE: CatalogChange = { databases: [], settings: [], tables: [], columns: [], deletes: [], deletesDone: [], dropped: { databases: [], tables: [] } };

/** A table `name` of a database, in `folder`, with tag columns whose ids are given. */
function table(folder: string, database: string, measurement: string, tableId: number, columnIds: readonly number[] = []): FoundTable {
  const columns = columnIds.map((id) => ({ id, kind: KIND_TAG, key: `k${id}`, name: `c${id}` }));
  return { folder, identity: { tableId, measurement, database }, columns, lastSeq: 0, problems: [] };
}

function rebuild(tables: readonly FoundTable[], changes: readonly Partial<CatalogChange>[] = [], databaseByTable: readonly (readonly [number, number])[] = []) {
  const { snapshot, reports } = rebuildCatalog({
    node: NODE,
    found: { databaseFolders: [...new Set(tables.map(({ folder }) => folder.split('/')[0]!))], tables, problems: [] },
    scan: {
      catalogRecords: changes.map((change, i) => ({ seq: 100 + i, payload: encodeChange({ ...NONE, ...change }) })),
      databaseByTable: new Map(databaseByTable),
    },
    lastSeq: 500,
  });
  const list = new RecordList();
  return { catalog: Catalog.fromSnapshot(snapshot, { limits: LIMITS, commit: list.commit }), snapshot, reports };
}

function told(catalog: Catalog): string[] {
  return catalog.tables().map(({ id, databaseId, databaseName, measurement, folder, columns }) => (
    `${databaseId} ${databaseName} ${id} ${measurement} ${folder} ${columns.map((column) => column.id).join()}`
  )).sort();
}

test('tables alone: ids stay, databases get new ones, and the next are above all', async () => {
  const { catalog, snapshot, reports } = rebuild([table('b/m', 'b', 'm', 7, [3, 12]), table('a/m', 'a', 'm', 9, [4]), table('a/n', 'a', 'n', 2, [1])]);
  assert.deepEqual(told(catalog), ['1 a 2 n a/n 1', '1 a 9 m a/m 4', '2 b 7 m b/m 3,12']);
  assert.deepEqual(snapshot.next, { database: 3, table: 10, column: 13 });
  assert.equal(snapshot.upTo, 500);
  assert.deepEqual(catalog.tables().map(({ created }) => created), [1, 1, 1], 'before every frame');
  assert.deepEqual(reports, ['the catalog was lost: 3 tables were taken up again from what their own folders say']);
});

test('what the log says of everything needs nothing from the tables', () => {
  const { catalog, reports } = rebuild([table('a/m', 'a', 'm', 2, [3])], [
    { databases: [{ id: 5, name: 'a', folder: 'a' }] },
    { tables: [{ id: 2, database: 5, name: 'm', folder: 'a/m' }], columns: [{ id: 3, table: 2, key: 'k3', kind: KIND_TAG, name: 'c3' }] },
    { columns: [{ id: 4, table: 2, key: 'later', kind: KIND_F64, name: 'later' }] },
  ]);
  assert.deepEqual(told(catalog), ['5 a 2 m a/m 3,4']);
  assert.equal(catalog.table(2)!.created, 101);
  assert.deepEqual(reports, []);
});

test('records that are missing in the log are made up for, in the order of ids', () => {
  const { catalog, reports } = rebuild([table('a/m', 'a', 'm', 2, [3, 4]), table('a/n', 'a', 'n', 1, [1])], [
    { tables: [{ id: 2, database: 5, name: 'm', folder: 'a/m' }], columns: [{ id: 4, table: 2, key: 'k4', kind: KIND_TAG, name: 'c4' }] },
    { columns: [{ id: 6, table: 1, key: 'later', kind: KIND_F64, name: 'later' }] },
  ]);
  assert.deepEqual(told(catalog), ['5 a 1 n a/n 1,6', '5 a 2 m a/m 3,4'], 'the database has the id that the log knows');
  assert.equal(reports.length, 1);
});

test('frames tell the ids of databases, and ids that only they name are not given again', () => {
  const { catalog, snapshot } = rebuild([table('a/m', 'a', 'm', 2), table('b/m', 'b', 'm', 3)], [], [[2, 8], [20, 11]]);
  assert.deepEqual(told(catalog), ['12 b 3 m b/m ', '8 a 2 m a/m ']);
  assert.deepEqual(snapshot.next, { database: 13, table: 21, column: 1 });
});

test('drops in the log hold, also of what they alone name', () => {
  const { catalog } = rebuild([table('a/m', 'a', 'm', 2), table('b/m', 'b', 'm', 3), table('c/m', 'c', 'm', 4)], [
    { databases: [{ id: 2, name: 'b', folder: 'b' }] },
    { dropped: { databases: [2, 6], tables: [2] } },
  ]);
  assert.deepEqual(told(catalog), ['7 c 4 m c/m '], 'database 6 was dropped: its id is not taken for another');
  assert.deepEqual(catalog.droppedTables().map(({ id, folder }) => [id, folder]), [[2, 'a/m'], [3, 'b/m']], 'their folders go to trash');
});

test('of two that claim one name the log has the say, else the higher id; ids and folders of the others stay taken', async () => {
  const claims = [table('a/m', 'a', 'm', 2, [9]), table('a/m~5', 'a', 'm', 5), table('old/m', 'a', 'm', 7), table('a/copy', 'a', 'm', 2)];
  const unlogged = rebuild(claims);
  assert.deepEqual(told(unlogged.catalog), ['1 a 7 m old/m ']);
  assert.equal(unlogged.reports.length, 4);
  const logged = rebuild(claims, [{ databases: [{ id: 1, name: 'a', folder: 'a' }], tables: [{ id: 2, database: 1, name: 'm', folder: 'a/m' }] }]);
  assert.deepEqual(told(logged.catalog), ['1 a 2 m a/m 9']);
  for (const { catalog, snapshot } of [unlogged, logged]) {
    assert.equal(snapshot.next.column, 10);
    assert.deepEqual(catalog.droppedTables(), [], 'nothing of them goes to trash');
    const again = Catalog.fromSnapshot(wholeSnapshot(catalog.snapshot()), { limits: LIMITS, commit: new RecordList().commit });
    for (const name of ['a', 'old']) {
      const { id, folder } = await again.ensureDatabase(name);
      assert.ok(name === 'a' || folder !== 'old');
      const made = await again.decide(id, [need('copy', 'v'), need('m~5', 'v')]);
      for (const { id: tableId, folder: path } of made) {
        assert.ok(tableId > 7);
        assert.ok(!claims.some((claim) => claim.folder === path), path);
      }
    }
  }
});

test('folders that hold no table of ours keep their place', async () => {
  const foreign = { ...table('a/other', 'a', 'm', 1), identity: null };
  const { catalog, reports } = rebuild([table('a/m', 'a', 'm', 1), foreign]);
  assert.deepEqual(reports.length, 1);
  const [made] = await catalog.decide(catalog.database('a')!.id, [need('other', 'v')]);
  assert.equal(made!.folder, 'a/~6Fther');
});

/** A column of ours that another writer's stands in the way of: its other name is kept, in the log and in the snapshot. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KIND_F64, KIND_I64, KIND_STRING } from '../../assembly/layout/codes.js';
import { Catalog } from '../../src/catalog/catalog.js';
import { wholeSnapshot } from '../../src/catalog/snapshot.js';
import { takenNames, type SchemaField } from '../../src/tables/delta/schema-string.js';
import { LIMITS, makeCatalog, need, recovered } from './harness.js';

test('[issue 14 1] a column takes another name in files, which is there after a start from the log and from a snapshot', async () => {
  const { catalog, list } = makeCatalog();
  const { id } = await catalog.ensureDatabase('db');
  const [made] = await catalog.decide(id, [need('cpu', 'later', KIND_I64), need('cpu', 'v', KIND_F64), need('cpu', 'later~2', KIND_F64)]);
  const [later, v, second] = made!.columns;
  await catalog.renameColumns(made!.id, new Set([later!.id]), (folded) => folded === 'later' || folded === 'later~3');
  const expected = [{ ...later, name: 'later~4' }, v, second];
  assert.deepEqual(list.last(), { columns: [{ id: later!.id, key: 'later', kind: KIND_I64, name: 'later~4', table: made!.id }] });
  const saved = Catalog.fromSnapshot(wholeSnapshot(catalog.snapshot()), { limits: LIMITS, commit: list.commit });
  for (const each of [catalog, recovered(list), saved]) assert.deepEqual(each.table(made!.id)!.columns, expected);
  const [more] = await catalog.decide(id, [need('cpu', 'Later', KIND_F64, made!.id)]);
  assert.equal(more!.columns.at(-1)!.name, 'Later~3', 'the name that others have is not given again');
  await catalog.renameColumns(made!.id, new Set(), () => true);
  assert.deepEqual(catalog.table(made!.id)!.columns.slice(0, 3), expected);
});

test('[issue 14 1] only columns that no commit of ours has get out of the way, and only of columns that cannot be shared', () => {
  const field = (name: string, type: string, id?: number): SchemaField => ({ name, type, nullable: true, metadata: id === undefined ? {} : { 'sluice.id': id } });
  const column = (id: number, name: string, kind: number): { id: number; name: string; kind: number; key: string } => ({ id, name, kind, key: name });
  const ours = [column(1, 'a', KIND_F64), column(2, 'b', KIND_I64), column(3, 'c', KIND_STRING), column(4, 'd', KIND_F64), column(5, 'e', KIND_F64)];
  const committed = [field('a', 'string', 1), field('b', 'double'), field('C', 'string'), field('d', 'double')];
  const { columns, isTaken } = takenNames(ours, committed);
  assert.deepEqual([...columns], [2, 3]);
  assert.deepEqual(['b', 'c', 'd', 'e'].map(isTaken), [true, true, true, false]);
});

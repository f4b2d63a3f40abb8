/** Deletes in the catalog: their records, the snapshot, what takes the place of what, and how many there may be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeChange, encodeChange } from '../../src/catalog/catalog-record.js';
import { Catalog, type Table } from '../../src/catalog/catalog.js';
import { decodeSnapshot, encodeSnapshot } from '../../src/catalog/snapshot.js';
import { FIRST_NS, LAST_NS, TOMBSTONES_MAX } from '../../src/model/tombstone.js';
import { makeCatalog, need, recovered } from './harness.js';

const ALL = { firstNs: String(FIRST_NS), lastNs: String(LAST_NS), tags: [] };

async function withTables() {
  const { catalog, list, options } = makeCatalog();
  const { id: database } = await catalog.ensureDatabase('db');
  await catalog.decide(database, [need('a', 'v'), need('b', 'v')]);
  const [a, b] = catalog.tables(database) as [Table, Table];
  return { catalog, list, options, database, a, b };
}

test('[issue 14 4] a delete has a record of its own, says nothing that bounds nothing, and is read back from log and snapshot', async () => {
  const { a, b, catalog, database, list, options } = await withTables();
  await catalog.deleteRows({ ...ALL, database, table: null });
  assert.deepEqual(list.last(), { deletes: [{ database }] });
  await catalog.deleteRows({ database, table: a.id, firstNs: '-5', lastNs: '9', tags: [['__proto__', 'x']] });
  assert.deepEqual(list.last(), { deletes: [{ database, table: a.id, firstNs: '-5', lastNs: '9', tags: [['__proto__', 'x']] }] });
  const [ofAll, ofA] = catalog.tombstones();
  assert.deepEqual([catalog.tombstones(a), catalog.tombstones(b)], [[ofAll, ofA], [ofAll]]);
  assert.deepEqual(recovered(list).tombstones(), [ofAll, ofA]);
  const bytes = Buffer.concat([...encodeSnapshot(catalog.snapshot())]);
  assert.match(bytes.toString(), /^\{"format":4,/, 'an earlier program does not start over it');
  assert.deepEqual(Catalog.fromSnapshot(decodeSnapshot(bytes), options).tombstones(), [ofAll, ofA]);
  await catalog.endDeletes([ofAll!.seq, ofA!.seq, 7]);
  assert.deepEqual(list.last(), { deletesDone: [ofAll!.seq, ofA!.seq] });
  assert.deepEqual([catalog.tombstones(), recovered(list).tombstones()], [[], []]);
  assert.match(Buffer.concat([...encodeSnapshot(catalog.snapshot())]).toString(), /^\{"format":2,/, 'an earlier program may');
});

test('[issue 14 4] a table that is made after a delete of all keeps its rows; drops take deletes along', async () => {
  const { a, b, catalog, database, list } = await withTables();
  await catalog.deleteRows({ ...ALL, database, table: null });
  await catalog.deleteRows({ ...ALL, database, table: a.id, tags: [['host', 'x']] });
  await catalog.decide(database, [need('later', 'v')]);
  assert.deepEqual(catalog.tombstones(catalog.tables(database)[2]!), []);
  await catalog.dropTable(database, 'a');
  assert.equal(catalog.tombstones().length, 1);
  assert.equal(await catalog.deleteRows({ ...ALL, database, table: a.id }), false, 'it is gone');
  await catalog.dropDatabase('db');
  assert.deepEqual([catalog.tombstones(), catalog.tombstones(b), recovered(list).tombstones()], [[], [], []]);
});

test('[issue 14 4] one more than there may be is refused, but for one that takes the place of others', async () => {
  const { catalog, database, list } = await withTables();
  const at = (ns: number, lastNs = ns): Promise<boolean> => catalog.deleteRows({ ...ALL, firstNs: String(ns), lastNs: String(lastNs), database, table: null });
  for (let n = 1; n <= TOMBSTONES_MAX; n += 1) await at(2 * n);
  await assert.rejects(at(3), /too many deletes are pending: 256 deletes of this database/);
  assert.equal(list.records.length, TOMBSTONES_MAX + 2, 'it made no record');
  assert.ok(await at(2, 100));
  assert.deepEqual([catalog.tombstones().length, recovered(list).tombstones().length], [TOMBSTONES_MAX - 49, TOMBSTONES_MAX - 49]);
  assert.ok(await at(3));
});

test('[issue 14 4] a record that makes no sense is passed over', () => {
  for (const text of ['{"deletes":[{"database":1,"firstNs":"x"}]}', '{"deletes":[{"database":1,"tags":[["a"]]}]}', '{"deletes":[{}]}', '{"deletesDone":["a"]}']) {
    assert.throws(() => decodeChange(Buffer.from(text)), /there should be/, text);
  }
  const change = decodeChange(Buffer.from('{"deletes":[{"database":1,"table":2,"firstNs":"1"}],"deletesDone":[5]}'));
  assert.deepEqual(decodeChange(encodeChange(change)), change);
});

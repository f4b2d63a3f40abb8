/** What the server's log says of a change of the catalog. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newsOf } from '../../src/engine/news.js';
import { FIRST_NS, LAST_NS } from '../../src/model/tombstone.js';
import { makeCatalog, need } from '../catalog/harness.js';

test('[issue 14 4] the log says for how long a database keeps its rows, whenever that changes', async () => {
  const { catalog } = makeCatalog();
  const said: string[] = [];
  catalog.subscribe((applied) => said.push(...newsOf(applied)));
  await catalog.ensureDatabase('a');
  await catalog.ensureDatabase('b', { retentionS: 30 * 86_400 });
  await catalog.changeSettings('a', { types: 'split' });
  await catalog.changeSettings('a', { retentionS: 7200 });
  await catalog.changeSettings('a', { retentionS: 7200 });
  await catalog.changeSettings('b', { retentionS: null });
  await catalog.dropDatabase('b');
  assert.deepEqual(said, [
    'database "a" is made',
    'database "b" is made', 'database "b" keeps its rows for 30d, and older ones are deleted',
    'database "a" keeps its rows for 2h, and older ones are deleted',
    'database "b" keeps its rows for ever',
    'database "b" is dropped, with all its tables',
  ]);
});

test('[issue 14 4] the log says which rows are deleted', async () => {
  const { catalog } = makeCatalog();
  const said: string[] = [];
  const { id: database } = await catalog.ensureDatabase('a');
  await catalog.decide(database, [need('cpu', 'load')]);
  catalog.subscribe((applied) => said.push(...newsOf(applied)));
  const all = { database, table: null, firstNs: String(FIRST_NS), lastNs: String(LAST_NS), tags: [] };
  await catalog.deleteRows({ ...all, table: catalog.tables()[0]!.id, lastNs: '1700000000000000000', tags: [['host', 'x']] });
  await catalog.deleteRows(all);
  assert.deepEqual(said, [
    'rows of table "cpu" of database "a" are deleted: up to 2023-11-14T22:13:20.000Z, "host" "x"',
    'rows of all tables of database "a" are deleted',
  ]);
});

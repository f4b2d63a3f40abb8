/** The catalog: what is made and dropped, by whom records are shared, names, ids and limits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RULE_TAGS_FIXED } from '../../assembly/layout/codes.js';
import { Catalog } from '../../src/catalog/catalog.js';
import { decodeSnapshot, encodeSnapshot, wholeSnapshot } from '../../src/catalog/snapshot.js';
import { CatalogState } from '../../src/catalog/state.js';
import { SluiceError, type ErrorCode } from '../../src/errors.js';
import { MemoryDisk } from '../fault/memory-disk.js';
import { open } from '../log/harness.js';
import { LIMITS, makeCatalog, need, NODE, RecordList, recovered } from './harness.js';

const isSluiceError = (code: ErrorCode) => (error: unknown) => error instanceof SluiceError && error.code === code;

test('a record stands in the log as DESIGN.md says', async () => {
  const { catalog, list } = makeCatalog();
  const { id } = await catalog.ensureDatabase('My db');
  assert.deepEqual(list.last(), { databases: [{ id: 1, name: 'My db', folder: 'My~20db' }] });
  await catalog.decide(id, [need('cpu', 'host', 0), need('cpu', 'Host', 1)]);
  assert.deepEqual(list.last(), {
    tables: [{ id: 1, database: 1, name: 'cpu', folder: 'My~20db/cpu' }],
    columns: [
      { id: 1, table: 1, key: 'host', kind: 0, name: 'host' },
      { id: 2, table: 1, key: 'Host', kind: 1, name: 'Host~2' },
    ],
  });
  await catalog.dropTable(id, 'cpu');
  assert.deepEqual(list.last(), { dropped: { tables: [1] } });
  await catalog.dropDatabase('My db');
  assert.deepEqual(list.last(), { dropped: { databases: [1] } });
});

test('a table is what workers are told, with its place', async () => {
  const { catalog } = makeCatalog();
  const database = await catalog.ensureDatabase('db');
  assert.deepEqual(database, { id: 1, name: 'db', folder: 'db', created: 1000, tags: 'grow', types: 'strict', retentionS: null });
  const [table] = await catalog.decide(database.id, [need('cpu', 'host', 0), need('cpu', 'usage', 1)]);
  assert.deepEqual(table, {
    id: 1, databaseId: 1, databaseName: 'db', measurement: 'cpu', folder: 'db/cpu', created: 1010, flushedTo: 0, committedTo: 0,
    columns: [{ id: 1, kind: 0, key: 'host', name: 'host' }, { id: 2, kind: 1, key: 'usage', name: 'usage' }],
  });
  assert.equal(catalog.table(1), table);
  assert.deepEqual(catalog.tables(), [table]);
  assert.deepEqual(catalog.tables(database.id), [table]);
  assert.deepEqual(catalog.tables(99), []);
  const [wider] = await catalog.decide(database.id, [need('cpu', 'idle', 1, 1)]);
  assert.deepEqual(wider!.columns.map(({ key }) => key), ['host', 'usage', 'idle']);
  assert.equal(table!.columns.length, 2, 'a table that was handed out does not change');
});

test('[issue 13 A3] of columns that come one by one each is told and logged once', async () => {
  const { catalog, list } = makeCatalog();
  const { id } = await catalog.ensureDatabase('db');
  const told: string[] = [];
  catalog.subscribe(({ added }) => told.push(...added.flatMap(({ columns }) => columns.map(({ key }) => key))));
  const keys = Array.from({ length: 500 }, (_, n) => `key${n}`);
  for (const [n, key] of keys.entries()) await catalog.decide(id, [need('cpu', key, 1, n === 0 ? 0 : 1)]);
  assert.deepEqual(told, keys);
  assert.deepEqual(catalog.table(1)!.columns.map(({ key }) => key), keys);
  const bytes = list.records.map(({ record }) => record.length);
  assert.ok(Math.max(...bytes) < 200, `${Math.max(...bytes)} bytes of one record`);
});

test('what is there already makes no record, and a column keeps its kind', async () => {
  const { catalog, list } = makeCatalog();
  const { id } = await catalog.ensureDatabase('db');
  await catalog.decide(id, [need('cpu', 'a', 1)]);
  const { length } = list.records;
  assert.deepEqual(await catalog.decide(id, [need('cpu', 'a', 1), need('cpu', 'a', 2, 1), need('cpu', 'a', 0)]), []);
  assert.equal((await catalog.ensureDatabase('db')).id, id);
  assert.equal(list.records.length, length);
  assert.equal(catalog.table(1)!.columns[0]!.kind, 1);
});

test('of two kinds of one new column the first counts', async () => {
  const { catalog } = makeCatalog();
  const { id } = await catalog.ensureDatabase('db');
  const [table] = await catalog.decide(id, [need('cpu', 'a', 3), need('cpu', 'a', 2)]);
  assert.deepEqual(table!.columns.map(({ kind }) => kind), [3]);
});

test('rules of a database: said where they are not plain, those of the server where none are given, changed by a record of their own', async () => {
  const { catalog, list } = makeCatalog();
  const split = await catalog.ensureDatabase('a', { types: 'split' });
  assert.deepEqual([split.tags, split.types], ['grow', 'split']);
  assert.deepEqual(list.last(), { databases: [{ id: 1, name: 'a', folder: 'a', types: 'split' }] });
  assert.equal((await catalog.ensureDatabase('a', { tags: 'fixed' })).tags, 'grow', 'one that is there stays as it is');
  const changed = await catalog.changeSettings('a', { tags: 'fixed' });
  assert.deepEqual([changed!.tags, changed!.types], ['fixed', 'split']);
  assert.deepEqual(list.last(), { settings: [{ database: 1, tags: 'fixed', types: 'split', retentionS: null }] });
  assert.deepEqual([split.tags, catalog.database('a')!.tags], ['grow', 'fixed'], 'a database that was handed out does not change');
  const { length } = list.records;
  assert.deepEqual(await catalog.changeSettings('a', { types: 'split' }), catalog.database('a'));
  assert.equal(await catalog.changeSettings('nil', { types: 'split' }), null);
  assert.equal(list.records.length, length, 'what changes nothing makes no record');
  await catalog.changeSettings('a', { tags: 'grow', types: 'strict' });
  await catalog.changeSettings('a', { types: 'widen' });

  const server = new Catalog({ node: NODE, limits: LIMITS, commit: list.commit, rules: { tags: 'fixed', types: 'widen' } }, CatalogState.fromSnapshot(wholeSnapshot(catalog.snapshot())));
  const [own, half] = [await server.ensureDatabase('b'), await server.ensureDatabase('c', { tags: 'grow', types: 'strict' })];
  assert.deepEqual([own.tags, own.types, half.tags, half.types], ['fixed', 'widen', 'grow', 'strict']);
  const rules = server.databases().map(({ name, tags, types }) => `${name} ${tags} ${types}`);
  assert.deepEqual(rules, ['a grow widen', 'b fixed widen', 'c grow strict']);
  const again = recovered(list);
  assert.deepEqual(again.databases(), server.databases());
  assert.deepEqual(wholeSnapshot(CatalogState.fromSnapshot(decodeSnapshot(Buffer.concat([...encodeSnapshot(again.snapshot())]))).toSnapshot(NODE)), wholeSnapshot(again.snapshot()));
});

test('[issue 14 4] the retention of a database is in the record of its making, in one of its own when it changes, and in the snapshot', async () => {
  const { catalog, list } = makeCatalog();
  assert.equal((await catalog.ensureDatabase('a', { retentionS: 3600 })).retentionS, 3600);
  assert.deepEqual(list.last(), { databases: [{ id: 1, name: 'a', folder: 'a', retentionS: 3600 }] });
  assert.equal((await catalog.ensureDatabase('b')).retentionS, null);
  await catalog.changeSettings('b', { retentionS: 7200 });
  assert.deepEqual(list.last(), { settings: [{ database: 2, tags: 'grow', types: 'strict', retentionS: 7200 }] });
  await catalog.changeSettings('b', { tags: 'fixed' });
  await catalog.ensureDatabase('c', { retentionS: 5400 });
  await catalog.changeSettings('c', { retentionS: null });
  const { length } = list.records;
  await catalog.changeSettings('c', { retentionS: null });
  assert.equal(list.records.length, length, 'what changes nothing makes no record');
  const again = recovered(list);
  const kept = CatalogState.fromSnapshot(decodeSnapshot(Buffer.concat([...encodeSnapshot(again.snapshot())])));
  for (const databases of [catalog.databases(), again.databases(), kept.databases().map(({ database }) => database)]) {
    assert.deepEqual(databases.map(({ name, tags, retentionS }) => [name, tags, retentionS]), [['a', 'grow', 3600], ['b', 'fixed', 7200], ['c', 'grow', null]]);
  }
});

test('[issue 14 4] a record of before, which says no retention, leaves it as it is', () => {
  const { catalog } = makeCatalog();
  assert.deepEqual(catalog.applyRecord(Buffer.from('{"databases":[{"id":1,"name":"a","folder":"a","retentionS":3600}]}'), 1), []);
  assert.deepEqual(catalog.applyRecord(Buffer.from('{"settings":[{"database":1,"tags":"fixed","types":"strict"}]}'), 2), []);
  assert.deepEqual([catalog.database('a')!.tags, catalog.database('a')!.retentionS], ['fixed', 3600]);
  assert.deepEqual(catalog.applyRecord(Buffer.from('{"settings":[{"database":1,"tags":"grow","types":"strict","retentionS":null}]}'), 3), []);
  assert.equal(catalog.database('a')!.retentionS, null);
  assert.match(catalog.applyRecord(Buffer.from('{"settings":[{"database":1,"tags":"grow","types":"strict","retentionS":"1h"}]}'), 4).join(), /should be a whole number/);
});

test('rules that make no sense are said and do no harm', () => {
  const { catalog } = makeCatalog();
  const made = '"databases":[{"id":1,"name":"a","folder":"a","tags":"fixed"}]';
  assert.deepEqual(catalog.applyRecord(Buffer.from(`{${made}}`), 1), []);
  assert.match(catalog.applyRecord(Buffer.from('{"settings":[{"database":9,"tags":"grow","types":"strict"}]}'), 2).join(), /database 9 cannot have other settings/);
  for (const wrong of ['{"database":1,"tags":"free","types":"strict"}', '{"database":1,"tags":"grow"}']) {
    assert.match(catalog.applyRecord(Buffer.from(`{"settings":[${wrong}]}`), 3).join(), /should be one of/);
  }
  assert.match(catalog.applyRecord(Buffer.from(made.replace('"databases"', '{"databases"').replace('fixed', 'free').concat('}')), 4).join(), /one of grow, fixed where there is "free"/);
  assert.deepEqual(catalog.databases().map(({ tags, types }) => [tags, types]), [['fixed', 'strict']]);
});

test('tags fixed: a table takes those of the body that makes it and no others, also where bodies share a record', async () => {
  const list = new RecordList();
  const { catalog } = makeCatalog({}, list);
  const { id } = await catalog.ensureDatabase('db', { tags: 'fixed' });
  const decide = (...needs: ReturnType<typeof need>[]) => catalog.decide(id, needs, RULE_TAGS_FIXED);
  await Promise.all([
    decide(need('a', 't', 0), need('a', 'x', 1), need('a', 'u', 0)),
    decide(need('a', 'v', 0), need('a', 'y', 1), need('b', 'v', 0), need('b', 'y', 1)),
    decide(need('b', 'w', 0)),
  ]);
  assert.equal(list.records.length, 2);
  await decide(need('a', 'w', 0, 1), need('a', 'w', 0), need('a', 'z', 1, 1), need('c', 'w', 0));
  await catalog.decide(id, [need('b', 'late', 0)]);
  const keys = catalog.tables().map(({ measurement, columns }) => `${measurement}: ${columns.map(({ key }) => key)}`);
  assert.deepEqual(keys, ['a: t,x,u,y,z', 'b: v,y,late', 'c: w']);
});

test('calls made while a record is written share the next one', async () => {
  const list = new RecordList();
  const { catalog } = makeCatalog({}, list);
  const { id } = await catalog.ensureDatabase('db');
  let goOn!: () => void;
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  list.before = () => held;
  const first = catalog.decide(id, [need('a', 'x')]);
  await new Promise(setImmediate);
  const others = [
    catalog.decide(id, [need('b', 'x'), need('b', 'y')]),
    catalog.decide(id, [need('b', 'y'), need('b', 'z')]),
    catalog.decide(id, [need('a', 'x')]),
  ];
  const databases = Array.from({ length: 20 }, () => catalog.ensureDatabase('other'));
  goOn();
  await first;
  const decided = await Promise.all(others);
  assert.equal(new Set((await Promise.all(databases)).map(({ id: other }) => other)).size, 1);
  assert.equal(list.records.length, 3);
  for (const tables of decided) assert.deepEqual(tables.map(({ measurement }) => measurement), ['b']);
  assert.deepEqual(decided[0]![0]!.columns.map(({ key }) => key), ['x', 'y', 'z']);
});

test('calls of one moment share a record', async () => {
  const { catalog, list } = makeCatalog();
  const { id } = await catalog.ensureDatabase('db');
  await Promise.all(Array.from({ length: 50 }, (_, i) => catalog.decide(id, [need(`t${i}`, 'x')])));
  assert.equal(list.records.length, 2);
  assert.equal(catalog.tables().length, 50);
});

test('listeners are told after the record and before the call ends', async () => {
  const { catalog, list } = makeCatalog();
  const { id } = await catalog.ensureDatabase('db');
  const told: string[] = [];
  catalog.subscribe(({ seq, defined, dropped }) => {
    assert.equal(list.records.at(-1)!.seq, seq);
    told.push(`defined ${defined.map(({ measurement }) => measurement)} dropped ${dropped}`);
  });
  await catalog.decide(id, [need('a', 'x'), need('b', 'x')]).then(() => told.push('decided'));
  await catalog.dropTable(id, 'a').then(() => told.push('gone'));
  await catalog.dropDatabase('db').then(() => told.push('all gone'));
  assert.deepEqual(told, ['defined a,b dropped ', 'decided', 'defined  dropped 1', 'gone', 'defined  dropped 2', 'all gone']);
});

test('a record that cannot be written changes nothing, and its ids are not given again', async () => {
  const list = new RecordList();
  const { catalog } = makeCatalog({}, list);
  const { id } = await catalog.ensureDatabase('db');
  list.before = () => Promise.reject(new SluiceError('log-failed', 'no disk'));
  const results = await Promise.allSettled([catalog.decide(id, [need('a', 'x')]), catalog.ensureDatabase('other')]);
  for (const result of results) assert.ok(result.status === 'rejected' && isSluiceError('log-failed')(result.reason));
  assert.equal(catalog.database('other'), undefined);
  assert.deepEqual(catalog.tables(), []);
  list.before = undefined;
  const [table] = await catalog.decide(id, [need('a', 'x')]);
  assert.deepEqual([table!.id, table!.columns[0]!.id], [2, 2]);
  assert.equal((await catalog.ensureDatabase('other')).id, 3);
});

test('ids and folders are never used again', async () => {
  const { catalog, list } = makeCatalog();
  const database = await catalog.ensureDatabase('db');
  const [first] = await catalog.decide(database.id, [need('cpu', 'x')]);
  assert.deepEqual(await catalog.dropTable(database.id, 'cpu'), first);
  assert.equal(catalog.table(first!.id), undefined);
  const [second] = await catalog.decide(database.id, [need('cpu', 'x')]);
  assert.notEqual(second!.id, first!.id);
  assert.notEqual(second!.columns[0]!.id, first!.columns[0]!.id);
  assert.deepEqual([first!.folder, second!.folder], ['db/cpu', 'db/cpu~2']);
  assert.deepEqual(await catalog.dropDatabase('db'), { database, tables: [second] });
  assert.equal(catalog.database('db'), undefined);
  assert.deepEqual(catalog.databases(), []);
  const anew = await catalog.ensureDatabase('db');
  assert.deepEqual([anew.id, anew.folder], [2, 'db~2']);
  for (const known of [catalog, recovered(list), Catalog.fromSnapshot(wholeSnapshot(catalog.snapshot()), { limits: LIMITS, commit: list.commit })]) {
    assert.deepEqual(known.databases(), [anew]);
    assert.deepEqual(known.tables(), []);
    assert.deepEqual(wholeSnapshot(known.snapshot()), wholeSnapshot(catalog.snapshot()));
  }
  const [third] = await Catalog.fromSnapshot(wholeSnapshot(catalog.snapshot()), { limits: LIMITS, commit: list.commit }).decide(anew.id, [need('cpu', 'x')]);
  assert.deepEqual([third!.id, third!.folder], [3, 'db~2/cpu']);
});

test('a drop comes after what was asked before it and before what was asked after', async () => {
  const { catalog, list } = makeCatalog();
  const { id } = await catalog.ensureDatabase('db');
  const results = await Promise.allSettled([
    catalog.decide(id, [need('a', 'x')]),
    catalog.dropDatabase('db'),
    catalog.decide(id, [need('b', 'x')]),
    catalog.ensureDatabase('other'),
  ]);
  assert.deepEqual(results.map(({ status }) => status), ['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  assert.ok(results[2]!.status === 'rejected' && isSluiceError('database-dropped')(results[2]!.reason));
  assert.ok(results[1]!.status === 'fulfilled' && (results[1]!.value as { tables: unknown[] }).tables.length === 1);
  assert.equal((await catalog.ensureDatabase('db')).id, 3);
  assert.equal(list.records.length, 5);
});

test('a need for a table that was dropped meanwhile makes none', async () => {
  const { catalog } = makeCatalog();
  const { id } = await catalog.ensureDatabase('db');
  const [table] = await catalog.decide(id, [need('cpu', 'x')]);
  await catalog.dropTable(id, 'cpu');
  assert.deepEqual(await catalog.decide(id, [need('cpu', 'y', 1, table!.id)]), []);
});

test('what is not there cannot be dropped', async () => {
  const { catalog, list } = makeCatalog();
  const { id } = await catalog.ensureDatabase('db');
  assert.equal(await catalog.dropDatabase('none'), null);
  assert.equal(await catalog.dropTable(id, 'none'), null);
  assert.equal(await catalog.dropTable(77, 'none'), null);
  assert.equal(list.records.length, 1);
});

test('names that differ in case alone get folders and columns of their own', async () => {
  const { catalog } = makeCatalog();
  const [lower, upper] = [await catalog.ensureDatabase('db'), await catalog.ensureDatabase('DB')];
  assert.equal(lower.folder, 'db');
  assert.notEqual(upper.folder.toLowerCase(), 'db');
  const tables = await catalog.decide(upper.id, [need('cpu', 'x'), need('CPU', 'x'), need('Cpu', 'x')]);
  assert.equal(new Set(tables.map(({ folder }) => folder.toLowerCase())).size, 3);
  const [wide] = await catalog.decide(upper.id, ['time2', 'TIME', 'sluice_seq', 'a', 'A', 'á', 'Á'].map((key) => need('wide', key)));
  assert.equal(new Set(wide!.columns.map(({ name }) => name.toLowerCase())).size, 7);
  const [wider] = await catalog.decide(upper.id, [need('wide', 'sluice_SEQ')]);
  assert.deepEqual(wider!.columns.slice(0, 7), wide!.columns, 'names are final');
  assert.equal(new Set(wider!.columns.map(({ name }) => name.toLowerCase())).size, 8);
});

test('limits: databases', async () => {
  const { catalog } = makeCatalog({ databasesMax: 2 });
  const results = await Promise.allSettled(['a', 'b', 'c', 'a'].map((name) => catalog.ensureDatabase(name)));
  assert.deepEqual(results.map(({ status }) => status), ['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  await assert.rejects(catalog.ensureDatabase('d'), isSluiceError('too-many-databases'));
  await catalog.dropDatabase('a');
  await catalog.ensureDatabase('d');
});

test('limits: tables, of all databases together', async () => {
  const { catalog } = makeCatalog({ tablesMax: 3 });
  const [one, two] = [await catalog.ensureDatabase('one'), await catalog.ensureDatabase('two')];
  await catalog.decide(one.id, [need('a', 'x'), need('b', 'x')]);
  const tables = await catalog.decide(two.id, [need('c', 'x'), need('d', 'x'), need('c', 'y')]);
  assert.deepEqual(tables.map(({ measurement, columns }) => [measurement, columns.length]), [['c', 2]]);
  assert.deepEqual(await catalog.decide(two.id, [need('d', 'x')]), []);
  await catalog.dropTable(one.id, 'a');
  assert.equal((await catalog.decide(two.id, [need('d', 'x')])).length, 1);
});

test('limits: a table whose first column is over a limit takes no place until it has one', async () => {
  const { catalog } = makeCatalog({ tablesMax: 1, columnNameBytesMax: 5 });
  const { id } = await catalog.ensureDatabase('db');
  const tables = await catalog.decide(id, [need('a', 'too long'), need('b', 'x'), need('a', 'y')]);
  assert.deepEqual(tables.map(({ measurement }) => measurement), ['b']);
});

test('limits: columns and the bytes of their keys', async () => {
  const { catalog } = makeCatalog({ columnsMax: 3, columnNameBytesMax: 10 });
  const { id } = await catalog.ensureDatabase('db');
  const keys = (table: { columns: readonly { key: string }[] } | undefined) => table?.columns.map(({ key }) => key);
  const [a] = await catalog.decide(id, ['1', '2', '3', '4'].map((key) => need('a', key)));
  assert.deepEqual(keys(a), ['1', '2', '3']);
  assert.deepEqual(await catalog.decide(id, [need('a', '4')]), []);
  const [b] = await catalog.decide(id, [need('b', 'éééé'), need('b', '123'), need('b', '12')]);
  assert.deepEqual(keys(b), ['éééé', '12']);
  assert.deepEqual(await catalog.decide(id, [need('b', '3')]), []);
  assert.deepEqual(await catalog.decide(id, [need('c', '12345678901')]), [], 'no table without a column');
});

test('limits: the bytes of all names, each with 64 more; what is dropped counts no more', async () => {
  const { catalog } = makeCatalog({ namesBytesMax: 4 * 64 + 10 });
  const { id } = await catalog.ensureDatabase('db');
  const made = await catalog.decide(id, [need('aaaa', 'f'), need('bbbb', 'too long'), need('bbbb', 'g'), need('aaaa', 'h')]);
  assert.deepEqual(made.map(({ measurement, columns }) => [measurement, columns.map(({ key }) => key)]), [['aaaa', ['f']], ['bbbb', ['g']]]);
  assert.deepEqual(await catalog.decide(id, [need('c', 'f')]), []);
  await catalog.dropTable(id, 'aaaa');
  assert.equal((await catalog.decide(id, [need('c', 'f')])).length, 1);
  const again = Catalog.fromSnapshot(wholeSnapshot(catalog.snapshot()), { limits: { ...LIMITS, namesBytesMax: 4 * 64 + 10 }, commit: async () => 1000 });
  assert.deepEqual(await again.decide(id, [need('d', 'f')]), [], 'it is counted anew at a start');
});

test('flushedTo goes up alone, and into the snapshot', async () => {
  const { catalog } = makeCatalog();
  const { id } = await catalog.ensureDatabase('db');
  await catalog.decide(id, [need('cpu', 'x')]);
  catalog.setFlushedTo(1, 500);
  catalog.setFlushedTo(1, 400);
  catalog.setFlushedTo(99, 1);
  assert.equal(catalog.table(1)!.flushedTo, 500);
  assert.equal(wholeSnapshot(catalog.snapshot()).tables[0]!.flushedTo, 500);
});

test('records are taken up again: the same catalog, whether from the start or from a snapshot', async () => {
  const { catalog, list } = makeCatalog();
  const { id } = await catalog.ensureDatabase('db');
  await catalog.decide(id, [need('cpu', 'host', 0), need('mem', 'free', 2)]);
  const half = wholeSnapshot(catalog.snapshot());
  await catalog.decide(id, [need('cpu', 'usage'), need('disk', 'free', 2)]);
  await catalog.dropTable(id, 'mem');
  const expected = wholeSnapshot(catalog.snapshot());
  assert.deepEqual(wholeSnapshot(recovered(list).snapshot()), expected);
  const fromHalf = Catalog.fromSnapshot(half, { limits: LIMITS, commit: list.commit });
  for (const { seq, record } of list.records) assert.deepEqual(fromHalf.applyRecord(record, seq), []);
  assert.deepEqual(wholeSnapshot(fromHalf.snapshot()), expected);
  assert.equal(expected.node, NODE);
  assert.equal(expected.upTo, list.records.at(-1)!.seq);
});

test('what the catalog has made is back from the log after a loss of power', async () => {
  const disk = new MemoryDisk();
  const { log } = await open(disk);
  const commit = async (record: Buffer) => {
    const { seq, synced } = log.appendCatalog(record);
    await synced;
    return seq;
  };
  const catalog = new Catalog({ node: NODE, limits: LIMITS, commit });
  const { id } = await catalog.ensureDatabase('db');
  await Promise.all(['a', 'b', 'c'].map((name) => catalog.decide(id, [need(name, 'x'), need(name, 'y', 0)])));
  await catalog.dropTable(id, 'b');
  const { scan } = await open(disk.crash('drop-unsynced'));
  const again = new Catalog({ node: NODE, limits: LIMITS, commit });
  for (const { seq, payload } of scan.catalogRecords) assert.deepEqual(again.applyRecord(payload, seq), []);
  assert.deepEqual(wholeSnapshot(again.snapshot()), wholeSnapshot(catalog.snapshot()));
});

test('a record that makes no sense is said and does no harm', () => {
  const { catalog } = makeCatalog();
  const none = { databases: [], settings: [], tables: [], columns: [], deletes: [], deletesDone: [], dropped: { databases: [], tables: [] } };
  assert.match(catalog.applyRecord(Buffer.from('{'), 1).join(), /catalog record 1 is passed over/);
  assert.match(catalog.applyRecord(Buffer.from('{"tables":[{"id":-1}]}'), 2).join(), /a whole number where there is -1/);
  assert.match(catalog.apply({ ...none, tables: [{ id: 1, database: 9, name: 'a', folder: 'a' }] }, 3).join(), /database 9, which is unknown/);
  assert.match(catalog.apply({ ...none, columns: [{ id: 1, table: 9, key: 'a', kind: 1, name: 'a' }] }, 4).join(), /table 9, which is unknown/);
  assert.match(catalog.apply({ ...none, dropped: { databases: [7], tables: [8] } }, 5).join(), /database 7 .* table 8 /);
  const database = { id: 4, name: 'db', folder: 'db' };
  assert.deepEqual(catalog.apply({ ...none, databases: [database] }, 6), []);
  assert.match(catalog.apply({ ...none, databases: [database] }, 7).join(), /database 4 is there already/);
  assert.match(catalog.apply({ ...none, databases: [{ ...database, id: 5 }] }, 8).join(), /"db" is there already/);
  assert.deepEqual(catalog.databases().map(({ id }) => id), [4]);
});

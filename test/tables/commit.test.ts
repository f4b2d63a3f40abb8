import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { KIND_F64, KIND_STRING, KIND_TAG, KIND_U64 } from '../../assembly/layout/codes.js';
import { systemDisk } from '../../src/disk.js';
import { commitName, dataPaths, type DataPaths } from '../../src/names.js';
import { CommitUncertain, TableCommitter } from '../../src/tables/commit.js';
import { columnIdOf } from '../../src/tables/delta/schema-string.js';
import { loadTable } from '../../src/tables/delta/table-log.js';
import { fieldsOf, TableRefused, type OwnNode } from '../../src/tables/delta/table-state.js';
import type { TableStore } from '../../src/tables/table-store.js';
import type { FlushedFile } from '../../src/model/flushed-file.js';
import type { ColumnDefinition } from '../../src/model/schema.js';
import { CRASH_POLICIES, type MemoryDisk } from '../fault/memory-disk.js';
import { memoryDisk, memoryPaths, tablesStore } from './memory.js';

const root = mkdtempSync(join(tmpdir(), 'sluice-commit-'));
after(() => rmSync(root, { recursive: true }));

const folder = 'db/cpu';
const node = '3fa9c1e2';
const identity = { tableId: 7, measurement: 'cpu', database: 'db' };
const host: ColumnDefinition = { id: 1, kind: KIND_TAG, key: 'host', name: 'host' };
const load: ColumnDefinition = { id: 2, kind: KIND_F64, key: 'load avg', name: 'load%20avg' };
const big: ColumnDefinition = { id: 9, kind: KIND_U64, key: 'constructor', name: 'constructor' };

let made = 0;
function freshPaths(): DataPaths {
  made += 1;
  return dataPaths(join(root, String(made)));
}

function flushed(name: string, rows = 3): FlushedFile {
  return {
    path: `${folder}/${name}`,
    bytes: 1000,
    rows,
    statistics: {
      numRecords: rows,
      minValues: { sluice_seq: '1767225600123456', big: '18446744073709551614' },
      maxValues: { sluice_seq: '9007199254740993', big: '18446744073709551615' },
      nullCount: { time: 0, sluice_ns: 0, sluice_seq: 0, host: 1 },
    },
  };
}

const own = (asNode: string): OwnNode => ({ node: asNode, seqMax: () => Number.MAX_SAFE_INTEGER, readCheckpoint: () => assert.fail('there is none') });
const open = (store: TableStore, asNode = node, committedTo = 0): Promise<TableCommitter> => TableCommitter.open({ ...own(asNode), store, folder, identity, committedTo });

/** The actions of a commit. */
function commitOf(paths: DataPaths, version: number): Record<string, Record<string, unknown>>[] {
  const text = readFileSync(join(paths.tables, folder, '_delta_log', commitName(version)), 'utf8');
  return text.trimEnd().split('\n').map((line) => JSON.parse(line));
}

function writeCommit(paths: DataPaths, version: number, ...actions: object[]): void {
  const log = join(paths.tables, folder, '_delta_log');
  mkdirSync(log, { recursive: true });
  writeFileSync(join(log, commitName(version)), actions.map((action) => `${JSON.stringify(action)}\n`).join(''));
}

test('the first commit makes the table, a later one adds files, and both are read back', async () => {
  const paths = freshPaths();
  const store = tablesStore(systemDisk, paths, 's');
  const committer = await open(store);
  assert.equal(await committer.commit({ columns: [host, load], files: [flushed('a.parquet'), flushed('b c%.parquet', 5)], seq: 100, timeMs: 1700 }), 'committed');
  assert.equal(await committer.commit({ columns: [host, load], files: [flushed('d.parquet')], seq: 200, timeMs: 1800 }), 'committed');

  const [protocol, metaData, add, addEscaped, txn, commitInfo] = commitOf(paths, 0);
  assert.deepEqual(protocol, { protocol: { minReaderVersion: 1, minWriterVersion: 2 } });
  const { id, schemaString, ...rest } = metaData!.metaData!;
  assert.match(String(id), /^[0-9a-f]{8}-/);
  assert.deepEqual(rest, {
    name: 'cpu', description: 'sluice table 7 of database db', format: { provider: 'parquet', options: {} },
    partitionColumns: [], configuration: {}, createdTime: 1700,
  });
  assert.deepEqual(JSON.parse(String(schemaString)), {
    type: 'struct',
    fields: [
      { name: 'time', type: 'timestamp', nullable: false, metadata: { 'sluice.kind': 'time' } },
      { name: 'sluice_ns', type: 'integer', nullable: false, metadata: { 'sluice.kind': 'ns' } },
      { name: 'sluice_seq', type: 'long', nullable: false, metadata: { 'sluice.kind': 'seq' } },
      { name: 'host', type: 'string', nullable: true, metadata: { 'sluice.id': 1, 'sluice.key': 'host', 'sluice.kind': 'tag' } },
      { name: 'load%20avg', type: 'double', nullable: true, metadata: { 'sluice.id': 2, 'sluice.key': 'load avg', 'sluice.kind': 'field' } },
    ],
  });
  assert.deepEqual(add, {
    add: {
      path: 'a.parquet', partitionValues: {}, size: 1000, modificationTime: 1700, dataChange: true,
      stats: '{"numRecords":3,"minValues":{"sluice_seq":1767225600123456,"big":18446744073709551614},'
        + '"maxValues":{"sluice_seq":9007199254740993,"big":18446744073709551615},'
        + '"nullCount":{"time":0,"sluice_ns":0,"sluice_seq":0,"host":1,"load%20avg":3}}',
    },
  });
  assert.equal(addEscaped!.add!.path, 'b%20c%25.parquet');
  assert.deepEqual(txn, { txn: { appId: 'sluice-3fa9c1e2', version: 100, lastUpdated: 1700 } });
  assert.equal(commitInfo!.commitInfo!.operation, 'WRITE');
  assert.equal(commitInfo!.commitInfo!.engineInfo, 'sluice/0.1.0');
  assert.deepEqual(commitOf(paths, 1).map((action) => Object.keys(action)[0]), ['add', 'txn', 'commitInfo']);

  const { files, state } = await loadTable(store, folder, own(node));
  assert.deepEqual(state, committer.state);
  assert.equal(state.version, 1);
  assert.equal(state.flushedTo, 200);
  assert.equal(state.metaData!.id, id);
  assert.deepEqual(files!.live().map((file) => [file.path, file.bytes, file.rows]), [['a.parquet', 1000, 3], ['b c%.parquet', 1000, 5], ['d.parquet', 1000, 3]]);
  assert.equal((await loadTable(store, folder, own('ffffffff'))).state.flushedTo, 0);
});

test('new columns bring a metaData of the same id, and nullCount of columns that a file does not have', async () => {
  const paths = freshPaths();
  const committer = await open(tablesStore(systemDisk, paths, 's'));
  await committer.commit({ columns: [host], files: [flushed('a.parquet')], seq: 1, timeMs: 1 });
  await committer.commit({ columns: [host, load, big], files: [flushed('b.parquet')], seq: 2, timeMs: 2 });
  const [first, second] = [commitOf(paths, 0)[1]!.metaData!, commitOf(paths, 1)[0]!.metaData!];
  assert.equal(second.id, first.id);
  assert.equal(second.createdTime, 1);
  assert.deepEqual(fieldsOf(committer.state).map((field) => [field.name, field.type, columnIdOf(field)]), [
    ['time', 'timestamp', null], ['sluice_ns', 'integer', null], ['sluice_seq', 'long', null],
    ['host', 'string', 1], ['load%20avg', 'double', 2], ['constructor', 'decimal(20,0)', 9],
  ]);
  const stats = JSON.parse(String(commitOf(paths, 1)[1]!.add!.stats)) as { nullCount: object };
  assert.deepEqual(Object.entries(stats.nullCount).slice(-2), [['load%20avg', 3], ['constructor', 3]]);
});

test('a batch is committed once: the same files are a repetition, other files are refused', async () => {
  const paths = freshPaths();
  const store = tablesStore(systemDisk, paths, 's');
  const batch = { columns: [host], files: [flushed('a.parquet')], seq: 100, timeMs: 1 };
  await (await open(store)).commit(batch);
  const later = await open(store);
  assert.equal(await later.commit(batch), 'committed');
  assert.equal(await later.commit({ ...batch, files: [flushed('b.parquet')], seq: 99 }), 'already');
  assert.equal(later.state.version, 0);
  assert.deepEqual((await later.look()).files.map(({ path }) => path), ['a.parquet']);
});

test('committers of several nodes that race lose nothing and leave no gap', async () => {
  const paths = freshPaths();
  const store = tablesStore(systemDisk, paths, 's');
  const nodes = ['0000000a', '0000000b', '0000000c'];
  await Promise.all(nodes.map(async (each, at) => {
    const committer = await open(store, each);
    const own: ColumnDefinition = { id: 10 + at, kind: KIND_STRING, key: each, name: each };
    for (let seq = 1; seq <= 20; seq += 1) {
      const end = await committer.commit({ columns: [host, own], files: [flushed(`${each}-${seq}.parquet`)], seq, timeMs: seq });
      assert.equal(end, 'committed');
    }
  }));
  const { files, state } = await loadTable(store, folder, own('none'));
  assert.equal(state.version, 59);
  assert.deepEqual(files!.live().map(({ path }) => path).toSorted(), nodes.flatMap((each) => Array.from({ length: 20 }, (_, n) => `${each}-${n + 1}.parquet`)).toSorted());
  assert.deepEqual(fieldsOf(state).map((field) => field.name).toSorted(), ['0000000a', '0000000b', '0000000c', 'host', 'sluice_ns', 'sluice_seq', 'time']);
  for (const each of nodes) assert.equal((await loadTable(store, folder, own(each))).state.flushedTo, 20);
  const firsts = Array.from({ length: 60 }, (_, version) => commitOf(paths, version)).filter((actions) => 'protocol' in actions[0]!);
  assert.equal(firsts.length, 1);
});

test('what other writers do to a table is taken as it is and stays', async () => {
  const paths = freshPaths();
  const store = tablesStore(systemDisk, paths, 's');
  const committer = await open(store);
  await committer.commit({ columns: [host], files: [flushed('a.parquet')], seq: 1, timeMs: 1 });
  const before = commitOf(paths, 0)[1]!.metaData!;
  const fields = (JSON.parse(String(before.schemaString)) as { fields: { name: string; nullable: boolean; metadata: Record<string, unknown> }[] }).fields;
  const loosened = fields.map((field) => ({ ...field, nullable: true, metadata: { ...field.metadata, ...(field.name === 'host' ? { 'sluice.id': '1', 'parquet.field.id': 4, 'comment': 'theirs' } : {}) } }));
  const theirs = { name: 'theirs', type: { type: 'array', elementType: 'string', containsNull: true }, nullable: true, metadata: {} };
  writeCommit(paths, 1,
    { commitInfo: { operation: 'MERGE' }, cdc: {} },
    { metaData: { ...before, configuration: { 'delta.logRetentionDuration': 'interval 1 days' }, schemaString: JSON.stringify({ type: 'struct', fields: [...loosened, theirs] }) } },
    { remove: { path: 'a.parquet', dataChange: true } },
    { add: { path: 'part-0000%20x.snappy.parquet', partitionValues: {}, size: 5, modificationTime: 1, dataChange: true } },
    { domainMetadata: { domain: 'x' } },
    { txn: { appId: 'spark', version: 99 } },
  );
  assert.equal(await committer.commit({ columns: [host, load], files: [flushed('b.parquet')], seq: 2, timeMs: 2 }), 'committed');
  const { files, state } = await loadTable(store, folder, own(node));
  assert.equal(state.version, 2);
  assert.equal(state.flushedTo, 2);
  assert.deepEqual(files!.live().map((file) => [file.path, file.rows]), [['part-0000 x.snappy.parquet', null], ['b.parquet', 3]]);
  assert.deepEqual(['a.parquet', 'part-0000 x.snappy.parquet', 'b.parquet', 'c.parquet'].map((path) => files!.isNamed(path)), [true, true, true, false]);
  const merged = fieldsOf(state);
  assert.deepEqual(merged.map((field) => [field.name, field.nullable]), [['time', true], ['sluice_ns', true], ['sluice_seq', true], ['host', true], ['load%20avg', true], ['theirs', true]]);
  assert.deepEqual(merged[3]!.metadata, { 'sluice.id': 1, 'sluice.key': 'host', 'sluice.kind': 'tag', 'comment': 'theirs' });
  assert.equal(columnIdOf({ ...merged[3]!, metadata: { 'sluice.id': '1' } }), 1);
  assert.deepEqual(merged[5]!.type, theirs.type);
  assert.deepEqual(state.metaData!.configuration, { 'delta.logRetentionDuration': 'interval 1 days' });
});

test('a table is looked at with the names that its columns have since a column of another writer took one of them', async () => {
  const paths = freshPaths();
  const store = await tablesStore(systemDisk, paths, 's1');
  const committer = await open(store);
  await committer.commit({ columns: [host], files: [flushed(`${node}-0000000000001000-0.parquet`)], seq: 1000, timeMs: 1 });
  const { metaData } = commitOf(paths, 0).find((action) => action['metaData'])! as { metaData: { schemaString: string } };
  const { fields, ...rest } = JSON.parse(metaData.schemaString) as { fields: object[] };
  const theirs = { name: 'later', type: 'string', nullable: true, metadata: {} };
  writeCommit(paths, 1, { metaData: { ...metaData, schemaString: JSON.stringify({ ...rest, fields: [...fields, theirs] }) } });
  let columns: readonly ColumnDefinition[] = [host, { id: 3, kind: KIND_F64, key: 'later', name: 'later' }];
  await committer.check(() => columns);
  // The flush that brings its first value has given it another name by then.
  const renamed = [host, { id: 3, kind: KIND_F64, key: 'later', name: 'later~2' }];
  const flushing = committer.commit({ columns: renamed, files: [flushed(`${node}-0000000000002000-0.parquet`)], seq: 2000, timeMs: 2 }).then(() => (columns = renamed));
  await Promise.all([flushing, committer.check(() => columns)]);
  await assert.rejects(committer.check(() => [host, { id: 3, kind: KIND_F64, key: 'later', name: 'later' }]), /column later is "string" in the table/);
});

test('a table that asks for more than we do is read-only or refused, and says why', async () => {
  const base = { id: 'x', schemaString: '{"type":"struct","fields":[]}', partitionColumns: [] };
  const field = (name: string, type: string, metadata: object): object => ({ ...base, schemaString: JSON.stringify({ type: 'struct', fields: [{ name, type, nullable: true, metadata }] }) });
  const cases: [actions: object[], words: RegExp][] = [
    [[{ protocol: { minReaderVersion: 1, minWriterVersion: 7 } }], /db\/cpu: it is read-only: it needs a writer of version 7/],
    [[{ protocol: { minReaderVersion: 3, minWriterVersion: 7 } }], /it is read-only: it needs a writer of version 7/],
    [[{ protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ['deletionVectors', 'typeWidening'] } }], /it needs a reader of version 3 with typeWidening/],
    [[{ protocol: { minReaderVersion: 4, minWriterVersion: 7 } }], /it needs a reader of version 4/],
    [[{ protocol: { minReaderVersion: 2, minWriterVersion: 5 } }, { metaData: { ...base, configuration: { 'delta.columnMapping.mode': 'name' } } }], /column mapping \(name\)/],
    [[{ protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ['deletionVectors'] } }, { add: { path: 'x', size: 1, deletionVector: {} } }], /deleted rows of x by a deletion vector/],
    [[{ protocol: { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['appendOnly', 'rowTracking', 'domainMetadata'] } }], /writer of version 7 with rowTracking, domainMetadata, sluice/],
    [[{ protocol: { minReaderVersion: 1, minWriterVersion: 8, writerFeatures: [] } }], /writer of version 8, sluice/],
    [[{ protocol: { minReaderVersion: 1, minWriterVersion: 3 } }, { metaData: { ...base, configuration: { 'delta.constraints.warm': 'v > 0' } } }], /it has the constraint warm, which/],
    [[{ protocol: { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['generatedColumns'] } }, { metaData: field('day', 'date', { 'delta.generationExpression': 'x' }) }], /column day is computed from others/],
    [[{ protocol: { minReaderVersion: 1, minWriterVersion: 6 } }, { metaData: field('nr', 'long', { 'delta.identity.start': 1 }) }], /column nr is counted up/],
    [[{ metaData: { ...base, partitionColumns: ['day'] } }], /partition columns/],
    [[{ metaData: field('time', 'timestamp', { 'delta.invariants': '{}' }) }], /column time has an invariant/],
    [[{ metaData: field('host', 'integer', {}) }], /column host is "integer" in the table and would be string/],
    [[{ metaData: field('HOST', 'string', {}) }], /columns host and HOST differ in case alone/],
    [[{ add: { path: '%E0%A4%A', size: 1 } }], /commit 0 cannot be read/],
  ];
  for (const [actions, words] of cases) {
    const paths = freshPaths();
    writeCommit(paths, 0, ...actions);
    const committing = async (): Promise<unknown> => (await open(tablesStore(systemDisk, paths, 's'))).commit({ columns: [host], files: [], seq: 1, timeMs: 1 });
    await assert.rejects(committing, (error) => error instanceof TableRefused && words.test(error.message));
  }
});

test('[issue 14 1] what files that are only added satisfy by themselves is no reason to leave a table, and stays as it is', async () => {
  const protocols = [
    { minReaderVersion: 1, minWriterVersion: 4 }, { minReaderVersion: 1, minWriterVersion: 6 }, { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['appendOnly', 'invariants', 'changeDataFeed', 'checkConstraints'] },
  ];
  for (const protocol of protocols) {
    const paths = freshPaths();
    const committer = await open(tablesStore(systemDisk, paths, 's'));
    await committer.commit({ columns: [host], files: [flushed('a.parquet')], seq: 1, timeMs: 1 });
    const configuration = { 'delta.enableChangeDataFeed': 'true', 'delta.appendOnly': 'true' };
    writeCommit(paths, 1, { protocol }, { metaData: { ...commitOf(paths, 0)[1]!.metaData, configuration } });
    assert.equal(await committer.commit({ columns: [host, load], files: [flushed('b.parquet')], seq: 2, timeMs: 2 }), 'committed');
    assert.deepEqual(commitOf(paths, 2).map((action) => Object.keys(action)[0]), ['metaData', 'add', 'txn', 'commitInfo']);
    assert.deepEqual([committer.state.metaData!.configuration, committer.state.protocol.minWriterVersion], [configuration, protocol.minWriterVersion]);
  }
});

test('a file that is removed and added again with a deletion vector is live, and what a refused table says of our commits is known', async () => {
  const paths = freshPaths();
  const store = tablesStore(systemDisk, paths, 's');
  const committer = await open(store);
  await committer.commit({ columns: [host], files: [flushed('a.parquet')], seq: 70, timeMs: 1 });
  writeCommit(paths, 1,
    { protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ['deletionVectors'], writerFeatures: ['deletionVectors'] } },
    { add: { path: 'a.parquet', size: 1000, deletionVector: { cardinality: 1 } } }, { remove: { path: 'a.parquet' } });
  await assert.rejects(committer.look(), (error) => error instanceof TableRefused && error.flushedTo === 70 && /a\.parquet by a deletion vector/.test(error.message));
  writeCommit(paths, 2, { remove: { path: 'a.parquet', deletionVector: { cardinality: 1 } } }, { add: { path: 'b.parquet', size: 10 } });
  assert.deepEqual((await committer.look()).files.map(({ path }) => path), ['b.parquet'], 'rewritten, it can be read again');
  await assert.rejects(committer.commit({ columns: [host], files: [flushed('c.parquet')], seq: 80, timeMs: 1 }), /needs a writer of version 7/);
});

test('a commit that loses to one that makes the table unwritable surely does not stand', async () => {
  const paths = freshPaths();
  const committer = await open(tablesStore(systemDisk, paths, 's'));
  await committer.commit({ columns: [host], files: [flushed('a.parquet')], seq: 1, timeMs: 1 });
  writeCommit(paths, 1, { protocol: { minReaderVersion: 9, minWriterVersion: 9 } });
  await assert.rejects(committer.commit({ columns: [host], files: [flushed('b.parquet')], seq: 2, timeMs: 1 }), TableRefused);
});

test('a log that does not begin at 0, or has a gap, is refused', async () => {
  const begin = freshPaths();
  writeCommit(begin, 3, {});
  await assert.rejects(loadTable(tablesStore(systemDisk, begin, 's'), folder, own(node)), /its log begins at version 3, and no checkpoint leads there/);
  const gap = freshPaths();
  writeCommit(gap, 0, {});
  writeCommit(gap, 2, {});
  await assert.rejects(loadTable(tablesStore(systemDisk, gap, 's'), folder, own(node)), /no version 1 but a version 2/);
});

test('when the disk fails at any call the batch is committed once, and the error tells whether its files may be part of the table', async () => {
  const batch = { columns: [host], files: [flushed('a.parquet')], seq: 100, timeMs: 1 };
  for (let failing = 1; ; failing += 1) {
    const disk = await memoryDisk();
    disk.failNth('any', failing, 'sticky');
    const end = await open(tablesStore(disk, memoryPaths, 's')).then((committer) => committer.commit(batch)).catch((error: Error) => error);
    disk.healFaults();
    const store = tablesStore(disk, memoryPaths, 't');
    const stands = (await loadTable(store, folder, own(node))).files!.isLive('a.parquet');
    if (stands) assert.ok(end === 'committed' || end instanceof CommitUncertain, `failure at call ${failing}: ${String(end)}`);
    assert.equal(await (await open(store)).commit(batch), 'committed');
    const { files, state } = await loadTable(store, folder, own(node));
    assert.deepEqual([state.version, files!.live().length, state.flushedTo], [0, 1, 100]);
    if (!disk.struck) break;
    assert.ok(end instanceof Error);
  }
});

test('a loss of power at any moment leaves a whole commit or none, and one that was seen stays', async () => {
  const disk = await memoryDisk();
  const survivors: { disk: MemoryDisk; committed: boolean }[] = [];
  let committed = false;
  const note = (): void => {
    for (const policy of CRASH_POLICIES) survivors.push({ disk: disk.crash(policy, survivors.length), committed });
  };
  disk.after = note;
  const batch = { columns: [host], files: [flushed('a.parquet')], seq: 100, timeMs: 1 };
  await (await open(tablesStore(disk, memoryPaths, 's'))).commit(batch);
  committed = true;
  note();
  for (const survivor of survivors) {
    const { state: { flushedTo } } = await loadTable(tablesStore(survivor.disk, memoryPaths, 't'), folder, own(node));
    if (survivor.committed) assert.equal(flushedTo, 100);
    const later = survivor.disk.crash('drop-unsynced');
    assert.equal((await loadTable(tablesStore(later, memoryPaths, 'u'), folder, own(node))).state.flushedTo, flushedTo);
  }
});

test('a commit that stands although its making failed counts', async () => {
  const paths = freshPaths();
  const store = tablesStore(systemDisk, paths, 's');
  let failures = 1;
  const failing: TableStore = {
    ...store,
    async putIfAbsent(path, bytes) {
      const won = await store.putIfAbsent(path, bytes);
      if (failures-- > 0) throw new Error('the answer was lost');
      return won;
    },
  };
  const committer = await open(failing);
  assert.equal(await committer.commit({ columns: [host], files: [flushed('a.parquet')], seq: 1, timeMs: 1 }), 'committed');
  assert.equal(committer.state.version, 0);
});

test('when the making failed and nothing stands, the failure is told', async () => {
  const store = tablesStore(systemDisk, freshPaths(), 's');
  const committer = await open({ ...store, putIfAbsent: () => Promise.reject(new Error('no space left')) });
  await assert.rejects(committer.commit({ columns: [host], files: [flushed('a.parquet')], seq: 1, timeMs: 1 }), /^Error: no space left$/);
});

/** A damaged commit of ours is never taken for the truth: each bit, each length, each commit that goes missing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KIND_F64, KIND_TAG } from '../../assembly/layout/codes.js';
import { commitName, dataFileName } from '../../src/names.js';
import { TableCommitter } from '../../src/tables/commit.js';
import { TableRefused, type TableState } from '../../src/tables/delta/table-state.js';
import type { TableStore } from '../../src/tables/table-store.js';
import type { FlushedFile } from '../../src/model/flushed-file.js';
import type { ColumnDefinition } from '../../src/model/schema.js';

const FOLDER = 'db/cpu';
const NODE = '3fa9c1e2';
const COLUMNS: ColumnDefinition[] = [{ id: 1, kind: KIND_TAG, key: 'host', name: 'host' }, { id: 2, kind: KIND_F64, key: 'load', name: 'load' }];
const NUMBERS = [1000, 2000, 3000];
const LAST = NUMBERS.at(-1)!;
const pathOf = (version: number): string => `${FOLDER}/_delta_log/${commitName(version)}`;

/** A store of what matters here: files by path. */
function memoryStore(files: Map<string, Buffer>): TableStore {
  return {
    put: () => assert.fail('nothing is put'),
    putIfAbsent: async (path, bytes) => !files.has(path) && files.set(path, Buffer.from(bytes)) !== undefined,
    get: async (path) => files.get(path) ?? null,
    size: async (path) => files.get(path)?.length ?? null,
    list: async (folder) => [...files.keys()].filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1)).filter((name) => !name.includes('/')).sort(),
    delete: async (path) => void files.delete(path),
  };
}

function open(files: Map<string, Buffer>, committedTo: number, seqMax = LAST): Promise<TableCommitter> {
  const identity = { tableId: 7, measurement: 'cpu', database: 'db' };
  return TableCommitter.open({ store: memoryStore(files), folder: FOLDER, node: NODE, identity, committedTo, seqMax: () => seqMax, readCheckpoint: () => assert.fail('there is none') });
}

function file(seq: number, slot: number): FlushedFile {
  const statistics = { numRecords: 3, minValues: { load: '1.5' }, maxValues: { load: '2.5' }, nullCount: { host: 0, load: 1 } };
  return { path: `${FOLDER}/${dataFileName(NODE, seq, slot)}`, bytes: 1234, rows: 3, statistics };
}

/** A table of three commits of two files each. */
async function madeTable(): Promise<{ files: Map<string, Buffer>; state: TableState }> {
  const files = new Map<string, Buffer>();
  const committer = await open(files, 0);
  for (const seq of NUMBERS) await committer.commit({ columns: COLUMNS, files: [file(seq, 0), file(seq, 1)], seq, timeMs: seq });
  return { files, state: committer.state };
}

/** What a table with one commit changed comes to: refused, or just as it was. */
async function assertNoticed(table: Awaited<ReturnType<typeof madeTable>>, version: number, text: Buffer | null, what: string): Promise<'refused' | 'same'> {
  const files = new Map(table.files);
  if (text === null) files.delete(pathOf(version));
  else files.set(pathOf(version), text);
  try {
    const { state } = await open(files, LAST);
    assert.deepEqual(state, table.state, what);
    return 'same';
  } catch (error) {
    assert.ok(error instanceof TableRefused, `${what}: ${String(error)}`);
    assert.match(error.message, /^table db\/cpu: [^]+/);
    return 'refused';
  }
}

test('a flipped bit anywhere in a commit changes nothing that is believed', async () => {
  const table = await madeTable();
  let same = 0;
  let flips = 0;
  for (const version of [0, 1, 2]) {
    const bytes = table.files.get(pathOf(version))!;
    for (let at = 0; at < bytes.length; at += 1) {
      for (const bit of [at % 8, (at + 3) % 8]) {
        const flipped = Buffer.from(bytes);
        flipped[at]! ^= 1 << bit;
        if ((await assertNoticed(table, version, flipped, `commit ${version}, byte ${at}, bit ${bit}`)) === 'same') same += 1;
        flips += 1;
      }
    }
  }
  assert.ok(flips > 5000);
  // Only the checksum's own key may be flipped without notice: what it covers is as it was.
  assert.ok(same < flips / 50, `${same} of ${flips} were not noticed`);
});

test('a commit that was cut, is empty, or has something behind it is refused', async () => {
  const table = await madeTable();
  for (const version of [0, 1, 2]) {
    const bytes = table.files.get(pathOf(version))!;
    for (let length = 0; length < bytes.length - 1; length += 1) {
      assert.equal(await assertNoticed(table, version, bytes.subarray(0, length), `commit ${version} cut to ${length}`), 'refused');
    }
    for (const more of ['garbage', '\0\0\0\0', '[]\n', '7\n']) {
      assert.equal(await assertNoticed(table, version, Buffer.concat([bytes, Buffer.from(more)]), `commit ${version} and ${more}`), 'refused');
    }
    assert.equal(await assertNoticed(table, version, Buffer.alloc(bytes.length), `commit ${version} zeroed`), 'refused');
  }
});

test('a commit that is missing is noticed, the newest one by what the catalog knows', async () => {
  const table = await madeTable();
  for (const version of [0, 1, 2]) assert.equal(await assertNoticed(table, version, null, `commit ${version} is gone`), 'refused');
  const files = new Map(table.files);
  files.delete(pathOf(2));
  await assert.rejects(open(files, LAST), /commits are missing at the end of its log: our last one was of seq 3000, the last one found is of 2000/);
  const { state } = await open(files, 2000);
  assert.deepEqual([state.flushedTo, state.endsWithOurs], [2000, true], 'a catalog that knows of no more has its rows in the log');
});

test('of commits in place of others, and of numbers that were never given, none is believed', async () => {
  const table = await madeTable();
  const [, second, third] = [0, 1, 2].map((version) => table.files.get(pathOf(version))!);
  assert.equal(await assertNoticed(table, 1, third!, 'the third in place of the second'), 'refused');
  assert.equal(await assertNoticed(table, 2, second!, 'the second twice'), 'refused');
  await assert.rejects(open(table.files, LAST, 2999), /of seq 3000, which was never given: the last one is 2999/);
  const unsigned = (text: string): Buffer => Buffer.from(text.replace(/,"sluiceCrc":"\w+"/, ''));
  assert.equal(await assertNoticed(table, 2, unsigned(third!.toString()), 'a commit before there were checksums'), 'same');
  for (const [from, to, words] of [
    ['"version":3000', '"version":4503599627373496', /adds 3fa9c1e2-0000000000003000-0\.parquet/],
    ['"version":3000', '"version":9007199254740993', /is no seq/],
    ['"version":3000', '"version":-1', /is no seq/],
    [/0000000000003000/g, '0000000000003001', /of seq 3000 of node 3fa9c1e2 and adds/],
    ['sluice-3fa9c1e2', 'sluicf-3fa9c1e2', /has no seq/],
    ['"sluice/', '"sluicd/', /no sluice signed it/],
    ['"sluicePrevious":2000', '"sluicePrevious":2001', /our commit before it was of seq 2001, and the last one found is of 2000/],
  ] as const) {
    const files = new Map(table.files).set(pathOf(2), unsigned(third!.toString().replace(from, to)));
    await assert.rejects(open(files, LAST, Number.MAX_SAFE_INTEGER), (error) => error instanceof TableRefused && words.test(error.message), `${from} → ${to}`);
  }
});

test('files of ours may be added again by another writer, as a restore does, and new ones may not', async () => {
  const table = await madeTable();
  const commit = (...actions: object[]): Buffer => Buffer.from(actions.map((action) => `${JSON.stringify(action)}\n`).join(''));
  const add = (name: string): object => ({ add: { path: name, size: 5, partitionValues: {}, modificationTime: 1, dataChange: true } });
  const known = dataFileName(NODE, 1000, 0);
  const restored = await open(new Map(table.files).set(pathOf(3), commit({ remove: { path: known } }, add(known), { commitInfo: { operation: 'RESTORE' } })), LAST);
  assert.deepEqual([restored.state.version, restored.state.flushedTo, restored.state.endsWithOurs], [3, LAST, false]);
  await assert.rejects(open(new Map(table.files).set(pathOf(3), commit(add(dataFileName(NODE, 1001, 0)))), LAST), /a file of sluice, and no sluice signed it/);
});

test('commits of other writers are seen at the next look, and a folder that was taken away is not written behind', async () => {
  const { files } = await madeTable();
  const committer = await open(files, LAST);
  files.set(pathOf(3), Buffer.from(`${JSON.stringify({ remove: { path: dataFileName(NODE, 1000, 0) } })}\n`));
  assert.equal((await committer.look()).files.length, 5);
  assert.equal(await committer.commit({ columns: COLUMNS, files: [file(4000, 0)], seq: 4000, timeMs: 1 }), 'committed');
  assert.equal(committer.state.version, 4);
  for (const version of [0, 1, 2, 3, 4]) files.delete(pathOf(version));
  await assert.rejects(committer.look(), /commit 4 stood and is gone: its folder was taken away, or its log was cleaned too far/);
  await assert.rejects(committer.commit({ columns: COLUMNS, files: [file(5000, 0)], seq: 5000, timeMs: 1 }), /commit 4 stood and is gone/);
  assert.ok(!files.has(pathOf(5)));
});

test('a data file that is gone or has another length is told, until it is whole', async () => {
  const { files } = await madeTable();
  const names = NUMBERS.flatMap((seq) => [0, 1].map((slot) => dataFileName(NODE, seq, slot)));
  for (const name of names) files.set(`${FOLDER}/${name}`, Buffer.alloc(1234));
  const committer = await open(files, LAST);
  const damagedFiles = async (): Promise<string[]> => committer.damagedFiles((await committer.look()).files);
  files.set(`${FOLDER}/${names[1]}`, Buffer.alloc(1233));
  files.delete(`${FOLDER}/${names[2]}`);
  assert.deepEqual(await damagedFiles(), [names[1], names[2]]);
  files.set(`${FOLDER}/${names[1]}`, Buffer.alloc(1234));
  assert.deepEqual(await damagedFiles(), [names[2]]);
  files.delete(`${FOLDER}/${names[0]}`);
  assert.deepEqual(await damagedFiles(), [names[0], names[2]], 'also one that was whole before');
});

/** Commits of another writer that no reader can follow, and what is said of each. */
const UNREADABLE: readonly [action: object, sentence: RegExp][] = [
  [{ add: { size: 1 } }, /"add\.path" is missing/],
  [{ add: { path: 'a.parquet', size: '1' } }, /"add\.size" is not a number: it is a text/],
  [{ add: { path: 'a.parquet', size: -1 } }, /"add\.size" is not 0 or more: it is -1/],
  [{ add: { path: 'a.parquet', size: 1, stats: {} } }, /"add\.stats" is not a text: it is an object/],
  [{ remove: {} }, /"remove\.path" is missing/],
  [{ protocol: { minReaderVersion: 1 } }, /"protocol\.minWriterVersion" is missing/],
  [{ metaData: { id: 'x', schemaString: null } }, /"metaData\.schemaString" is not a text: it is null/],
];
for (const [action, sentence] of UNREADABLE) {
  test(`another writer's commit ${JSON.stringify(action)} is refused with what is wrong in it`, async () => {
    const { files } = await madeTable();
    files.set(pathOf(NUMBERS.length), Buffer.from(`${JSON.stringify(action)}\n`));
    await assert.rejects(open(files, LAST), (error: Error) => {
      assert.ok(error instanceof TableRefused);
      assert.match(error.message, /^table db\/cpu: commit 3 cannot be read: /);
      assert.match(error.message, sentence);
      return true;
    });
  });
}

test('what another writer may leave out, or add, is no reason to refuse its commit', async () => {
  const { files, state } = await madeTable();
  const actions = [
    { commitInfo: { operation: 'OPTIMIZE' } }, { domainMetadata: { domain: 'x' } }, { protocol: { minReaderVersion: 1, minWriterVersion: 2, readerFeatures: null } },
    { add: { path: 'a%20b.parquet', size: 7, stats: null, deletionVector: null, tags: null } },
  ];
  files.set(pathOf(NUMBERS.length), Buffer.from(actions.map((action) => JSON.stringify(action)).join('\n')));
  const { state: next, files: live } = await (await open(files, LAST)).look();
  assert.equal(next.version, state.version + 1);
  assert.deepEqual(live.at(-1), { path: 'a b.parquet', bytes: 7, rows: null, span: null, leastSeq: null, deletedTo: 0, addedMs: 0, isMerged: false, isWhole: false });
});

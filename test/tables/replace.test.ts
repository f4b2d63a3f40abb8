/** A commit that puts files in place of others: what it says, whom it loses to, and that damage to it is found as in any other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergedFileName } from '../../src/names.js';
import { CommitUncertain, TableCommitter } from '../../src/tables/commit.js';
import { findTables } from '../../src/tables/found.js';
import { FilesGone, type Replacement } from '../../src/tables/replacement.js';
import { TableRefused } from '../../src/tables/delta/table-state.js';
import { loadTable } from '../../src/tables/delta/table-log.js';
import { memoryDisk, memoryPaths, tablesStore } from './memory.js';
import { COLUMNS, flush, flushedFile, FOLDER, linesOf, mapStore, mergedFile, NODE, open, optionsOf, pathOf } from './table-scene.js';

const nameOf = (seq: number): string => flushedFile(seq).path.slice(FOLDER.length + 1);
const MERGED = mergedFileName(NODE, 2000, 1);
const REPLACEMENT: Replacement = {
  adds: [{ ...mergedFile(2000, 1), tags: { 'sluice.merged': 'true' } }], removes: [nameOf(1000), nameOf(2000)], dataChange: false, operation: 'OPTIMIZE', timeMs: 5,
};

/** A table of commits of these seqs. */
async function tableOf(...seqs: readonly number[]): Promise<{ committer: TableCommitter; files: Map<string, Buffer> }> {
  const files = new Map<string, Buffer>();
  const committer = await open(files);
  for (const seq of seqs) await flush(committer, seq);
  return { committer, files };
}

const livePaths = async (committer: TableCommitter): Promise<string[]> => (await committer.look()).files.map(({ path }) => path);
const actionsOf = (text: Buffer): Record<string, Record<string, unknown>>[] => text.toString().trimEnd().split('\n').map((line) => JSON.parse(line));

test('[issue 14 1] a replacement removes and adds files in one commit, and what is flushed stays as it is', async () => {
  const { committer, files } = await tableOf(1000, 2000);
  await committer.replace(REPLACEMENT);
  const [removeFirst, removeSecond, add, txn, info] = actionsOf(files.get(pathOf(2))!);
  assert.deepEqual(removeFirst, { remove: { path: nameOf(1000), deletionTimestamp: 5, dataChange: false, extendedFileMetadata: true, partitionValues: {}, size: 1200 } });
  assert.equal(removeSecond!.remove!.path, nameOf(2000));
  const { stats, ...added } = add!.add!;
  assert.deepEqual(added, { path: MERGED, partitionValues: {}, size: 2400, modificationTime: 5, dataChange: false, tags: { 'sluice.merged': 'true' } });
  assert.equal((JSON.parse(String(stats)) as { numRecords: number }).numRecords, 6);
  assert.deepEqual(txn, { txn: { appId: `sluice-${NODE}`, version: 2000, lastUpdated: 5 } });
  const { engineInfo, sluiceCrc, txnId, ...rest } = info!.commitInfo!;
  assert.match(`${String(engineInfo)} ${String(sluiceCrc)} ${String(txnId)}`, /^sluice\/\S+ [0-9a-f]{8} [0-9a-f-]{36}$/);
  assert.deepEqual(rest, {
    timestamp: 5, operation: 'OPTIMIZE', operationParameters: {}, isBlindAppend: false, sluicePrevious: 2000,
    operationMetrics: { numAddedFiles: '1', numAddedBytes: '2400', numRemovedFiles: '2', numRemovedBytes: '2400' },
  });
  assert.equal(committer.state.flushedTo, 2000);
  await flush(committer, 3000);
  const again = await open(files, { committedTo: 3000 });
  assert.deepEqual([await livePaths(again), again.state.flushedTo, again.state.version, again.state.endsWithOurs], [[MERGED, nameOf(3000)], 3000, 3, true]);
  assert.equal(await TableCommitter.flushedTo(optionsOf(mapStore(files))), 3000);
  const [found] = (await findTables(mapStore(files), () => assert.fail('there is none'))).tables;
  assert.deepEqual([found!.lastSeq, found!.problems], [3000, []]);
});

test('[issue 14 1] the end of a log that is a replacement tells how far rows are in files, and a batch of before counts as committed', async () => {
  const { committer, files } = await tableOf(1000, 2000);
  await committer.replace(REPLACEMENT);
  assert.equal(await TableCommitter.flushedTo(optionsOf(mapStore(files))), 2000);
  const batch = { columns: COLUMNS, files: [flushedFile(2000)], seq: 2000, timeMs: 1 };
  assert.equal(await committer.commit(batch), 'committed', 'its file was committed, and replaced since');
  const again = await open(files, { committedTo: 2000 });
  assert.equal(await again.commit(batch), 'committed');
  assert.equal(await again.commit({ ...batch, files: [flushedFile(2000, 9)] }), 'already');
  assert.equal(again.state.version, 2);
});

test('[issue 14 1] the same replacement twice is one commit; a name that was used is refused', async () => {
  const { committer, files } = await tableOf(1000, 2000, 3000);
  await committer.replace(REPLACEMENT);
  await committer.replace(REPLACEMENT);
  assert.equal(committer.state.version, 3);
  await assert.rejects(committer.replace({ ...REPLACEMENT, removes: [nameOf(3000)] }), /file 3fa9c1e2-0000000000002000-c1\.parquet was part of it before/);
  assert.ok(!files.has(pathOf(4)));
});

test('[issue 14 1] a replacement that loses its race takes up the winner; when a file of it is gone nothing is written', async () => {
  const { committer, files } = await tableOf(1000, 2000);
  const other = linesOf({ add: { path: 'theirs.parquet', size: 7 } }, { commitInfo: { operation: 'WRITE' } });
  files.set(pathOf(2), other);
  await committer.replace(REPLACEMENT);
  assert.deepEqual(await livePaths(committer), ['theirs.parquet', MERGED]);

  const late = await tableOf(1000, 2000);
  await late.committer.look();
  late.files.set(pathOf(2), linesOf({ remove: { path: nameOf(2000), dataChange: true } }));
  await assert.rejects(late.committer.replace(REPLACEMENT), (error) => error instanceof FilesGone && /file 3fa9c1e2-0000000000002000-0\.parquet would be replaced and is part of the table no more/.test(error.message));
  assert.ok(!late.files.has(pathOf(3)));
  assert.deepEqual(await livePaths(late.committer), [nameOf(1000)]);
});

test('[issue 14 1] files may go without others in their place, and another node may replace what a node flushed', async () => {
  const { committer, files } = await tableOf(1000, 2000);
  await committer.replace({ adds: [], removes: [nameOf(1000)], dataChange: true, operation: 'DELETE', operationMetrics: { numDeletedRows: '3' }, timeMs: 5 });
  assert.deepEqual(await livePaths(committer), [nameOf(2000)]);
  await assert.rejects(committer.replace({ adds: [], removes: [nameOf(1000)], dataChange: true, operation: 'DELETE', timeMs: 5 }), FilesGone);
  const other = await open(files, { node: '0000000b' });
  const file = { ...mergedFile(2000, 1, 3), path: `${FOLDER}/${mergedFileName('0000000b', 2000, 1)}` };
  await other.replace({ adds: [file], removes: [nameOf(2000)], dataChange: false, operation: 'OPTIMIZE', timeMs: 6 });
  assert.deepEqual([other.state.flushedTo, other.state.version], [0, 3]);
  await flush(committer, 3000);
  assert.deepEqual([committer.state.version, committer.state.flushedTo, (await open(files, { node: '0000000b' })).state.flushedTo], [4, 3000, 0]);
});

test('[issue 14 1] rows of a table that is only appended to stay, in these files or in others', async () => {
  const { committer, files } = await tableOf(1000, 2000);
  const metaData = actionsOf(files.get(pathOf(0))!)[1]!.metaData!;
  files.set(pathOf(2), linesOf({ metaData: { ...metaData, configuration: { 'delta.appendOnly': 'true' } } }));
  await committer.check(() => COLUMNS);
  await assert.rejects(committer.replace({ ...REPLACEMENT, dataChange: true }), (error) => error instanceof TableRefused && /delta\.appendOnly/.test(error.message));
  await committer.replace(REPLACEMENT);
  assert.deepEqual(await livePaths(committer), [MERGED]);
});

test('[issue 14 1] a path that another writer wrote in its own way is removed as it stands there', async () => {
  const { committer, files } = await tableOf(1000);
  files.set(pathOf(1), linesOf({ add: { path: "part-0%2B1(a)'.parquet", size: 7 } }, { add: { path: 'a+b.parquet', size: 8 } }));
  await committer.look();
  await committer.replace({ adds: [], removes: ["part-0+1(a)'.parquet", 'a+b.parquet'], dataChange: true, operation: 'DELETE', timeMs: 5 });
  assert.deepEqual(actionsOf(files.get(pathOf(2))!).slice(0, 2).map(({ remove }) => remove!.path), ["part-0%2B1(a)'.parquet", 'a+b.parquet']);
});

test('[issue 14 1] when it is not known whether a replacement stands, doing it again settles it', async () => {
  for (const stands of [true, false]) {
    const { files } = await tableOf(1000, 2000);
    const store = mapStore(files);
    const committer = await TableCommitter.open(optionsOf(store));
    await committer.look();
    Object.assign(store, {
      putIfAbsent: async (path: string, bytes: Uint8Array): Promise<boolean> => {
        if (stands) files.set(path, Buffer.from(bytes));
        throw new Error('the answer was lost');
      },
      list: () => Promise.reject(new Error('the disk is away')),
    });
    await assert.rejects(committer.replace(REPLACEMENT), CommitUncertain);
    Object.assign(store, mapStore(files));
    await committer.replace(REPLACEMENT);
    assert.deepEqual([await livePaths(committer), committer.state.version], [[MERGED], 2], `stands: ${stands}`);
  }
});

test('[issue 14 1] damage to a replacement is found: each bit, a seq of before, a missing checksum, names that do not fit', async () => {
  const { committer, files } = await tableOf(1000, 2000);
  await committer.replace(REPLACEMENT);
  const { state } = committer;
  const bytes = files.get(pathOf(2))!;
  let same = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    for (const bit of [at % 8, (at + 3) % 8]) {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= 1 << bit;
      try {
        assert.deepEqual((await open(new Map(files).set(pathOf(2), flipped), { committedTo: 2000 })).state, state);
        same += 1;
      } catch (error) {
        assert.ok(error instanceof TableRefused, `byte ${at}, bit ${bit}: ${String(error)}`);
      }
    }
  }
  assert.ok(same < bytes.length / 25, `${same} of ${2 * bytes.length} were not noticed`);
  const text = bytes.toString();
  const unsigned = text.replace(/,"sluiceCrc":"\w+"/, '');
  for (const [changed, words] of [
    [unsigned, /has no checksum/],
    [unsigned.replace('"sluicePrevious":2000', '"sluicePrevious":1000'), /is of seq 2000 of node 3fa9c1e2 and adds/],
    [unsigned.replace(MERGED, mergedFileName(NODE, 2000, 2)), /has no checksum/],
  ] as const) {
    await assert.rejects(open(new Map(files).set(pathOf(2), Buffer.from(changed))), (error) => error instanceof TableRefused && words.test(error.message), String(words));
  }
  const moved = new Map(files).set(pathOf(1), bytes);
  moved.delete(pathOf(2));
  await assert.rejects(open(moved), /our commit before it was of seq 2000, and the last one found is of 1000/);
  const foreign = linesOf({ add: { path: mergedFileName(NODE, 2000, 7), size: 5 } });
  await assert.rejects(open(new Map(files).set(pathOf(3), foreign)), /a file of sluice, and no sluice signed it/);
});

test('[issue 14 1] when the disk fails at any call of a replacement, the error tells whether its files may be part of the table', async () => {
  for (let failing = 1; ; failing += 1) {
    const disk = await memoryDisk();
    const maker = await TableCommitter.open(optionsOf(tablesStore(disk, memoryPaths, 's')));
    for (const seq of [1000, 2000]) await flush(maker, seq);
    const committer = await TableCommitter.open(optionsOf(tablesStore(disk, memoryPaths, 't')));
    committer.letGo();
    disk.failNth('any', failing, 'sticky');
    const end = await committer.replace(REPLACEMENT).then(() => 'replaced', (error: Error) => error);
    const struck = disk.struck;
    disk.healFaults();
    const store = tablesStore(disk, memoryPaths, 'u');
    const { files } = await loadTable(store, FOLDER, optionsOf(store));
    if (files!.isLive(MERGED)) assert.ok(end === 'replaced' || end instanceof CommitUncertain, `failure at call ${failing}: ${String(end)}`);
    const again = await TableCommitter.open(optionsOf(store));
    await again.replace(REPLACEMENT);
    assert.deepEqual([await livePaths(again), again.state.version], [[MERGED], 2]);
    if (!struck) break;
    assert.ok(end instanceof Error);
  }
});

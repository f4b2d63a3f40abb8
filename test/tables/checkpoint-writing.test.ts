/** Checkpoints of ours: what they say, that nothing wrong is published, and that a log reads the same from them as whole. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkpointName, lastCheckpointName } from '../../src/names.js';
import { TableCommitter, type CommitterOptions } from '../../src/tables/commit.js';
import { decodeCheckpoint, encodeCheckpoint, type CheckpointRows } from '../../src/tables/delta/checkpoint-file.js';
import { writeCheckpoint } from '../../src/tables/delta/checkpoint-writing.js';
import { intervalMs } from '../../src/tables/delta/full-state.js';
import { cleanLog } from '../../src/tables/delta/log-cleaning.js';
import { loadTable } from '../../src/tables/delta/table-log.js';
import { TableRefused, type OwnNode } from '../../src/tables/delta/table-state.js';
import { findTables } from '../../src/tables/found.js';
import type { StoreWriter, TableStore } from '../../src/tables/table-store.js';
import { CRASH_POLICIES, type MemoryDisk } from '../fault/memory-disk.js';
import { memoryDisk, memoryPaths, tablesStore } from './memory.js';
import { flush, FOLDER, linesOf, mapStore, mergedFile, NODE, optionsOf, pathOf } from './table-scene.js';

const DAY_MS = 24 * 3_600_000;
const inLog = (name: string): string => `${FOLDER}/_delta_log/${name}`;

/** A store that is a map and takes whole files too. */
function storeOf(files: Map<string, Buffer>): TableStore {
  const put = async (path: string): Promise<StoreWriter> => {
    const parts: Buffer[] = [];
    return { write: async (bytes) => void parts.push(Buffer.from(bytes)), publish: async () => void files.set(path, Buffer.concat(parts)), abandon: async () => undefined };
  };
  return { ...mapStore(files), put };
}

function readerOf(store: TableStore): OwnNode['readCheckpoint'] {
  return async (paths, version): Promise<CheckpointRows> => decodeCheckpoint(await Promise.all(paths.map(async (path) => (await store.get(path))!)), version);
}

/** A table of many commits, with a replacement and a commit of another writer among them. */
async function madeTable(commits: number): Promise<{ files: Map<string, Buffer>; store: TableStore; options: CommitterOptions; committer: TableCommitter }> {
  const files = new Map<string, Buffer>();
  const store = storeOf(files);
  const options = optionsOf(store, { readCheckpoint: readerOf(store) });
  const committer = await TableCommitter.open(options);
  for (let seq = 1; seq <= commits; seq += 1) await flush(committer, seq);
  return { files, store, options, committer };
}

async function checkpointOf({ committer, options, store }: Awaited<ReturnType<typeof madeTable>>, nowMs = 1000): ReturnType<typeof writeCheckpoint> {
  const { flushedTo, version } = committer.state;
  return writeCheckpoint(store, FOLDER, options, { version, flushedTo }, nowMs);
}

test('[issue 14 1] a checkpoint has the actions that count, each as it stands in the log, and is named by _last_checkpoint', async () => {
  const table = await madeTable(3);
  const { committer, files } = table;
  const [first, second] = (await committer.look()).files.map(({ path }) => path);
  await committer.replace({ adds: [{ ...mergedFile(2, 1), tags: { 'sluice.merged': 'true' } }], removes: [first!, second!], dataChange: false, operation: 'OPTIMIZE', timeMs: 900 });
  files.set(pathOf(4), linesOf(
    { txn: { appId: 'spark', version: 7, lastUpdated: 3 } }, { add: { path: 'a%20b.parquet', size: 7, partitionValues: {}, modificationTime: 5, dataChange: true } },
    { remove: { path: 'old.parquet', deletionTimestamp: 1000 - 8 * DAY_MS, dataChange: true } },
  ));
  files.set(pathOf(5), Buffer.from('{"txn":{"appId":"flink","version":9007199254740993}}\n'));
  await committer.look();
  const made = await checkpointOf(table);
  assert.deepEqual([made!.version, made!.files], [5, 3]);
  const bytes = files.get(inLog(checkpointName(5)))!;
  assert.deepEqual(JSON.parse(files.get(inLog(lastCheckpointName))!.toString()), { version: 5, size: 10, sizeInBytes: bytes.length, numOfAddFiles: 3 });
  const { isOurs, lines } = await decodeCheckpoint([bytes], 5);
  const actions = lines.map((line) => JSON.parse(line) as Record<string, Record<string, unknown>>);
  assert.equal(isOurs, true);
  assert.deepEqual(actions.map((action) => Object.keys(action)[0]), ['protocol', 'metaData', 'txn', 'txn', 'txn', 'add', 'add', 'add', 'remove', 'remove']);
  assert.deepEqual(actions[2], { txn: { appId: `sluice-${NODE}`, version: 3, lastUpdated: 900 } });
  assert.deepEqual(actions[4], { txn: { appId: 'flink', version: '9007199254740993' } });
  const merged = actions.find(({ add }) => add?.['tags'] !== undefined)!.add!;
  assert.deepEqual([merged['tags'], merged['dataChange'], (JSON.parse(String(merged['stats'])) as { numRecords: number }).numRecords], [{ 'sluice.merged': 'true' }, false, 6]);
  assert.deepEqual(actions[7], { add: { path: 'a%20b.parquet', partitionValues: {}, size: 7, modificationTime: 5, dataChange: false } });
  assert.deepEqual(actions[8], { remove: { path: first, deletionTimestamp: 900, dataChange: false, extendedFileMetadata: true, partitionValues: {}, size: 1200 } });
  assert.equal(await checkpointOf(table), null, 'there is one');
});

test('[issue 14 1] a checkpoint that is cleaned away while it is to be read is no damage: the log is listed again', async () => {
  const table = await madeTable(60);
  const { committer, files, options, store } = table;
  await checkpointOf(table);
  for (let version = 0; version < 59; version += 1) files.delete(pathOf(version));
  for (let seq = 61; seq <= 70; seq += 1) await flush(committer, seq);
  let cleanings = 0;
  const readCheckpoint: OwnNode['readCheckpoint'] = async (paths, version) => {
    if (version !== 59) return options.readCheckpoint(paths, version);
    cleanings += 1;
    await checkpointOf(table);
    for (let gone = 59; gone < 69; gone += 1) files.delete(pathOf(gone));
    for (const path of paths) files.delete(path);
    throw new Error('it is gone');
  };
  const loaded = await loadTable(store, FOLDER, { ...options, readCheckpoint });
  assert.deepEqual([{ ...loaded.state, checkpoint: null }, loaded.state.checkpoint, cleanings], [committer.state, 69, 1]);
});

test('[issue 14 1] a log read from a checkpoint is the same as read whole, also when the commits before it are gone', async () => {
  for (const behind of [0, 1, 5]) {
    const table = await madeTable(60);
    const { committer, files, options, store } = table;
    await checkpointOf(table);
    for (let seq = 61; seq <= 60 + behind; seq += 1) await flush(committer, seq);
    const reads: string[] = [];
    const counting = { ...store, get: (path: string) => (reads.push(path), store.get(path)) };
    const again = await loadTable(counting, FOLDER, { ...options, readCheckpoint: readerOf(counting) });
    assert.deepEqual({ ...again.state, checkpoint: null }, committer.state);
    assert.equal(again.state.checkpoint, 59);
    assert.deepEqual(again.files!.live(), (await committer.look()).files);
    assert.ok(reads.length < 40, `${reads.length} files were read`);
    for (let version = 0; version < 59; version += 1) files.delete(pathOf(version));
    assert.deepEqual((await loadTable(store, FOLDER, options)).state, again.state);
    const reopened = await TableCommitter.open({ ...options, committedTo: 60 + behind });
    await flush(reopened, 100);
    assert.equal(reopened.state.version, 60 + behind);
    const [found] = (await findTables(store, options.readCheckpoint)).tables;
    assert.deepEqual([found!.lastSeq, found!.identity, found!.columns.length, found!.problems], [100, options.identity, 2, []]);
  }
});

test('[issue 14 1] a damaged checkpoint is passed over where the commits tell, and refuses the table where they do not, whichever bit it is', async () => {
  const table = await madeTable(3);
  await checkpointOf(table);
  const { committer, files, options, store } = table;
  const bytes = files.get(inLog(checkpointName(2)))!;
  const cleaned = new Map([...files].filter(([path]) => path !== pathOf(0) && path !== pathOf(1)));
  const places = Array.from(bytes, (_, at) => at).filter((at) => at % 8 === 0 || at > bytes.length - 200);
  for (const at of places) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 1 << (at % 7);
    files.set(inLog(checkpointName(2)), flipped);
    const whole = await loadTable(store, FOLDER, options);
    assert.deepEqual({ ...whole.state, checkpoint: null }, committer.state, `byte ${at}`);
    const cut = storeOf(new Map(cleaned).set(inLog(checkpointName(2)), flipped));
    await assert.rejects(loadTable(cut, FOLDER, { ...options, readCheckpoint: readerOf(cut) }), (error) => error instanceof TableRefused && /checkpoint 2 cannot be read/.test(error.message), `byte ${at}`);
  }
});

test('[issue 14 1] a checkpoint that does not say what the log says is not published', async () => {
  const table = await madeTable(3);
  const { committer: { state: { flushedTo, version } }, files, options, store } = table;
  for (const expected of [{ version: version + 1, flushedTo }, { version, flushedTo: flushedTo + 1 }, { version, flushedTo: flushedTo - 1 }]) {
    await assert.rejects(writeCheckpoint(store, FOLDER, options, expected, 1), /was read where version/);
  }
  files.set(pathOf(1), Buffer.from(files.get(pathOf(1))!.toString().replace('"size"', '"sizf"')));
  await assert.rejects(checkpointOf(table), /commit 1 cannot be read/);
  assert.deepEqual([...files.keys()].filter((path) => path.includes('checkpoint')), []);
});

test('[issue 14 1] commits that come while a checkpoint is made are not looked at: their seqs were given after it was asked for', async () => {
  const table = await madeTable(3);
  const { committer, files, options, store } = table;
  const { flushedTo, version } = committer.state;
  for (let seq = 4; seq <= 6; seq += 1) await flush(committer, seq);
  const made = await writeCheckpoint(store, FOLDER, { ...options, seqMax: () => flushedTo }, { version, flushedTo }, 1000);
  assert.deepEqual([made?.version, made?.files, files.has(inLog(checkpointName(version)))], [version, 3, true]);
  assert.deepEqual({ ...(await loadTable(store, FOLDER, options)).state, checkpoint: null }, committer.state);
});

test('[issue 14 1] features that few tables have get their columns, a deletion vector cannot be written, and a checkpoint is of its version', async () => {
  const protocol = { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['appendOnly', 'changeDataFeed'] };
  const metaData = { id: 'x', name: 'ü', format: { provider: 'parquet', options: { a: 'b' } }, schemaString: '{}', partitionColumns: [], configuration: { 'delta.appendOnly': 'true', empty: '' }, createdTime: 5 };
  const { bytes, lines } = encodeCheckpoint([{ protocol }, { metaData }], 9);
  assert.deepEqual((await decodeCheckpoint([Buffer.from(bytes)], 9)).lines, lines);
  assert.deepEqual(lines.map((line) => JSON.parse(line) as unknown), [{ protocol }, { metaData }]);
  await assert.rejects(decodeCheckpoint([Buffer.from(bytes)], 8), /it is of version 9/);
  assert.throws(() => encodeCheckpoint([{ add: { path: 'a', size: 1, deletionVector: {} } }], 1), /sluice writes no deletionVector/);
});

test('[issue 14 1] what is older than the newest checkpoint of that age goes from the log, and a table may want otherwise', async () => {
  const table = await madeTable(10);
  const { committer, files, options, store } = table;
  const namesNow = (): string[] => [...files.keys()].filter((path) => path.includes('_delta_log')).map((path) => path.slice(inLog('').length).replace(/^0{18}/, '')).sort();
  const first = await checkpointOf(table);
  for (let seq = 11; seq <= 15; seq += 1) await flush(committer, seq);
  const second = (await checkpointOf(table))!;
  files.set(inLog('00000000000000000003.crc'), Buffer.from('x'));
  files.set(inLog('_delta_other'), Buffer.from('x'));
  assert.equal(await cleanLog(store, FOLDER, { ...second, configuration: { 'delta.enableExpiredLogCleanup': 'false' } }, { logAgeMs: 0, nowMs: 100 }), 0);
  assert.equal(await cleanLog(store, FOLDER, { ...second, configuration: { 'delta.logRetentionDuration': 'interval 1 days' } }, { logAgeMs: 0, nowMs: 100 }), 0);
  assert.equal(await cleanLog(store, FOLDER, second, { logAgeMs: 5, nowMs: 14 }), 0, 'the commit of the first checkpoint is of 10');
  assert.equal(await cleanLog(store, FOLDER, second, { logAgeMs: 5, nowMs: 15 }), 10);
  assert.equal(first!.version, 9);
  assert.deepEqual(namesNow(), ['09.checkpoint.parquet', '09.json', '10.json', '11.json', '12.json', '13.json', '14.checkpoint.parquet', '14.json', '_delta_other', '_last_checkpoint']);
  assert.deepEqual({ ...(await loadTable(store, FOLDER, options)).state, checkpoint: null }, committer.state);
  assert.equal(await cleanLog(store, FOLDER, second, { logAgeMs: 0, nowMs: 100 }), 6);
  assert.deepEqual(namesNow(), ['14.checkpoint.parquet', '14.json', '_delta_other', '_last_checkpoint']);
  await flush(committer, 16);
  assert.deepEqual({ ...(await loadTable(store, FOLDER, options)).state, checkpoint: null }, committer.state);
  assert.equal((await committer.look()).files.length, 16);
  assert.equal(await TableCommitter.flushedTo({ ...options, committedTo: 16 }), 16);
});

test('[issue 14 1] a log that is cleaned while it is read is read anew', async () => {
  const table = await madeTable(60);
  const { committer, files, options, store } = table;
  let isFirst = true;
  const racing: TableStore = {
    ...store,
    list: async (folder) => {
      const names = await store.list(folder);
      if (!isFirst) return names;
      isFirst = false;
      const made = (await checkpointOf(table))!;
      await cleanLog(store, FOLDER, made, { logAgeMs: 0, nowMs: DAY_MS });
      return names;
    },
  };
  const { state } = await loadTable(racing, FOLDER, options);
  assert.deepEqual({ ...state, checkpoint: null }, committer.state);
  assert.equal(files.has(pathOf(0)), false);
});

test('[issue 14 1] intervals of table properties', () => {
  const cases: [text: unknown, ms: number][] = [
    ['interval 1 week', 7 * DAY_MS], ['interval 30 days', 30 * DAY_MS], ['INTERVAL 36 Hours', 36 * 3_600_000], ['2 days', 2 * DAY_MS], [undefined, 5], ['interval 1 month', 5], ['', 5],
  ];
  for (const [text, ms] of cases) assert.equal(intervalMs(text, 5), ms, String(text));
});

test('[issue 14 1] a loss of power at any moment of a checkpoint and of the cleaning behind it costs nothing, and what is named is whole', async () => {
  const disk = await memoryDisk();
  const store = tablesStore(disk, memoryPaths, 's');
  const options = optionsOf(store, { readCheckpoint: readerOf(store) });
  const committer = await TableCommitter.open(options);
  for (let seq = 1; seq <= 4; seq += 1) await flush(committer, seq);
  const { flushedTo, version } = committer.state;
  const survivors: MemoryDisk[] = [];
  disk.after = () => {
    for (const policy of CRASH_POLICIES) survivors.push(disk.crash(policy, survivors.length));
  };
  const made = await writeCheckpoint(store, FOLDER, options, { version, flushedTo }, 1000);
  assert.equal(await cleanLog(store, FOLDER, made!, { logAgeMs: 0, nowMs: 1000 }), 3);
  disk.after = undefined;
  let withCheckpoint = 0;
  for (const survivor of survivors) {
    const left = tablesStore(survivor, memoryPaths, 't');
    const again = await loadTable(left, FOLDER, { ...options, readCheckpoint: readerOf(left) });
    assert.deepEqual({ ...again.state, checkpoint: null }, committer.state);
    const last = await left.get(inLog(lastCheckpointName));
    if (last === null) continue;
    withCheckpoint += 1;
    assert.equal((JSON.parse(last.toString()) as { version: number }).version, version);
    assert.equal(again.state.checkpoint, version);
  }
  assert.ok(withCheckpoint > 5 && withCheckpoint < survivors.length, `${withCheckpoint} of ${survivors.length}`);
});

/** A long log costs its commits nothing, and its reading little at once: counted, not timed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KIND_F64 } from '../../assembly/layout/codes.js';
import { commitName, dataFileName } from '../../src/names.js';
import { TableCommitter, type CommitterOptions } from '../../src/tables/commit.js';
import { loadTable } from '../../src/tables/delta/table-log.js';
import { TableRefused } from '../../src/tables/delta/table-state.js';
import type { TableStore } from '../../src/tables/table-store.js';
import type { FlushedFile } from '../../src/model/flushed-file.js';
import type { ColumnDefinition } from '../../src/model/schema.js';

const FOLDER = 'db/cpu';
const NODE = '3fa9c1e2';
const COLUMNS: ColumnDefinition[] = [{ id: 1, kind: KIND_F64, key: 'load', name: 'load' }];
const COMMITS = 2000;
const pathOf = (version: number): string => `${FOLDER}/_delta_log/${commitName(version)}`;

/** Files by path, and what was asked of them. */
class CountingStore implements TableStore {
  readonly files: Map<string, Buffer>;
  readonly asked = { get: 0, size: 0, list: 0, putIfAbsent: 0 };
  /** Files read at the same time, at most. */
  atOnceMax = 0;
  #atOnce = 0;

  constructor(files = new Map<string, Buffer>()) {
    this.files = files;
  }

  put(): never {
    return assert.fail('nothing is put');
  }

  async putIfAbsent(path: string, bytes: Uint8Array): Promise<boolean> {
    this.asked.putIfAbsent += 1;
    return !this.files.has(path) && this.files.set(path, Buffer.from(bytes)) !== undefined;
  }

  async get(path: string): Promise<Buffer | null> {
    this.asked.get += 1;
    this.#atOnce += 1;
    this.atOnceMax = Math.max(this.atOnceMax, this.#atOnce);
    await Promise.resolve();
    this.#atOnce -= 1;
    return this.files.get(path) ?? null;
  }

  async size(path: string): Promise<number | null> {
    this.asked.size += 1;
    return this.files.get(path)?.length ?? null;
  }

  async list(folder: string): Promise<string[]> {
    this.asked.list += 1;
    return [...this.files.keys()].filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1)).filter((name) => !name.includes('/')).sort();
  }

  async delete(): Promise<void> {
    return assert.fail('nothing is deleted');
  }
}

function optionsOf(store: TableStore, lines: readonly string[] | null = null): CommitterOptions {
  return {
    store, folder: FOLDER, node: NODE, identity: { tableId: 7, measurement: 'cpu', database: 'db' }, committedTo: 0, seqMax: () => 1e9,
    readCheckpoint: async () => ({ lines: lines ?? assert.fail('there is none'), isOurs: false }),
  };
}

function file(seq: number): FlushedFile {
  const statistics = { numRecords: 3, minValues: { load: '1.5' }, maxValues: { load: '2.5' }, nullCount: { load: 1 } };
  return { path: `${FOLDER}/${dataFileName(NODE, seq, 0)}`, bytes: 1234, rows: 3, statistics };
}

async function commit(committer: TableCommitter, seq: number): Promise<void> {
  assert.equal(await committer.commit({ columns: COLUMNS, files: [file(seq)], seq, timeMs: seq }), 'committed');
}

/** The files of a log of many commits. */
async function madeLog(): Promise<Map<string, Buffer>> {
  const store = new CountingStore();
  const committer = await TableCommitter.open(optionsOf(store));
  for (let seq = 1; seq <= COMMITS; seq += 1) await commit(committer, seq);
  return store.files;
}
const log = madeLog();

/** A log with one commit behind it that is not ours. */
async function withForeign(...actions: readonly object[]): Promise<CountingStore> {
  return new CountingStore(new Map(await log).set(pathOf(COMMITS), Buffer.from(actions.map((action) => `${JSON.stringify(action)}\n`).join(''))));
}

test('a commit keeps and asks the same, however many are before it', async () => {
  const [short, long] = [new CountingStore(), new CountingStore(new Map(await log))];
  const after: { bytes: number; asked: object }[] = [];
  for (const [store, before] of [[short, 10], [long, COMMITS]] as const) {
    const committer = await TableCommitter.open(optionsOf(store));
    for (let seq = committer.state.flushedTo + 1; seq <= before; seq += 1) await commit(committer, seq);
    committer.letGo();
    Object.assign(store.asked, { get: 0, size: 0, list: 0, putIfAbsent: 0 });
    await commit(committer, before + 1);
    assert.equal(committer.holdsFiles, false, 'no commit needs the list of files');
    after.push({ bytes: committer.bytes, asked: store.asked });
  }
  assert.deepEqual(after[1], after[0]);
  assert.deepEqual(after[0]!.asked, { get: 0, size: 1, list: 0, putIfAbsent: 1 });
});

test('the list of files is read when someone looks, kept for the next look, and follows commits in place', async () => {
  const store = new CountingStore(new Map(await log));
  const committer = await TableCommitter.open(optionsOf(store));
  committer.letGo();
  assert.equal((await committer.look()).files.length, COMMITS);
  const { get } = store.asked;
  await commit(committer, COMMITS + 1);
  const { files } = await committer.look();
  assert.deepEqual([files.length, files.at(-1)!.path], [COMMITS + 1, dataFileName(NODE, COMMITS + 1, 0)]);
  assert.ok(store.asked.get - get <= 2, `${store.asked.get - get} commits were read again`);
  assert.equal(committer.holdsFiles, true);
  const withFiles = committer.bytes;
  committer.letGo(true);
  assert.ok(withFiles > 100 * COMMITS + committer.bytes, 'it is counted');
});

test('a long log is read several commits at once, never all, and the thread is given back between', async () => {
  const store = new CountingStore(new Map(await log));
  let turns = 0;
  let reading = true;
  const turn = (): void => {
    turns += 1;
    if (reading) setImmediate(turn);
  };
  setImmediate(turn);
  const { state } = await loadTable(store, FOLDER, optionsOf(store));
  reading = false;
  assert.equal(state.version, COMMITS - 1);
  assert.ok(store.atOnceMax > 1 && store.atOnceMax <= 16, `${store.atOnceMax} at once`);
  const bytes = [...store.files.values()].reduce((sum, { length }) => sum + length, 0);
  assert.ok(turns >= bytes / (256 * 1024) - 1 && turns > 1, `${turns} turns for ${bytes} bytes`);
  assert.ok(store.asked.get <= COMMITS + 32, `${store.asked.get} reads`);
});

test('how far rows are in files is read from the end of a log alone, past the commits of others', async () => {
  const store = await withForeign({ commitInfo: { operation: 'OPTIMIZE' } }, { remove: { path: dataFileName(NODE, 1, 0) } });
  store.files.set(pathOf(5), Buffer.from('damaged'));
  assert.equal(await TableCommitter.flushedTo(optionsOf(store)), COMMITS);
  assert.deepEqual(store.asked, { get: 2, size: 0, list: 1, putIfAbsent: 0 });
  await assert.rejects(TableCommitter.open(optionsOf(store)), /commit 5 cannot be read/);
  assert.equal(await TableCommitter.flushedTo(optionsOf(new CountingStore())), 0, 'of no log');
});

test('an end that is damaged, falls short or goes too far tells nothing', async () => {
  const store = await withForeign({ add: { path: dataFileName(NODE, 7_000_000, 0), size: 1 } });
  await assert.rejects(TableCommitter.flushedTo(optionsOf(store)), (error) => error instanceof TableRefused && /no sluice signed it/.test(error.message));
  store.files.set(pathOf(COMMITS), Buffer.from('{"add":'));
  await assert.rejects(TableCommitter.flushedTo(optionsOf(store)), (error) => error instanceof TableRefused && /commit 2000 cannot be read/.test(error.message));
  store.files.delete(pathOf(COMMITS));
  await assert.rejects(TableCommitter.flushedTo({ ...optionsOf(store), seqMax: () => COMMITS - 1 }), /which was never given/);
  await assert.rejects(TableCommitter.flushedTo({ ...optionsOf(store), committedTo: COMMITS + 1 }), /commits are missing at the end of its log/);
});

test('a file of ours that another writer adds again is held against the whole log, which is read for that', async () => {
  const known = dataFileName(NODE, 1000, 0);
  const store = new CountingStore(new Map(await log));
  const committer = await TableCommitter.open(optionsOf(store));
  committer.letGo();
  store.files.set(pathOf(COMMITS), Buffer.from(`${JSON.stringify({ remove: { path: known } })}\n${JSON.stringify({ add: { path: known, size: 1234 } })}\n`));
  await committer.check(() => COLUMNS);
  assert.equal(committer.state.version, COMMITS);
  committer.letGo();
  store.files.set(pathOf(COMMITS + 1), Buffer.from(`${JSON.stringify({ add: { path: dataFileName(NODE, 1001, 9), size: 1 } })}\n`));
  await assert.rejects(committer.check(() => COLUMNS), /a file of sluice, and no sluice signed it/);
});

test('a checkpoint that saves a thousand commits is read instead of them, and one that cannot be read is passed over', async () => {
  const at = 1500;
  const store = new CountingStore(new Map(await log));
  store.files.set(`${FOLDER}/_delta_log/${commitName(at).replace('.json', '.checkpoint.parquet')}`, Buffer.alloc(1));
  const metaData = store.files.get(pathOf(0))!.toString().split('\n').find((line) => line.startsWith('{"metaData"'))!;
  const adds = Array.from({ length: at + 1 }, (_, n) => JSON.stringify({ add: { path: dataFileName(NODE, n + 1, 0), size: 1234 } }));
  const lines = [metaData, ...adds, JSON.stringify({ txn: { appId: `sluice-${NODE}`, version: at + 1 } })];
  const { files, state } = await loadTable(store, FOLDER, optionsOf(store, lines));
  assert.deepEqual([state.version, state.checkpoint, state.flushedTo, files!.live().length], [COMMITS - 1, at, COMMITS, COMMITS]);
  assert.ok(store.asked.get < COMMITS - at + 32, `${store.asked.get} commits were read`);
  const whole = await loadTable(store, FOLDER, optionsOf(store, ['{}']));
  assert.deepEqual([whole.state.checkpoint, whole.state.flushedTo, whole.files!.live().length], [null, COMMITS, COMMITS]);
});

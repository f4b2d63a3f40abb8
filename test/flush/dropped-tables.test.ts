/** A dropped table stays known as long as the log, quarantine or its folder may need it, and no longer. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Catalog } from '../../src/catalog/catalog.js';
import { wholeSnapshot } from '../../src/catalog/snapshot.js';
import { systemDisk, type Disk } from '../../src/disk.js';
import { DroppedTables } from '../../src/flush/dropped-tables.js';
import { makeLogger } from '../../src/logging.js';
import type { Log } from '../../src/log/log.js';
import { dataFileName, dataPaths } from '../../src/names.js';
import { Cleanup } from '../../src/tables/cleanup.js';
import type { TableCommitter } from '../../src/tables/commit.js';
import type { RowQuarantine } from '../../src/tables/row-quarantine.js';
import { makeCatalog, need, recovered, RecordList } from '../catalog/harness.js';
import { FakeClock } from '../http/fake-clock.js';
import { tablesStore } from '../tables/memory.js';

const MINUTE_US = 60_000_000;
const NODE = '0a1b2c3d';
const root = mkdtempSync(join(tmpdir(), 'sluice-dropped-'));
after(() => rmSync(root, { recursive: true }));

interface Segment {
  first: number;
  lastByTable: Map<number, number>;
}

/** A catalog with one table that was dropped, on a disk, and a log that says what a test wants. */
class Scene {
  readonly paths = dataPaths(root);
  readonly catalog: Catalog;
  readonly cleanup: Cleanup;
  readonly dropped: DroppedTables;
  segments: Segment[] = [];
  quarantined: { folder: string }[] = [];
  isFlushing = false;
  readonly rejectsForgotten: string[] = [];

  constructor(catalog: Catalog) {
    const { paths } = this;
    this.catalog = catalog;
    const store = tablesStore(systemDisk, paths, 's');
    for (const { folder } of [...catalog.tables(), ...catalog.droppedTables()]) mkdirSync(join(paths.tables, folder), { recursive: true });
    this.cleanup = new Cleanup({ disk: systemDisk, paths, store, clock: new FakeClock(), logger: makeLogger('silent'), node: NODE });
    const log = { segments: () => this.segments, lastSeq: 1e15 } as unknown as Log;
    const quarantine = { lots: () => this.quarantined } as unknown as RowQuarantine;
    this.dropped = new DroppedTables({ catalog, cleanup: this.cleanup, log, quarantine, isFlushing: () => this.isFlushing, forgetRejects: async (folder) => void this.rejectsForgotten.push(folder) });
  }

  /** The ids that are still known after the log begins at a number. */
  async known(first: number): Promise<number[]> {
    this.segments = [{ first, lastByTable: this.segments[0]?.lastByTable ?? new Map() }];
    await this.dropped.forget();
    return this.catalog.droppedTables().map(({ id }) => id);
  }
}

async function scene(): Promise<{ scene: Scene; list: RecordList; droppedAt: number }> {
  const list = new RecordList();
  const { catalog } = makeCatalog({}, list);
  const { id } = await catalog.ensureDatabase('db');
  await catalog.decide(id, [need('cpu', 'v'), need('mem', 'v')]);
  await catalog.dropTable(id, 'cpu');
  return { scene: new Scene(catalog), list, droppedAt: list.records.at(-1)!.seq };
}

test('a dropped table is forgotten when its folder is away and the log begins a minute after the drop', async () => {
  const { scene: { catalog, dropped }, scene: it, droppedAt } = await scene();
  const after = droppedAt + MINUTE_US + 1;
  assert.deepEqual(await it.known(after), [1], 'its folder is still there');
  await dropped.clear(assert.fail);
  assert.deepEqual(await it.known(droppedAt + MINUTE_US), [1], 'a body may be under way');
  it.segments[0]!.lastByTable.set(1, 5);
  assert.deepEqual(await it.known(after + 1), [1], 'the log holds a frame of it');
  it.segments[0]!.lastByTable.clear();
  it.quarantined = [{ folder: 'db/cpu' }];
  assert.deepEqual(await it.known(after + 2), [1], 'rows of it are in quarantine');
  it.quarantined = [];
  assert.deepEqual(await it.known(after + 3), []);
  const snapshot = wholeSnapshot(catalog.snapshot());
  assert.deepEqual(snapshot.tables.map(({ name }) => name), ['mem']);
  assert.equal(snapshot.next.table, 3, 'its id is never given again');

  const database = catalog.database('db')!;
  const [table] = await catalog.decide(database.id, [need('cpu', 'v')]);
  assert.deepEqual([table!.id, table!.folder], [3, 'db/cpu'], 'its folder is free');
  const [case_] = await catalog.decide(database.id, [need('MEM', 'v')]);
  assert.notEqual(case_!.folder.toLowerCase(), 'db/mem', 'those of the others are not');
});

test('a commit that was under way at the drop does not stand in the folder of a table made anew', async () => {
  const { scene: it, droppedAt } = await scene();
  await it.dropped.clear(assert.fail);
  it.isFlushing = true;
  assert.deepEqual(await it.known(droppedAt + MINUTE_US + 1), [1], 'it may still come');
  const folder = join(it.paths.tables, 'db/cpu');
  mkdirSync(join(folder, '_delta_log'), { recursive: true });
  writeFileSync(join(folder, '_delta_log', '00000000000000000007.json'), '{}');
  it.isFlushing = false;
  assert.deepEqual(await it.known(droppedAt + MINUTE_US + 2), []);
  assert.equal(existsSync(folder), false);
  rmSync(it.paths.trash, { recursive: true });
});

test('nothing is forgotten while a list of folders is brought to the trash: a living table may have one by then', async () => {
  const { scene: it } = await scene();
  const toTrash = it.cleanup.toTrash.bind(it.cleanup);
  const dropped = it.catalog.droppedTables()[0]!;
  await toTrash(dropped);
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const moved: number[] = [];
  it.cleanup.toTrash = async (table) => {
    moved.push(it.catalog.droppedTables().length);
    await held;
    return toTrash(table);
  };
  const clearing = it.dropped.clear(assert.fail);
  const known = it.known(1e12);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(it.catalog.droppedTables().length, 1);
  release();
  await clearing;
  assert.deepEqual(await known, []);
  assert.deepEqual(moved, [1, 1]);
});

test('a thousand tables made and dropped leave the catalog as it was', async () => {
  const { scene: it } = await scene();
  const { id } = it.catalog.database('db')!;
  await it.dropped.clear(assert.fail);
  await it.known(1e12);
  const before = JSON.stringify({ ...it.catalog.snapshot(), upTo: 0, next: null });
  for (let n = 0; n < 1000; n += 1) {
    await it.catalog.decide(id, [need(`t${n}`, 'v')]);
    await it.cleanup.toTrash((await it.catalog.dropTable(id, `t${n}`))!);
  }
  assert.equal(it.catalog.droppedTables().length, 1000);
  assert.deepEqual(await it.known(2e12), []);
  assert.equal(JSON.stringify({ ...it.catalog.snapshot(), upTo: 0, next: null }), before);
});

test('[issue 13 A5] a database that is made and dropped each day for years leaves the catalog as it was', async () => {
  const { scene: it } = await scene();
  await it.dropped.clear(assert.fail);
  await it.known(1e12);
  const before = JSON.stringify({ ...it.catalog.snapshot(), upTo: 0, next: null });
  for (let day = 1; day <= 500; day += 1) {
    const { id, folder } = await it.catalog.ensureDatabase('daily');
    assert.equal(folder, 'daily', `day ${day}: its folder is free`);
    const [table] = await it.catalog.decide(id, [need('m', 'v')]);
    mkdirSync(join(it.paths.tables, table!.folder), { recursive: true });
    const { tables } = (await it.catalog.dropDatabase('daily'))!;
    for (const each of tables) await it.cleanup.toTrash(each);
    await it.known(1e12 + day * 1e9);
  }
  assert.equal(JSON.stringify({ ...it.catalog.snapshot(), upTo: 0, next: null }), before);
  assert.ok(!existsSync(join(it.paths.tables, 'daily')));
  assert.equal(it.rejectsForgotten.length, 500);
});

test('a dropped database stays known while something of it is left, and one that cannot be removed holds up no other', async () => {
  const { scene: it } = await scene();
  await it.dropped.clear(assert.fail);
  for (const name of ['a', 'b', 'c']) {
    const { id } = await it.catalog.ensureDatabase(name);
    await it.catalog.decide(id, [need('m', 'v')]);
    const { tables } = (await it.catalog.dropDatabase(name))!;
    for (const each of tables) await it.cleanup.toTrash(each);
  }
  const left = (): string[] => it.catalog.droppedDatabases().map(({ folder }) => folder);
  mkdirSync(join(it.paths.tables, 'a/of-another-writer'), { recursive: true });
  const removeDatabase = it.cleanup.removeDatabase.bind(it.cleanup);
  it.cleanup.removeDatabase = async (folder) => (folder === 'b' ? Promise.reject(new Error('EIO')) : removeDatabase(folder));
  const { dropped } = it.catalog.droppedTables().at(-1)!;
  assert.deepEqual(left(), [], 'their tables are known');
  await assert.rejects(it.known(dropped + MINUTE_US + 1), /EIO/);
  assert.deepEqual(left(), ['a', 'b']);
  it.cleanup.removeDatabase = removeDatabase;
  rmSync(join(it.paths.tables, 'a'), { recursive: true });
  await it.known(dropped + MINUTE_US + 1);
  assert.deepEqual(left(), []);
});

test('when an older snapshot takes over, a living database that has the folder of a dropped one loses nothing', async () => {
  const { scene: it, list } = await scene();
  await it.catalog.ensureDatabase('other');
  await it.catalog.dropDatabase('other');
  const older = wholeSnapshot(it.catalog.snapshot());
  await it.dropped.clear(assert.fail);
  await it.known(1e12);
  const made = await it.catalog.ensureDatabase('other');
  assert.equal(made.folder, 'other');
  const again = Catalog.fromSnapshot(older, { limits: makeCatalog().options.limits, commit: list.commit });
  for (const { seq, record } of list.records) assert.deepEqual(again.applyRecord(record, seq), []);
  const next = new Scene(again);
  await next.dropped.clear(assert.fail);
  await next.known(2e12);
  assert.deepEqual([next.rejectsForgotten, again.droppedDatabases(), again.database('other')?.folder], [[], [], 'other']);
  assert.notEqual((await again.ensureDatabase('OTHER')).folder, 'other', 'its folder is known');
});

test('when an older snapshot takes over, the folder of a dropped table that another has by now stays', async () => {
  const { scene: it, list } = await scene();
  const older = wholeSnapshot(it.catalog.snapshot());
  await it.dropped.clear(assert.fail);
  await it.known(1e12);
  const { id } = it.catalog.database('db')!;
  const [made] = await it.catalog.decide(id, [need('cpu', 'v')]);
  assert.equal(made!.folder, 'db/cpu');
  const again = Catalog.fromSnapshot(older, { limits: makeCatalog().options.limits, commit: list.commit });
  for (const { seq, record } of list.records) assert.deepEqual(again.applyRecord(record, seq), []);
  assert.deepEqual(again.droppedTables().map(({ folder }) => folder), ['db/cpu']);
  const next = new Scene(again);
  await next.dropped.clear(assert.fail);
  assert.ok(existsSync(join(next.paths.tables, 'db/cpu')));
  assert.deepEqual(recovered(list).tables().map(({ folder }) => folder).sort(), ['db/cpu', 'db/mem'], 'as does the log alone');
});

test('a data file that is older than its table is of a dropped one, and goes to trash', async () => {
  const { scene: it } = await scene();
  const [table] = it.catalog.tables();
  const folder = join(it.paths.tables, table!.folder);
  const names = [table!.created - 1, table!.created + 1].map((seq) => dataFileName(NODE, seq, 0));
  for (const name of names) writeFileSync(join(folder, name), 'x');
  const committer = { state: { version: 0, endsWithOurs: true, checkpoint: null, flushedTo: table!.created + 5 }, isNamed: () => false } as unknown as TableCommitter;
  const { files, strays } = await it.cleanup.moveOrphans(table!, committer, { isLogWhole: true, mayBeUnfinished: () => false });
  assert.deepEqual([files.length, strays.length], [0, 1], 'only the younger may have been committed');
  assert.deepEqual(readdirSync(folder), []);
  assert.ok(readdirSync(it.paths.trash).some((name) => name.endsWith(names[0]!)));
});

test('the trash is emptied once at a time, however long that takes', async () => {
  let removals = 0;
  let release = (): void => undefined;
  const disk: Disk = { ...systemDisk, list: async () => ['1-1', '2-2'], removeTree: () => new Promise((resolve) => {
    removals += 1;
    release = resolve;
  }) };
  const clock = new FakeClock();
  clock.advance(2 * 3_600_000);
  const paths = dataPaths(root);
  const cleanup = new Cleanup({ disk, paths, store: tablesStore(disk, paths, 's'), clock, logger: makeLogger('silent'), node: NODE });
  const asked = [cleanup.emptyTrash(), cleanup.emptyTrash()];
  await new Promise((resolve) => setImmediate(resolve));
  asked.push(cleanup.emptyTrash());
  assert.equal(removals, 1);
  release();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(removals, 2);
  release();
  await Promise.all(asked);
});

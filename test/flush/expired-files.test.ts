/** Files past retention: what leaves a table, when, and what a crash at any moment leaves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Catalog, Table } from '../../src/catalog/catalog.js';
import { ExpiredFiles } from '../../src/flush/expired-files.js';
import { Retiring } from '../../src/flush/retiring.js';
import type { Logger } from '../../src/logging.js';
import { MaintenanceTroubles } from '../../src/maintenance-troubles.js';
import type { FlushedFile } from '../../src/model/flushed-file.js';
import { dataFileName } from '../../src/names.js';
import { TableCommitter } from '../../src/tables/commit.js';
import { RetiredFiles } from '../../src/tables/retired-files.js';
import type { TableStore } from '../../src/tables/table-store.js';
import { TrustedClock } from '../../src/trusted-clock.js';
import { makeCatalog, need } from '../catalog/harness.js';
import { CRASH_POLICIES, type MemoryDisk } from '../fault/memory-disk.js';
import { FakeClock } from '../http/fake-clock.js';
import { memoryDisk, memoryPaths, tablesStore } from '../tables/memory.js';
import { fuzzCount, Random, sampled } from '../fuzz/random.js';

const NODE = '3fa9c1e2';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A server's part of the work, on a disk that outlives it. */
class Life {
  readonly sentences: string[] = [];
  disk: MemoryDisk;
  readonly clock = new FakeClock();
  readonly catalog: Catalog;
  #starts = 0;
  logsRead = 0;
  expired!: ExpiredFiles;
  retiring!: Retiring;
  troubles!: MaintenanceTroubles;
  store!: TableStore;
  mustWait = false;

  private constructor(disk: MemoryDisk, catalog: Catalog) {
    this.disk = disk;
    this.catalog = catalog;
  }

  static async begin(retentionS: number | null, measurements: readonly string[] = ['cpu']): Promise<Life> {
    const { catalog } = makeCatalog();
    const { id } = await catalog.ensureDatabase('db', { retentionS });
    for (const measurement of measurements) await catalog.decide(id, [need(measurement, 'load')]);
    const life = new Life(await memoryDisk(), catalog);
    await life.start();
    return life;
  }

  /** As a server starts, also after a crash that left another disk. */
  async start(disk = this.disk): Promise<void> {
    const { catalog, clock, sentences } = this;
    const report = (sentence: string): void => void sentences.push(sentence);
    const logger: Logger = { debug: () => undefined, info: report, warn: report, error: report };
    this.disk = disk;
    this.store = tablesStore(disk, memoryPaths, `s${(this.#starts += 1)}`);
    const use: ConstructorParameters<typeof Retiring>[0]['use'] = async (table, work) => work(await this.committer(table));
    const mustWait = (): boolean => this.mustWait;
    const trustedClock = await TrustedClock.open({ disk, clock, path: memoryPaths.clock, report });
    const retired = await RetiredFiles.open({ disk, clock, trustedClock, folder: memoryPaths.retired, report });
    this.troubles = new MaintenanceTroubles(clock);
    const { troubles } = this;
    this.retiring = new Retiring({ catalog, clock, logger, troubles, store: this.store, retired, use, mustWait });
    this.expired = new ExpiredFiles({ catalog, clock, logger, troubles, retiring: this.retiring, trustedClock, use, mustWait });
  }

  get table(): Table {
    return this.catalog.tables()[0]!;
  }

  async committer({ databaseName: database, folder, id: tableId, measurement }: Table): Promise<TableCommitter> {
    this.logsRead += 1;
    return TableCommitter.open({
      store: this.store, node: NODE, folder, identity: { tableId, measurement, database }, committedTo: 0, seqMax: () => Number.MAX_SAFE_INTEGER,
      readCheckpoint: () => assert.fail('there is none'),
    });
  }

  /** A flush of a file of rows up to a time. @returns its name */
  async flush(seq: number, lastMs: number, { isDated = true, table = this.table } = {}): Promise<string> {
    const name = dataFileName(NODE, seq, 0);
    const writer = await this.store.put(`${table.folder}/${name}`);
    await writer.write(Buffer.from(`PAR1 ${seq}`));
    await writer.publish();
    const times = (ms: number): Record<string, string> => (isDated ? { time: JSON.stringify(new Date(ms).toISOString()) } : {});
    const file: FlushedFile = {
      path: `${table.folder}/${name}`, bytes: 5 + String(seq).length, rows: 2,
      statistics: { numRecords: 2, minValues: times(lastMs - MINUTE_MS), maxValues: times(lastMs), nullCount: {} },
    };
    await (await this.committer(table)).commit({ columns: table.columns, files: [file], seq, timeMs: this.clock.nowMs() });
    this.expired.noteFlushed(table.id, [file]);
    return name;
  }

  /** Lets time go by, a look a minute. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= MINUTE_MS) {
      this.clock.advance(Math.min(left, MINUTE_MS));
      await this.expired.tick();
      await this.retiring.tick();
    }
  }

  async live(table = this.table): Promise<string[]> {
    const before = this.logsRead;
    const files = (await (await this.committer(table)).liveFiles()).map(({ path }) => path);
    this.logsRead = before;
    return files.toSorted();
  }

  async onDisk(table = this.table): Promise<string[]> {
    return (await this.store.list(table.folder)).filter((name) => name.endsWith('.parquet'));
  }

  notes(): Promise<string[]> {
    return this.disk.list(memoryPaths.retired);
  }
}

test('[issue 14 4] a file leaves the log when its newest row is past retention, and the disk an hour later', async () => {
  const life = await Life.begin(DAY_MS / 1000);
  const begin = life.clock.nowMs();
  const old = await life.flush(10, begin - DAY_MS - HOUR_MS);
  const edge = await life.flush(20, begin - DAY_MS + 10 * MINUTE_MS);
  const fresh = await life.flush(30, begin);
  const undated = await life.flush(40, begin - 9 * DAY_MS, { isDated: false });
  await life.pass(MINUTE_MS);
  assert.deepEqual(await life.live(), [edge, fresh, undated].toSorted());
  assert.deepEqual(life.expired.counts, { files: 1, rows: 2, heldSeconds: 0 });
  assert.match(life.sentences.join(), /table db\/cpu: 1 files with 2 rows left it, all before .*Z and past retention/);
  await life.pass(9 * MINUTE_MS);
  assert.deepEqual(await life.live(), [edge, fresh, undated].toSorted(), 'a file of which a row may be kept stays');
  await life.pass(MINUTE_MS);
  assert.deepEqual(await life.live(), [fresh, undated].toSorted());
  await life.pass(49 * MINUTE_MS);
  assert.ok((await life.onDisk()).includes(old), 'readers of an older version have an hour');
  await life.pass(MINUTE_MS);
  assert.deepEqual(await life.onDisk(), [edge, fresh, undated].toSorted());
  await life.pass(2 * DAY_MS);
  assert.deepEqual([await life.live(), await life.onDisk(), await life.notes()], [[undated], [undated], []]);
  assert.equal((await life.committer(life.table)).state.flushedTo, 40, 'it is an empty table, or nearly, and what is flushed stays known');
});

test('[issue 14 4] a database without a period, and one whose period went, lose nothing', async () => {
  const life = await Life.begin(null);
  const name = await life.flush(10, life.clock.nowMs() - 1000 * DAY_MS);
  const { logsRead } = life;
  await life.pass(DAY_MS);
  assert.deepEqual([await life.live(), life.logsRead], [[name], logsRead], 'no log is read');
  await life.catalog.changeSettings('db', { retentionS: 3600 });
  await life.catalog.changeSettings('db', { retentionS: null });
  await life.pass(DAY_MS);
  assert.deepEqual([await life.live(), await life.notes()], [[name], []]);
  assert.ok(!(await life.disk.exists(memoryPaths.clock)), 'nothing is noted of the clock where it does not matter');
});

test('[issue 14 4] a log is read once, when something of it can be past retention, and once a day', async () => {
  const life = await Life.begin(7 * DAY_MS / 1000);
  await life.flush(10, life.clock.nowMs());
  await life.flush(20, life.clock.nowMs() - 6 * DAY_MS);
  life.logsRead = 0;
  await life.pass(23 * HOUR_MS);
  assert.equal(life.logsRead, 1);
  await life.flush(30, life.clock.nowMs() - 8 * DAY_MS);
  life.logsRead = 0;
  await life.pass(MINUTE_MS);
  assert.deepEqual([life.logsRead, (await life.live()).length], [1, 2], 'a file that is flushed late is seen by its own time');
  life.logsRead = 0;
  await life.pass(5 * DAY_MS);
  assert.ok(life.logsRead <= 5 + 3, `${life.logsRead} reads in five days: one a day, and those that removed or deleted something`);
});

test('[issue 14 4] of many tables each has its turn within the hour, a few a minute', async () => {
  const names = Array.from({ length: 300 }, (_, n) => `m${n}`);
  const life = await Life.begin(3600, names);
  for (const [n, table] of life.catalog.tables().entries()) {
    await life.disk.makeFolder(`data/tables/${table.folder}`);
    await life.flush(10 + n, life.clock.nowMs() - DAY_MS, { table });
  }
  life.logsRead = 0;
  await life.pass(MINUTE_MS);
  assert.equal(life.logsRead, 5);
  await life.pass(59 * MINUTE_MS);
  assert.equal(life.expired.counts.files, 300);
});

test('[issue 14 4] a table that must wait, or cannot be read, keeps its files and costs no other', async () => {
  const life = await Life.begin(3600, ['cpu', 'mem']);
  const [cpu, mem] = life.catalog.tables() as [Table, Table];
  await life.disk.makeFolder(`data/tables/${mem.folder}`);
  for (const table of [cpu, mem]) await life.flush(10, life.clock.nowMs() - DAY_MS, { table });
  life.mustWait = true;
  await life.pass(2 * HOUR_MS);
  assert.equal(life.expired.counts.files, 0);
  life.mustWait = false;
  life.disk.place(`data/tables/${cpu.folder}/_delta_log/00000000000000000000.json`, Buffer.from('{}x'));
  await life.pass(MINUTE_MS);
  assert.deepEqual([await life.live(mem), (await life.onDisk(cpu)).length], [[], 1]);
  assert.equal(life.sentences.filter((sentence) => /files of table db\/cpu whose rows are past retention stay for another hour: .*commit 0 cannot be read/.test(sentence)).length, 1);
  await life.pass(30 * MINUTE_MS);
  assert.equal(life.sentences.filter((sentence) => /stay for another hour/.test(sentence)).length, 1, 'it is not tried each minute');
  assert.match(life.troubles.sentences().join(), /^retention of table db\/cpu fails since 20\d\d-.*Z, and is tried again: .*commit 0 cannot be read/);
});

test('[issue 14 4] a clock that is set a year ahead removes nothing for a day, and what it would have removed stays when it is set back', async () => {
  const life = await Life.begin(30 * DAY_MS / 1000);
  const name = await life.flush(10, life.clock.nowMs());
  await life.pass(HOUR_MS);
  life.clock.jump(365 * DAY_MS);
  await life.pass(12 * HOUR_MS);
  await life.start();
  await life.pass(11 * HOUR_MS);
  assert.deepEqual(await life.live(), [name]);
  assert.match(life.sentences.join(), /the clock is 87\d\d\.\d hours ahead of where it was and the time that went by: .* nothing is refused or removed/);
  assert.ok(life.expired.counts.heldSeconds > 364 * DAY_MS / 1000);
  life.clock.jump(-365 * DAY_MS);
  await life.pass(3 * DAY_MS);
  assert.deepEqual(await life.live(), [name]);
});

test('[issue 14 4] a table that is dropped takes its notes along', async () => {
  const life = await Life.begin(3600);
  await life.flush(10, life.clock.nowMs() - DAY_MS);
  await life.pass(MINUTE_MS);
  const { folder } = life.table;
  assert.equal((await life.notes()).length, 1);
  await life.catalog.dropTable(life.table.databaseId, 'cpu');
  await life.pass(HOUR_MS);
  assert.deepEqual([await life.notes(), (await life.store.list(folder)).length], [[], 1], 'its folder is on its way to the trash, with all that is in it');
});

test('[issue 14 4] a server that starts anew every half hour deletes all the same, and none deletes within the hour, whatever the clock says', async () => {
  for (const [end, least, most] of [['stop', 60, 62], ['kill', 60, 75]] as const) {
    const life = await Life.begin(3600);
    await life.flush(10, life.clock.nowMs() - DAY_MS);
    await life.pass(MINUTE_MS);
    assert.equal((await life.notes()).length, 1);
    let ranMinutes = 0;
    for (; (await life.onDisk()).length > 0; ranMinutes += 1) {
      assert.ok(ranMinutes < 120, `${end}: it is never deleted`);
      await life.pass(MINUTE_MS);
      if (ranMinutes % 30 !== 29) continue;
      if (end === 'stop') await life.expired.stop();
      if (end === 'kill') life.disk = life.disk.crash('drop-unsynced', ranMinutes);
      life.clock.jump(ranMinutes % 60 === 29 ? 20 * HOUR_MS : -20 * HOUR_MS);
      await life.start();
    }
    assert.ok(ranMinutes >= least && ranMinutes <= most, `${end}: deleted after ${ranMinutes} minutes`);
  }
});

test('[issue 14 4] where the clock file is lost, notes tell how far time was', async () => {
  const life = await Life.begin(3600);
  await life.pass(5 * HOUR_MS);
  await life.flush(10, life.clock.nowMs() - DAY_MS);
  await life.pass(30 * MINUTE_MS);
  for (let starts = 0; starts < 2; starts += 1) {
    await life.disk.remove(memoryPaths.clock).catch(() => undefined);
    await life.start();
    await life.pass(59 * MINUTE_MS);
    assert.equal((await life.onDisk()).length, 1, 'what ran since is not known');
  }
  await life.pass(2 * MINUTE_MS);
  assert.deepEqual([await life.onDisk(), await life.notes()], [[], []]);
});

test('[issue 14 4] a note that cannot be removed holds up none behind it, is said once, and tried again', async () => {
  const life = await Life.begin(3600, ['cpu', 'mem']);
  const [cpu, mem] = life.catalog.tables() as [Table, Table];
  await life.disk.makeFolder(`data/tables/${mem.folder}`);
  for (const table of [cpu, mem]) await life.flush(10, life.clock.nowMs() - DAY_MS, { table });
  await life.pass(2 * MINUTE_MS);
  const [first] = await life.notes();
  await life.catalog.dropTable(cpu.databaseId, 'cpu');
  life.disk.before = (operation, path) => {
    if (operation === 'remove' && path.endsWith(first!)) throw new Error('EIO: it stays');
  };
  await life.pass(4 * HOUR_MS);
  assert.deepEqual([await life.notes(), await life.onDisk(mem)], [[first], []]);
  assert.equal(life.sentences.filter((sentence) => /a table that was dropped\): EIO/.test(sentence)).length, 1, life.sentences.join());
  assert.match(life.troubles.sentences().join(), /^deletion of note \d+ of a table that was dropped fails since .*: EIO: it stays$/);
  life.disk.before = () => undefined;
  await life.pass(HOUR_MS + MINUTE_MS);
  assert.deepEqual([await life.notes(), life.troubles.sentences()], [[], []]);
});

test('[issue 14 4] a table is known to be worked at as long as its folder may be made again', async () => {
  const life = await Life.begin(3600);
  await life.flush(10, life.clock.nowMs() - DAY_MS);
  const { id } = life.table;
  let commits = 0;
  life.disk.before = (operation) => {
    if (operation !== 'link') return;
    commits += 1;
    assert.ok(life.expired.isAt(id));
  };
  await life.pass(MINUTE_MS);
  assert.deepEqual([commits, life.expired.isAt(id)], [1, false]);
});

/** A server that died behind its note and before its commit. */
async function killedBeforeCommit(): Promise<{ life: Life; name: string }> {
  const life = await Life.begin(3600);
  const name = await life.flush(10, life.clock.nowMs() - DAY_MS);
  let survivor: MemoryDisk | null = null;
  life.disk.before = (operation) => {
    if (operation === 'link') survivor ??= life.disk.crash('keep-all');
  };
  await life.pass(MINUTE_MS);
  assert.ok(survivor !== null);
  await life.start(survivor);
  assert.deepEqual([await life.live(), (await life.notes()).length], [[name], 1]);
  return { life, name };
}

test('[issue 14 4] a note whose commit never came deletes nothing that is part of the table', async () => {
  const { life, name } = await killedBeforeCommit();
  await life.catalog.changeSettings('db', { retentionS: null });
  await life.pass(3 * HOUR_MS);
  assert.deepEqual([await life.live(), await life.onDisk(), await life.notes()], [[name], [name], []]);
});

test('[issue 14 4] the hour of a file begins with the commit that removed it, whatever an older note says', async () => {
  const { life, name } = await killedBeforeCommit();
  life.mustWait = true;
  await life.pass(30 * MINUTE_MS);
  life.mustWait = false;
  await life.pass(MINUTE_MS);
  assert.deepEqual([await life.live(), (await life.notes()).length], [[], 2]);
  await life.pass(59 * MINUTE_MS);
  assert.deepEqual([await life.onDisk(), (await life.notes()).length], [[name], 1]);
  await life.pass(2 * MINUTE_MS);
  assert.deepEqual([await life.onDisk(), await life.notes()], [[], []]);
});

test('[issue 14 4] a damaged note is said, and deletes nothing', async () => {
  const life = await Life.begin(3600);
  const name = await life.flush(10, life.clock.nowMs() - DAY_MS);
  await life.pass(MINUTE_MS);
  const [note] = await life.notes();
  const path = `${memoryPaths.retired}/${note}`;
  const bytes = life.disk.content(path);
  bytes[20]! ^= 1;
  life.disk.place(path, bytes);
  await life.start();
  await life.pass(3 * HOUR_MS);
  assert.match(life.sentences.join(), /retired\/\d{16}\.json cannot be read, the files that it names stay: /);
  assert.deepEqual([await life.live(), await life.onDisk(), await life.notes()], [[], [name], [note]]);
});

/** The clock is noted again and again, each time in the same steps: those of the first time count. */
function counted(action: () => void): (operation: string, path: string) => void {
  let clockSteps = 0;
  return (_, path) => {
    if (path.startsWith(memoryPaths.clock) && (clockSteps += 1) > 5) return;
    action();
  };
}

for (const policy of CRASH_POLICIES) {
  test(`[issue 14 4] a crash at any step of removing and deleting leaves all that is kept, and in the end nothing else (${policy})`, async () => {
    const prepared = async (): Promise<{ life: Life; kept: string }> => {
      const life = await Life.begin(DAY_MS / 1000);
      await life.flush(10, life.clock.nowMs() - 2 * DAY_MS);
      await life.flush(20, life.clock.nowMs() - DAY_MS + 30 * MINUTE_MS);
      return { life, kept: await life.flush(30, life.clock.nowMs() + 30 * DAY_MS) };
    };
    const whole = 95 * MINUTE_MS;
    const counting = await prepared();
    let steps = 0;
    counting.life.disk.before = counted(() => void (steps += 1));
    await counting.life.pass(whole);
    assert.ok(steps > 40, `${steps} steps`);
    for (const step of sampled(Array.from({ length: steps }, (_, at) => at + 1), 3)) {
      const { kept, life } = await prepared();
      let at = 0;
      let survivor: MemoryDisk | null = null;
      life.disk.before = counted(() => {
        at += 1;
        if (at === step) survivor = life.disk.crash(policy, step);
      });
      await life.pass(whole);
      assert.ok(survivor !== null);
      await life.start(survivor);
      const live = await life.live();
      const there = await life.onDisk();
      assert.ok(live.includes(kept), `step ${step}`);
      for (const name of live) assert.ok(there.includes(name), `step ${step}: ${name} is live and gone`);
      await life.pass(3 * HOUR_MS);
      assert.deepEqual([await life.live(), await life.onDisk(), await life.notes()], [[kept], [kept], []], `step ${step}`);
    }
  });
}

test('[issue 14 4] whatever happens, no file with a row that is kept is removed, none that is live is deleted, and in the end all that is past is gone', async () => {
  for (let seed = 1; seed <= fuzzCount(1); seed += 1) {
    const random = new Random(seed);
    const life = await Life.begin(DAY_MS / 1000);
    const lastMs = new Map<string, number>();
    /** When a file left the log, by the time that truly went by. */
    const leftMs = new Map<string, number>();
    let aheadMs = 0;
    let retentionS: number | null = DAY_MS / 1000;
    const trueMs = (): number => life.clock.monotonicMs();
    const step = async (): Promise<void> => {
      const before = await life.live();
      const beforeDisk = await life.onDisk();
      life.clock.advance(MINUTE_MS);
      await life.expired.tick();
      await life.retiring.tick();
      const [after, afterDisk] = [new Set(await life.live()), new Set(await life.onDisk())];
      for (const name of before.filter((each) => !after.has(each))) {
        assert.ok(retentionS !== null && lastMs.get(name)! < trueMs() - retentionS * 1000, `seed ${seed}: ${name} was removed too early`);
        leftMs.set(name, trueMs());
      }
      for (const name of beforeDisk.filter((each) => !afterDisk.has(each))) {
        assert.ok(leftMs.has(name) && trueMs() - leftMs.get(name)! >= HOUR_MS, `seed ${seed}: ${name} was deleted too early`);
      }
      for (const name of after) assert.ok(afterDisk.has(name), `seed ${seed}: ${name} is live and gone`);
    };
    for (let round = 0; round < 40; round += 1) {
      switch (random.below(7)) {
        case 0: case 1: {
          const time = trueMs() - random.below(3 * DAY_MS) + random.below(6) * HOUR_MS;
          lastMs.set(await life.flush(100 + round, time), time);
          break;
        }
        case 2:
          retentionS = random.pick([3600, 6 * 3600, 86_400, 2 * 86_400, null]);
          await life.catalog.changeSettings('db', { retentionS });
          break;
        case 3:
          await life.expired.stop();
          await life.start();
          break;
        case 4:
          await life.start(life.disk.crash(random.pick(['drop-unsynced', 'keep-all']), round + 1));
          break;
        case 5: {
          const jump = aheadMs === 0 ? random.pick([100 * DAY_MS, 2 * DAY_MS, -DAY_MS]) : -aheadMs;
          life.clock.jump(jump);
          aheadMs += jump;
          break;
        }
        default:
          for (let minute = random.below(25); minute > 0; minute -= 1) await step();
      }
      if (aheadMs !== 0 && random.below(3) === 0) {
        life.clock.jump(-aheadMs);
        aheadMs = 0;
      }
      await step();
    }
    life.clock.jump(-aheadMs);
    retentionS = 3600;
    await life.catalog.changeSettings('db', { retentionS });
    await life.pass(29 * HOUR_MS);
    const kept = [...lastMs].filter(([, time]) => time >= trueMs() - HOUR_MS).map(([name]) => name).toSorted();
    assert.deepEqual([await life.live(), await life.onDisk()], [kept, kept], `seed ${seed}`);
  }
});

/** Whatever file is lost, the server starts, says so, and finds the tables again (contract C6). */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TableListing } from '../../src/control/commands.js';
import type { Engine } from '../../src/engine.js';
import { makeDataDir, removeDataDir } from '../e2e/server.js';
import { copyLiving, open, requestTo, flushedTables, store } from './harness.js';
import { write } from './write.js';

const KINDS = 't,host=a,zone=z f=1.5,i=1i,u=2u,b=true,s="x" 1';
/** Keys whose column names only the catalog or the tables can tell. */
const ODD_KEYS = 'odd,Host=a,host=b Value=1i,value=2i,a\\ b=3i 1';

function rowsOf(tables: ReadonlyMap<string, TableListing>): Record<string, number> {
  return Object.fromEntries([...tables].map(([name, { rows }]) => [name, rows]).sort());
}

function namesOf(table: TableListing | undefined): string[] {
  return table!.columns.map(({ id, kind, key, name }) => `${id} ${kind} ${key} ${name}`);
}

function idsOf(tables: ReadonlyMap<string, TableListing>): number[] {
  return [...tables.values()].flatMap(({ columns }) => columns.map(({ id }) => id));
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 0x01;
  writeFileSync(path, bytes);
}

/** Three tables of two databases, all rows in files. */
async function makeFolder(dataDir: string): Promise<Map<string, TableListing>> {
  const engine = await open(dataDir);
  await store(engine, 'one', KINDS, ODD_KEYS);
  await store(engine, 'two/x', KINDS);
  const tables = await flushedTables(engine);
  await engine.stop();
  return tables;
}

/** Old and new tables take rows, columns keep their kinds, and ids are new. */
async function assertWorks(engine: Engine, before: ReadonlyMap<string, TableListing>): Promise<void> {
  await store(engine, 'one', KINDS.replace(/1$/, '2'), 't,host=a,new=tag more=1i 3');
  await store(engine, 'one', ODD_KEYS.replace(/1$/, '2'), 'fresh v=1i 1');
  await store(engine, 'three', KINDS);
  const refused = await write(engine, requestTo('one'), 't i=1.5 9');
  assert.equal(refused.kind === 'partial' && refused.errors.length, 1, 'an integer column stays one');
  const after = await flushedTables(engine);
  assert.deepEqual(rowsOf(after), { 'one.fresh': 1, 'one.odd': 2, 'one.t': 3, 'three.t': 1, 'two/x.t': 1 });
  for (const [name, table] of before) assert.deepEqual(namesOf(after.get(name)).slice(0, table.columns.length), namesOf(table), name);
  const ids = idsOf(after);
  assert.equal(new Set(ids).size, ids.length, 'no column id twice');
  const folders = [...after.values()].flatMap(({ files }) => files.slice(0, 1)).map((path) => path.slice(0, path.lastIndexOf('/')));
  assert.equal(new Set(folders).size, after.size, 'no folder twice');
}

async function assertStartsClean(dataDir: string, tables: number): Promise<void> {
  const engine = await open(dataDir);
  assert.deepEqual(engine.problems(), []);
  assert.equal((await flushedTables(engine)).size, tables);
  await engine.stop();
}

const LOSSES: Readonly<Record<string, { readonly damage: (dataDir: string) => void; readonly says: readonly RegExp[] }>> = {
  'both snapshots are gone': {
    damage: (dataDir) => snapshotsOf(dataDir).forEach((path) => rmSync(path)),
    says: [],
  },
  'both snapshots are corrupt': {
    damage: (dataDir) => snapshotsOf(dataDir).forEach(flip),
    says: [/catalog\.json cannot be read/, /catalog\.previous\.json cannot be read/],
  },
  'snapshots and log are gone': {
    damage: (dataDir) => {
      snapshotsOf(dataDir).forEach((path) => rmSync(path));
      rmSync(join(dataDir, 'log'), { recursive: true });
    },
    says: [/the catalog was lost: 3 tables were taken up again/],
  },
};

function snapshotsOf(dataDir: string): string[] {
  return ['catalog.json', 'catalog.previous.json'].map((name) => join(dataDir, name));
}

for (const [loss, { damage, says }] of Object.entries(LOSSES)) {
  test(`${loss}: tables, columns and ids are found again`, async () => {
    const dataDir = makeDataDir();
    try {
      const before = await makeFolder(dataDir);
      await (await open(dataDir)).stop();
      damage(dataDir);
      const engine = await open(dataDir);
      const problems = engine.problems();
      assert.equal(problems.length, says.length, problems.join('\n'));
      for (const [i, words] of says.entries()) assert.match(problems[i]!, words);
      const found = await flushedTables(engine);
      assert.deepEqual(rowsOf(found), rowsOf(before));
      for (const [name, table] of before) assert.deepEqual(namesOf(found.get(name)), namesOf(table), name);
      await assertWorks(engine, before);
      await engine.stop();
      await assertStartsClean(dataDir, 5);
    } finally {
      removeDataDir(dataDir);
    }
  });
}

test('snapshots are gone and the log holds frames alone: their rows find their tables, others are kept in quarantine', async () => {
  const dataDir = makeDataDir();
  try {
    const before = await makeFolder(dataDir);
    const engine = await open(dataDir);
    await engine.control.run('database-create', { name: 'made' });
    await store(engine, 'made', 'lost v=1i 1');
    await engine.stop();
    // As after a long life: the segments with the catalog's records are gone, those with the last rows are there.
    renameSync(join(dataDir, 'log'), join(dataDir, 'log.before'));
    const later = await open(dataDir);
    await store(later, 'two/x', KINDS.replace(/1$/, '7'));
    await store(later, 'made', 'lost v=2i 2');
    const copy = join(dataDir, '..', 'copy');
    copyLiving(dataDir, copy);
    await later.stop();
    for (const path of snapshotsOf(copy)) rmSync(path, { force: true });
    rmSync(join(copy, 'tables', 'made'), { recursive: true });

    const again = await open(copy);
    const [rebuilt, kept, ...others] = again.problems();
    assert.match(rebuilt!, /the catalog was lost: 3 tables/);
    assert.match(kept!, /^1 frames of the log are kept in quarantine: the catalog does not know their tables 4$/);
    assert.deepEqual(others, []);
    assert.equal(readdirSync(join(copy, 'quarantine')).filter((name) => name.endsWith('.body')).length, 1);
    const tables = await flushedTables(again);
    assert.deepEqual(rowsOf(tables), { ...rowsOf(before), 'two/x.t': 2 }, 'the frame found the database by its table');
    await store(again, 'made', 'lost v=3i 3');
    assert.ok(Math.min(...(await flushedTables(again)).get('made.lost')!.columns.map(({ id }) => id)) > Math.max(...idsOf(tables)));
    await again.stop();
    await assertStartsClean(copy, 4);
  } finally {
    removeDataDir(dataDir);
  }
});

test('a corrupt commit of one table stops neither the start nor the other tables, with and without a catalog', async () => {
  const dataDir = makeDataDir();
  try {
    const first = await open(dataDir);
    for (const at of [1, 2]) {
      await store(first, 'db', `bad v=${at}i ${at}`, `good v=${at}i ${at}`, `fine v=${at}i ${at}`);
      await flushedTables(first);
    }
    await store(first, 'db', 'bad v=3i 3', 'good v=3i 3');
    const copy = join(dataDir, '..', 'copy');
    copyLiving(dataDir, copy);
    await first.stop();
    const commit = join(copy, 'tables/db/bad/_delta_log/00000000000000000001.json');
    const whole = readFileSync(commit);
    writeFileSync(commit, whole.subarray(0, whole.length >> 1));
    for (const hasCatalog of [true, false]) {
      if (!hasCatalog) for (const path of snapshotsOf(copy)) rmSync(path, { force: true });
      const engine = await open(copy);
      await engine.recovered();
      assert.ok(engine.problems().some((problem) => /db\/bad.*commit 1/.test(problem)), engine.problems().join('\n'));
      const failed = async (): Promise<string> => (await engine.control.run('flush', { database: null })).failed.map(({ reason }) => reason).join();
      assert.match(await failed(), /^table db\/bad: commit 1 cannot be read[^,]*$/);
      await store(engine, 'db', 'good v=4i 4', 'fresh v=1i 1');
      assert.match(await failed(), /^table db\/bad: commit 1 cannot be read[^,]*$/);
      const tables = await engine.control.run('tables', { database: 'db' });
      const rows = Object.fromEntries(tables.map(({ measurement, rows: count }) => [measurement, count ?? 'unreadable']));
      assert.deepEqual(rows, { bad: 'unreadable', fine: 2, fresh: hasCatalog ? 1 : 2, good: hasCatalog ? 4 : 5 });
      await engine.stop();
    }
    // Put back, the table has all its rows: those of the log waited.
    writeFileSync(commit, whole);
    const mended = await open(copy);
    assert.deepEqual(mended.problems(), []);
    assert.equal((await flushedTables(mended)).get('db.bad')!.rows, 3);
    await mended.stop();
  } finally {
    removeDataDir(dataDir);
  }
});

test('tables that cannot be taken up stay in place, and their folders and names are not used', async () => {
  const dataDir = makeDataDir();
  try {
    await makeFolder(dataDir);
    const tables = join(dataDir, 'tables');
    cpSync(join(tables, 'one/t'), join(tables, 'one/copied'), { recursive: true });
    cpSync(join(tables, 'one/t'), join(tables, 'one/older'), { recursive: true });
    const commit = join(tables, 'one/older/_delta_log/00000000000000000000.json');
    writeFileSync(commit, readFileSync(commit, 'utf8').replace(/sluice table \d+ of/, 'sluice table 90 of'));
    cpSync(join(tables, 'one/odd'), join(tables, 'one/nameless'), { recursive: true });
    writeFileSync(join(tables, 'one/nameless/_delta_log/00000000000000000000.json'), '{}\n');
    cpSync(join(tables, 'one/nameless'), join(tables, 'foreign/table'), { recursive: true });
    for (const path of snapshotsOf(dataDir)) rmSync(path);
    rmSync(join(dataDir, 'log'), { recursive: true });

    const engine = await open(dataDir);
    const said = engine.problems().join('\n');
    assert.match(said, /tables\/one\/copied is left in place and not used|tables\/one\/t is left in place and not used/);
    assert.match(said, /is table "t" of database "one", and is newer/);
    await store(engine, 'one', 'nameless v=1i 1', 'copied v=1i 1');
    await store(engine, 'foreign', 'table v=1i 1');
    const found = await flushedTables(engine);
    assert.equal(found.get('one.t')!.files.every((path) => path.includes('/one/older/')), true, 'the higher id wins');
    for (const name of ['one.nameless', 'one.copied', 'foreign.table']) {
      assert.ok(found.get(name)!.files.every((path) => !path.includes(`/${name.replace('.', '/')}/`)), `${name} has a folder of its own`);
    }
    await engine.stop();
    for (const folder of ['one/t', 'one/copied', 'one/nameless', 'foreign/table']) assert.ok(existsSync(join(tables, folder)), folder);
    await assertStartsClean(dataDir, 6);
  } finally {
    removeDataDir(dataDir);
  }
});

test('numbers go on above every number in a table, also when the clock is behind it', async () => {
  const dataDir = makeDataDir();
  const future = 5_000_000_000_000_000;
  try {
    await makeFolder(dataDir);
    const folder = join(dataDir, 'tables/one/t');
    const commit = join(folder, '_delta_log/00000000000000000000.json');
    const text = readFileSync(commit, 'utf8');
    const [name] = /[0-9a-f]{8}-\d{16}-\d\.parquet/.exec(text)!;
    const renamed = name.replace(/-\d{16}-/, `-${future}-`);
    renameSync(join(folder, name), join(folder, renamed));
    writeFileSync(commit, text.replace(name, renamed).replace(/("txn":\{"appId":"sluice-[0-9a-f]{8}","version":)\d+/, `$1${future}`).replace(/,"sluiceCrc":"\w+"/, ''));
    for (const path of snapshotsOf(dataDir)) rmSync(path);
    rmSync(join(dataDir, 'log'), { recursive: true });
    await (await open(dataDir)).stop(); // a life without a write must not forget it
    for (let life = 1; life <= 2; life += 1) {
      const engine = await open(dataDir);
      await store(engine, 'one', KINDS.replace(/1$/, String(life + 1)));
      const { flushedTo, rows } = (await flushedTables(engine)).get('one.t')!;
      assert.ok(flushedTo >= future + life, `${flushedTo}`);
      assert.equal(rows, 1 + life);
      await engine.stop();
    }
  } finally {
    removeDataDir(dataDir);
  }
});

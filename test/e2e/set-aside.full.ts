/** A table that another writer made unwritable costs itself alone, and nothing of it is lost: it is said, kept, and written again. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { post, write, writePath, type Reply, type Shape } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

const SHAPE: Shape = { endpoint: '/api/v3/write_lp', gzip: false, chunked: false };
const WAIT_MS_MAX = 60_000;
const LOOK_MS = 50;

let dataDir: string;
let server: TestServer;

before(async () => {
  dataDir = makeDataDir();
  server = await TestServer.start(dataDir, ['--without-auth', '--set-aside-age', '2s']);
});
after(() => removeDataDir(dataDir));

async function until<T>(what: string, look: () => T | Promise<T>, isIt: (seen: T) => boolean): Promise<T> {
  for (const end = performance.now() + WAIT_MS_MAX; ; await new Promise((resolve) => setTimeout(resolve, LOOK_MS))) {
    const seen = await look();
    if (isIt(seen)) return seen;
    if (performance.now() > end) assert.fail(`${what}: not after ${WAIT_MS_MAX} ms, but ${JSON.stringify(seen)}`);
  }
}

const send = (lines: string): Promise<Reply> => write(server.url, 'db', Buffer.from(lines), SHAPE, 'ns');
const run = (...args: readonly string[]): ReturnType<typeof sluice> => sluice([...args, '--data-dir', dataDir]);
const query = (sql: string): ReturnType<typeof sluice> => run('query', '--database', 'db', '--format', 'jsonl', sql);
const values = (table: string): number[] => query(`SELECT v FROM ${table} ORDER BY v`).stdout.trim().split('\n').filter((line) => line !== '')
  .map((line) => (JSON.parse(line) as { v: number }).v);
// Commands block this process for so long that a connection kept open would be gone.
const health = async (): Promise<string> => (await fetch(`${server.url}/health`, { headers: { connection: 'close' } })).text();
const logOf = (table: string): string => join(dataDir, 'tables/db', table, '_delta_log');
const listed = (): Record<string, Record<string, unknown>> => Object.fromEntries(
  (JSON.parse(run('tables', '--format', 'json').stdout) as { table: string }[]).map((row) => [row.table, row]));

/** A commit of another writer. */
function commit(table: string, ...actions: readonly object[]): string {
  const path = join(logOf(table), `${String(readdirSync(logOf(table)).length).padStart(20, '0')}.json`);
  writeFileSync(path, actions.map((action) => `${JSON.stringify(action)}\n`).join(''));
  return path;
}

test('what was acknowledged and is in no file yet shows in tables', async () => {
  assert.equal((await send('victim,k=a v=1i 1\nother v=1i 1')).status, 204);
  assert.deepEqual([listed()['victim']!['rows'], listed()['victim']!['unflushed']], [0, 1]);
  assert.equal(run('flush').code, 0);
  assert.deepEqual([listed()['victim']!['rows'], listed()['victim']!['unflushed']], [1, 0]);
});

test('rows that another writer deletes are gone from what is shown at once', async () => {
  assert.equal((await send('deleted v=1i 1')).status, 204);
  assert.equal(run('flush').code, 0);
  assert.deepEqual(values('deleted'), [1]);
  const [name] = readdirSync(join(dataDir, 'tables/db/deleted')).filter((each) => each.endsWith('.parquet'));
  commit('deleted', { remove: { path: name, dataChange: true, deletionTimestamp: 1 } }, { commitInfo: { operation: 'DELETE' } });
  rmSync(join(dataDir, 'tables/db/deleted', name!));
  assert.deepEqual(values('deleted'), []);
  assert.equal(listed()['deleted']!['rows'], 0);
});

let raised: string;

test('a table that needs a newer writer is set aside at its next flush: said everywhere, and its new lines rejected and kept', async () => {
  raised = commit('victim', { protocol: { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['rowTracking'] } });
  assert.equal((await send('victim,k=b v=2i 2\nother v=2i 2')).status, 204);
  const flushed = run('flush');
  assert.equal(flushed.code, 1);
  assert.match(flushed.stderr, /victim of database db are in files: .*it needs a writer of version 7/);
  assert.match(flushed.stdout, /^all rows of 2 tables are in files$/m);
  const said = /table db\/victim is set aside, its new lines are rejected and 1 acknowledged rows wait in the log: .*it needs a writer of version 7 with rowTracking, sluice is one of version 2/;
  assert.match(await health(), said);
  const tables = run('tables');
  assert.match(tables.stderr, said);
  assert.match(tables.stdout, /victim +2 +1 +1 +1 +table db\/victim is set aside/);

  const refused = await post(server.url, writePath('/write', 'db', 'ns'), Buffer.from('victim v=3i 3\nother v=3i 3'));
  assert.equal(refused.status, 400);
  assert.match(refused.body, /the table is set aside, for it cannot be written to its files: \/health says why/);
  // Also a series that is cached, and one that is not.
  assert.equal((await send('victim,k=b v=4i 4\nvictim,k=new v=4i 4\nother v=4i 4')).status, 400);
  assert.deepEqual(values('other'), [1, 2, 3, 4]);
  const kept = await until('rejected lines are kept', () => run('rejected', '--format', 'jsonl', '--code', 'table-set-aside').stdout, (text) => text.split('\n').length > 3);
  assert.equal(kept.trim().split('\n').length, 3);
});

test('after its time what was acknowledged is in quarantine, and still shown; log and memory are free', async () => {
  await until('the rows are in quarantine', health, (text) => /1 rows of table db\/victim are in quarantine\/tables\/db\/victim/.test(text));
  const row = await until('no row waits', () => listed()['victim']!, ({ unflushed }) => unflushed === 0);
  assert.equal(row['rows'], 1);
  assert.equal(run('flush').code, 0);
  assert.deepEqual(values('victim'), [1, 2]);
  const metrics = await (await fetch(`${server.url}/metrics`, { headers: { connection: 'close' } })).text();
  assert.match(metrics, /^sluice_unflushed_rows 0$/m);
  assert.match(metrics, /^sluice_tables_set_aside 1$/m);
  assert.match(metrics, /^sluice_quarantined_rows_total 1$/m);
});

test('a restart knows all of it', async () => {
  await server.kill();
  server = await TestServer.start(dataDir, ['--without-auth', '--set-aside-age', '2s']);
  assert.match(await health(), /1 rows of table db\/victim are in quarantine/);
  assert.deepEqual(values('victim'), [1, 2]);
  assert.deepEqual(values('other'), [1, 2, 3, 4]);
  assert.match(await health(), /table db\/victim is set aside, its new lines are rejected and 0 acknowledged rows wait in the log/);
  assert.equal((await send('victim,k=c v=5i 5')).status, 400);
  assert.equal((await send('victim,k=c v=6i 6\nother v=5i 5')).status, 400);
});

test('once it is mended it takes lines again, and what was kept is written again', async () => {
  rmSync(raised);
  await until('lines are taken', () => send('victim,k=c v=7i 7'), ({ status }) => status === 204);
  const imported = run('import', '--quarantine');
  assert.equal(imported.code, 0, imported.stderr);
  assert.match(imported.stdout, /^(1 row is|2 rows are) stored, 0 were rejected; of (1 lot|2 lots) 0 stay in quarantine$/m);
  assert.match(run('import', '--rejected').stdout, /^(1 line is|\d+ lines are) stored, 0 were rejected again/);
  assert.deepEqual(values('victim').filter((v) => v !== 7), [1, 2, 3, 4, 4, 5, 6]);
  assert.ok(values('victim').includes(7));
  assert.ok(!/victim/.test(await health()));
  assert.deepEqual(readdirSync(join(dataDir, 'quarantine/tables/db/victim')), []);
  assert.equal(await server.stop(), 0);
});

test('damage to a commit deletes no file and no row, and the other tables go on', async () => {
  server = await TestServer.start(dataDir, ['--without-auth', '--set-aside-age', '2s']);
  assert.equal((await send('damaged v=1i 1')).status, 204);
  assert.equal(run('flush').code, 0);
  assert.equal((await send('damaged v=2i 2')).status, 204);
  assert.equal(run('flush').code, 0);
  assert.equal((await send('damaged v=3i 3')).status, 204);
  assert.equal(await server.stop('SIGKILL'), null);
  const files = (): string[] => readdirSync(join(dataDir, 'tables/db/damaged')).filter((name) => name.endsWith('.parquet'));
  const before = files();
  assert.equal(before.length, 2);
  const newest = join(logOf('damaged'), '00000000000000000001.json');
  const whole = readFileSync(newest);
  const flipped = Buffer.from(whole);
  const at = flipped.indexOf('.parquet') - 1;
  flipped[at]! ^= 1; // another slot
  for (const bytes of [Buffer.alloc(0), flipped]) {
    writeFileSync(newest, bytes);
    server = await TestServer.start(dataDir, ['--without-auth', '--set-aside-age', '1h']);
    assert.match(await until('health tells it', health, (text) => /damaged/.test(text)), /table db\/damaged is set aside.*commit 1 cannot be read/);
    assert.deepEqual(files(), before);
    assert.equal((await send('other v=9i 9')).status, 204);
    assert.equal((await send('damaged v=4i 4')).status, 400);
    assert.ok(values('other').includes(9));
    assert.equal(await server.stop('SIGKILL'), null);
  }
  writeFileSync(newest, whole);
  server = await TestServer.start(dataDir);
  assert.deepEqual(values('damaged'), [1, 2, 3]);
  assert.ok(!/damaged/.test(await health()));
  assert.equal(await server.stop(), 0);
});

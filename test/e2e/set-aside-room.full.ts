/** A table that cannot be flushed takes no room from the others: little memory, ten thousand writes beside it, all stored. */
import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { write, type Shape } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

const SHAPE: Shape = { endpoint: '/api/v3/write_lp', gzip: true, chunked: false };
const VICTIM_ROWS = 200_000;
const VICTIM_LINES = 5000;
const OTHER_WRITES = 10_000;
const OTHER_LINES = 40;
const AT_ONCE = 16;
const WAIT_MS_MAX = 60_000;
const LOOK_MS = 100;

const metric = (text: string, name: string): number => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
const metricsOf = async (server: TestServer): Promise<string> => (await fetch(`${server.url}/metrics`, { headers: { connection: 'close' } })).text();

async function until(what: string, isIt: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + WAIT_MS_MAX; !(await isIt()); await new Promise((resolve) => setTimeout(resolve, LOOK_MS))) {
    if (performance.now() > end) assert.fail(`${what}: not after ${WAIT_MS_MAX} ms`);
  }
}

test('10,000 writes beside a table that cannot be flushed, in 64 MiB', { timeout: 600_000 }, async () => {
  const dataDir = makeDataDir();
  const count = (table: string): number => {
    const { code, stderr, stdout } = sluice(['query', '--data-dir', dataDir, '--database', 'db', '--format', 'csv', `SELECT count(*) FROM ${table}`]);
    assert.equal(code, 0, stderr);
    return Number(stdout.split(/\r?\n/)[1]);
  };
  try {
    const server = await TestServer.start(dataDir, ['--without-auth', '--max-memory', '64MiB', '--set-aside-age', '2s', '--log-bytes-max', '64MiB', '--log-segment-bytes', '8MiB']);
    const send = async (lines: string): Promise<number> => (await write(server.url, 'db', Buffer.from(lines), SHAPE, 'ns')).status;
    assert.equal(await send('victim,k=first v=0i,text="x" 1'), 204);
    assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
    const log = join(dataDir, 'tables/db/victim/_delta_log');
    const raised = join(log, `${String(readdirSync(log).length).padStart(20, '0')}.json`);
    writeFileSync(raised, `${JSON.stringify({ protocol: { minReaderVersion: 1, minWriterVersion: 7 } })}\n`);
    let victims = 1;
    for (let row = 1; row <= VICTIM_ROWS; row += VICTIM_LINES) {
      const lines = Array.from({ length: VICTIM_LINES }, (_, at) => `victim,k=k${at % 50} v=${row + at}i,text="${'y'.repeat(60)}${row + at}" ${row + at + 1}`);
      const status = await send(lines.join('\n'));
      // Once memory runs short the table is flushed, found unwritable, and refused.
      assert.ok(status === 204 || status === 400 || status === 503, `${status}`);
      if (status === 204) victims += VICTIM_LINES;
      if (status === 400) break;
    }
    assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 1);
    assert.equal(await send('victim v=1i 1'), 400);

    const statuses = new Map<number, number>();
    let next = 0;
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let at = next++; at < OTHER_WRITES; at = next++) {
        const lines = Array.from({ length: OTHER_LINES }, (_, line) => `other,host=h${line} load=${at}.5,n=${at}i ${at * OTHER_LINES + line}`);
        const status = await send(lines.join('\n'));
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    }));
    assert.deepEqual([...statuses], [[204, OTHER_WRITES]]);
    await until('the rows are in quarantine', async () => metric(await metricsOf(server), 'sluice_quarantined_rows_total') === victims - 1);
    assert.match(await (await fetch(`${server.url}/health`, { headers: { connection: 'close' } })).text(), new RegExp(`${victims - 1} rows of table db/victim are in quarantine`));
    assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0, 'nothing waits');
    await until('log and memory are free', async () => {
      const metrics = await metricsOf(server);
      return metric(metrics, 'sluice_unflushed_rows') === 0 && metric(metrics, 'sluice_log_segments') <= 2 && metric(metrics, 'sluice_unflushed_bytes') < 16 * 1024 * 1024;
    });
    assert.equal(count('other'), OTHER_WRITES * OTHER_LINES);

    rmSync(raised);
    await until('the table is tried again', async () => (await send('victim,k=first v=0i 1')) === 204);
    const imported = sluice(['import', '--quarantine', '--data-dir', dataDir]);
    assert.equal(imported.code, 0, imported.stderr);
    assert.match(imported.stdout, new RegExp(`^${victims - 1} rows are stored, 0 were rejected`));
    assert.equal(count('victim'), victims);
    assert.ok(!/victim/.test(await (await fetch(`${server.url}/health`, { headers: { connection: 'close' } })).text()));
    assert.equal(await server.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

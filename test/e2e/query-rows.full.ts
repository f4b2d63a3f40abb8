/** Which rows a query sees, while they are written and go into files: all that were acknowledged before, none twice. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeDataDir, PROGRAM, removeDataDir, sluice, TestServer } from './server.js';

const WAIT_MS_MAX = 30_000;

let dataDir: string;
let server: TestServer;

before(async () => {
  dataDir = makeDataDir();
  server = await TestServer.start(dataDir, ['--without-auth', '--workers', '2']);
});
after(async () => {
  await server.stop();
  removeDataDir(dataDir);
});

async function send(lines: string, path = '/api/v3/write_lp?db=db&precision=ns'): Promise<void> {
  const { status } = await fetch(`${server.url}${path}`, { method: 'POST', body: lines });
  assert.equal(status, 204);
}

async function rowsOf<T>(sql: string): Promise<T[]> {
  const answer = await fetch(`${server.url}/api/v3/query_sql?${new URLSearchParams({ db: 'db', q: sql })}`);
  const text = await answer.text().catch((error: Error) => {
    throw new Error(`${sql}: ${error.message}; the server said ${server.said}`, { cause: error });
  });
  assert.equal(answer.status, 200, text);
  return JSON.parse(text) as T[];
}

function parquetFiles(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.parquet')) : [];
}
const filesOf = (table: string): string[] => parquetFiles(join(dataDir, 'tables/db', table));

test('[issue 14 5] a hundred queries make no file in a table', async () => {
  for (let n = 1; n <= 100; n += 1) {
    await send(`hundred,host=h${n % 7} v=${n}i ${n}`);
    assert.deepEqual(await rowsOf('SELECT count(*) AS n, sum(v)::INTEGER AS s, count(DISTINCT host) AS h FROM hundred'), [{ n, s: (n * (n + 1)) / 2, h: Math.min(n, 7) }]);
  }
  assert.deepEqual(filesOf('hundred'), []);
  // What was written for them goes a second after the last.
  for (const end = performance.now() + WAIT_MS_MAX; parquetFiles(join(dataDir, 'tmp')).length > 0; await new Promise((resolve) => setTimeout(resolve, 20))) {
    assert.ok(performance.now() < end, `left: ${parquetFiles(join(dataDir, 'tmp')).join()}`);
  }
});

test('[issue 14 5] what was written without waiting for its sync is seen, too', async () => {
  for (let n = 1; n <= 5; n += 1) {
    await send(`nosync v=${n}i ${n}`, '/api/v3/write_lp?db=db&precision=ns&no_sync=true');
    assert.deepEqual(await rowsOf('SELECT count(*) AS n FROM nosync'), [{ n }]);
  }
});

test('[issue 14 5] a point is one row, whether its parts are in a file, in an earlier draft or in memory', async () => {
  await send('parts,host=a x=1i,y=1i 1');
  assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
  await send('parts,host=a y=2i,z=2i 1');
  assert.deepEqual(await rowsOf('SELECT x, y, z FROM parts'), [{ x: 1, y: 2, z: 2 }]);
  await send('parts,host=a z=3i 1\nparts,host=b z=4i 1');
  assert.deepEqual(await rowsOf('SELECT host, x, y, z FROM parts ORDER BY host'), [{ host: 'a', x: 1, y: 2, z: 3 }, { host: 'b', x: null, y: null, z: 4 }]);
  assert.equal(filesOf('parts').length, 1);
});

test('[issue 14 5] while writes, flushes and other queries go on, a query sees what was acknowledged before it and nothing twice', async () => {
  let acknowledged = 0;
  let isOver = false;
  const writing = (async () => {
    for (let n = 0; !isOver; n += 10) {
      // Neighbours in time in other files, and none that is equal to another: what is counted are rows as they were written.
      await send(Array.from({ length: 10 }, (_, at) => `going,host=h${at % 3} v=${n + at}i ${1000 + n + at}`).join('\n'));
      acknowledged = n + 10;
    }
  })();
  const flushing = (async () => {
    while (!isOver) {
      const answer = await control('flush');
      assert.equal(answer, 0);
    }
  })();
  while (acknowledged === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const asking = async (): Promise<void> => {
    for (let n = 0; n < 25; n += 1) {
      const least = acknowledged;
      const [row] = await rowsOf<{ n: number; d: number; least: number; most: number }>('SELECT count(*) AS n, count(DISTINCT v) AS d, min(v) AS least, max(v) AS most FROM going');
      assert.ok(row!.n >= least, `${row!.n} rows, ${least} were acknowledged before`);
      assert.deepEqual(row, { n: row!.n, d: row!.n, least: 0, most: row!.n - 1 }, 'each row once, and none between is missing');
    }
  };
  await Promise.all([asking(), asking()]).finally(() => (isOver = true));
  await Promise.all([writing, flushing]);
  assert.ok(filesOf('going').length > 0, 'flushes went on');
});

/** A command of the program, without holding up this process. */
async function control(command: string): Promise<number | null> {
  const child = spawn(process.execPath, [PROGRAM, command, '--data-dir', dataDir], { stdio: 'ignore' });
  return new Promise((resolve) => child.on('close', resolve));
}

test('[issue 14 5] what a killed server left is removed at the next start, and its rows are read', async () => {
  await send('leftover v=1i 1');
  assert.deepEqual(await rowsOf('SELECT v FROM leftover'), [{ v: 1 }]);
  await server.kill();
  server = await TestServer.start(dataDir);
  assert.deepEqual(parquetFiles(join(dataDir, 'tmp')), []);
  assert.deepEqual(await rowsOf('SELECT v FROM leftover'), [{ v: 1 }]);
  const { code, stdout } = sluice(['query', '--data-dir', dataDir, '--database', 'db', '--format', 'csv', 'SELECT v FROM leftover']);
  assert.deepEqual([code, stdout], [0, 'v\n1\n']);
});

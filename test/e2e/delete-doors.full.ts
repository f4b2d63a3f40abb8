/** Deletes by the whole program: each door, who may, and what a kill -9 right behind the answer leaves of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

test('[issue 14 4] rows leave every answer at once by each door, stay away after kill -9, and leave the files with sluice compact', async () => {
  const dataDir = makeDataDir();
  const run = (...args: readonly string[]) => sluice([...args, '--data-dir', dataDir]);
  try {
    let server = await TestServer.start(dataDir, ['--without-auth', '--workers', '1']);
    const send = async (path: string, body: string, status: number): Promise<string> => {
      const answer = await post(server.url, path, Buffer.from(body));
      assert.equal(answer.status, status, answer.body);
      return answer.body;
    };
    const shown = async (table: string): Promise<string> => (await (await fetch(`${server.url}/api/v3/query_sql?db=db&format=csv&q=${encodeURIComponent(`SELECT v FROM ${table} ORDER BY v`)}`)).text()).split('\n').slice(1).join(' ').trim();
    const start = 1_600_000_000;
    const lines = [1, 2, 3, 4, 5, 6].map((v) => `m,host=${'abc'[v % 3]} v=${v},w=1 ${start + v}`);
    await send('/api/v3/write_lp?db=db&precision=s', [...lines, `n v=1 ${start}`].join('\n'), 204);

    const at = (seconds: number): string => new Date((start + seconds) * 1000).toISOString();
    await send('/api/v2/delete?bucket=db&org=o', JSON.stringify({ start: at(0), stop: at(3), predicate: '_measurement="m" AND host="a"' }), 204);
    assert.equal(await shown('m'), '1 2 4 5 6', 'the time 3 is allowed');
    assert.match(await send('/query?db=db', 'q=DELETE+FROM+m+WHERE+time+%3E+1600000005s', 200), /^\{"results":\[\{"statement_id":0\}\]\}/);
    assert.equal(await shown('m'), '1 2 4 5');
    await send('/query?db=db', `q=${encodeURIComponent('DROP SERIES FROM /^m/ WHERE host = \'c\'')}`, 200);
    assert.equal(await shown('m'), '1 4');
    // Written again: a field of before does not come back with it.
    await send('/api/v3/write_lp?db=db&precision=s', `m,host=c v=20 ${start + 2}`, 204);
    await server.kill();

    server = await TestServer.start(dataDir, ['--without-auth', '--workers', '1']);
    assert.equal(run('flush').code, 0);
    assert.equal(await shown('m'), '1 4 20');
    assert.match(run('delete', 'db', '--measurement', 'm', '--to', '2020-09-13T12:26:41Z').stdout, /^rows of database db that were written until now are deleted: measurement m up to 2020-09-13T12:26:41Z, in 1 table; /);
    assert.equal(await shown('m'), '4 20');
    for (const [path, body, words] of [
      ['/api/v2/delete?bucket=db', { start: at(0), stop: at(1), predicate: 'host!="a"' }, /host != *: a tag/], ['/api/v2/delete?bucket=db', { start: at(0), stop: at(1), predicate: '_measurement="m" AND v="1"' }, /v\\" is a field/],
      ['/api/v2/delete?bucket=db', { start: at(1), stop: at(0) }, /later/], ['/api/v2/delete?bucket=db', { start: 'soon', stop: at(0) }, /no time/], ['/api/v2/delete', { start: at(0), stop: at(1) }, /bucket=NAME/],
    ] as const) assert.match(await send(path, JSON.stringify(body), 400), words);
    await send('/api/v2/delete?bucket=none', JSON.stringify({ start: at(0), stop: at(1) }), 404);
    assert.match(await send('/query?db=db', 'q=DROP+SERIES+FROM+m+WHERE+time+%3E+5', 200), /doesn't support time/);
    const unbounded = run('delete', 'db');
    assert.deepEqual([unbounded.code, /say --all/.test(unbounded.stderr)], [2, true]);

    const metric = async (name: string): Promise<number> => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await (await fetch(`${server.url}/metrics`)).text())?.[1]);
    assert.ok((await metric('sluice_deletes_pending')) > 0);
    assert.equal(run('compact').code, 0);
    assert.deepEqual([await metric('sluice_deletes_pending'), await metric('sluice_deleted_rows_total')], [0, 5]);
    assert.equal(await shown('m'), '4 20');
    const { stdout } = run('query', '--database', 'db', '--format', 'csv', 'SELECT host, v, w FROM m ORDER BY v');
    assert.equal(stdout, 'host,v,w\nb,4,1\nc,20,\n');
    assert.equal(await server.stop(), 0);
    assert.match(run('delete', 'db', '--all').stdout, /all measurements, in 2 tables/);
    assert.equal(run('query', '--database', 'db', '--format', 'csv', 'SELECT count(*) AS n FROM (SELECT v FROM m UNION ALL SELECT v FROM n)').stdout, 'n\n0\n');
  } finally {
    removeDataDir(dataDir);
  }
});

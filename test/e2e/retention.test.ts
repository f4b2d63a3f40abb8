/** Retention of a database, by the whole program: what is refused, what is shown, and what a restart changes of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

const HOUR_S = 3600;

test('[issue 14 4] rows past retention are refused and not shown; what was acknowledged comes back after kill -9 however old it is', async () => {
  const dataDir = makeDataDir();
  const run = (...args: readonly string[]): string => {
    const { code, stderr, stdout } = sluice([...args, '--data-dir', dataDir]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const shown = (database: string): string[] => run('query', '--database', database, '--format', 'csv', 'SELECT v FROM m ORDER BY v').trim().split('\n').slice(1);
  try {
    let server = await TestServer.start(dataDir, ['--without-auth', '--workers', '1']);
    const nowS = Math.floor(Date.now() / 1000);
    const send = (database: string, ...lines: readonly string[]) => post(server.url, `/api/v3/write_lp?db=${database}&precision=s`, Buffer.from(lines.join('\n')));
    const old = `m v=1 ${nowS - 2 * HOUR_S}`;
    assert.equal((await send('kept', old, `m v=2 ${nowS - 10}`)).status, 204);
    assert.equal((await send('other', old)).status, 204);
    assert.equal(run('database', 'update', 'kept', '--retention', '1h'), 'database kept has tags grow, types strict, retention 1h from now on\n');
    const refused = await send('kept', `m v=3 ${nowS - 2 * HOUR_S}`, `m v=4 ${nowS - 5}`, 'm v=5', `n v=6 ${nowS - 2 * HOUR_S}`);
    assert.equal(refused.status, 400);
    assert.deepEqual(JSON.parse(refused.body).data.map(({ code, line }: { code: string; line: number }) => [line, code]), [[1, 'beyond-retention'], [4, 'beyond-retention']]);
    assert.equal((await send('other', old)).status, 204, 'another database has no period');
    assert.match(run('rejected', '--database', 'kept', '--format', 'jsonl'), /"code":"beyond-retention"/);
    await server.kill();

    server = await TestServer.start(dataDir, ['--without-auth', '--workers', '1']);
    assert.match(run('database', 'list', '--format', 'csv'), /^database,tables,tags,types,retention\nkept,1,grow,strict,1h\nother,1,grow,strict,none\n$/);
    assert.deepEqual([shown('kept'), shown('other')], [['2', '4', '5'], ['1']]);
    run('database', 'update', 'kept', '--retention', 'none');
    assert.deepEqual(shown('kept'), ['1', '2', '4', '5'], 'nothing was lost by the restart');
    assert.equal((await send('kept', `m v=3 ${nowS - 2 * HOUR_S}`)).status, 204);
    assert.equal(await server.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

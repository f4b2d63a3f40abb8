/** Databases with spaces, dots and letters of every script: taken by `--database-names any` at every door, and refused without it. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseBody } from '../oracle/line-protocol.js';
import { Model } from '../oracle/model.js';
import { ENDPOINTS, write } from './client.js';
import { compareDatabase } from './compare.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

/** With their folders. */
const FOLDERS = new Map([
  ['Home Assistant', 'Home~20Assistant'], ['my.db', 'my~2Edb'], ['Stromzähler', 'Stromz~C3~A4hler'], ['_private', '~5Fprivate'], ['..', '~2E~2E'],
  [`it's "so"`, 'it~27s~20~22so~22'],
]);
const NAMES = [...FOLDERS.keys()];

function modelOf(...lines: readonly string[]): Model {
  const model = new Model();
  lines.forEach((line, i) => model.write(i + 1, parseBody(Buffer.from(line), { precision: 'ns', defaultTimeNs: 0n }).points));
  return model;
}

test('databases of any name are written, made, listed, read and dropped, over a kill', async () => {
  const dataDir = makeDataDir();
  const flags = ['--without-auth', '--database-names', 'any'];
  try {
    let server = await TestServer.start(dataDir, flags);
    const ask = async (method: string, path: string, body?: string): Promise<[number, string]> => {
      const answer = await fetch(`${server.url}${path}`, { method, ...(body === undefined ? {} : { body, headers: { 'Content-Type': 'application/json' } }) });
      return [answer.status, await answer.text()];
    };
    const statement = (q: string): Promise<[number, string]> => ask('POST', `/query?q=${encodeURIComponent(q)}`);
    const lines = ENDPOINTS.map((_, i) => `m,door=${i} v=1 ${i}`);
    for (const name of NAMES) {
      for (const [i, endpoint] of ENDPOINTS.entries()) {
        const answer = await write(server.url, name, Buffer.from(lines[i]!), { endpoint, gzip: false, chunked: false }, 'ns');
        assert.equal(answer.status, 204, `${name} ${answer.body}`);
      }
    }
    assert.equal((await ask('POST', '/write?db=my.db&rp=Two%20Weeks', lines[0]))[0], 204);
    assert.equal((await write(server.url, 'my.db', Buffer.from('bad'), { endpoint: '/write', gzip: false, chunked: false }, 'ns')).status, 400);
    assert.deepEqual(await statement('CREATE DATABASE "zwei Wörter"'), [200, '{"results":[{"statement_id":0}]}']);
    assert.equal((await ask('POST', '/api/v2/buckets', '{"name":"Ein Eimer","orgID":"1"}'))[0], 201);
    assert.equal((await ask('POST', '/api/v3/configure/database', '{"db":"v3 db"}'))[0], 200);
    assert.equal(sluice(['database', 'create', 'bei Hand', '--data-dir', dataDir]).code, 0);
    const made = [...NAMES, 'my.db/two weeks', 'zwei Wörter', 'Ein Eimer', 'v3 db', 'bei Hand'];
    const listed = JSON.parse((await statement('SHOW DATABASES'))[1]) as { results: { series: { values: string[][] }[] }[] };
    assert.deepEqual(listed.results[0]!.series[0]!.values.flat().filter((name) => made.includes(name)).toSorted(), made.toSorted());
    for (const name of ['a*', 'a\nb', ' a', 'a/b/c']) assert.equal((await ask('POST', `/write?db=${encodeURIComponent(name)}`, lines[0]))[0], 400, name);
    for (const folder of readdirSync(join(dataDir, 'rejects'))) assert.match(folder, /^[A-Za-z0-9_~-]+$/);

    await server.kill();
    server = await TestServer.start(dataDir, flags);
    assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
    for (const folder of readdirSync(join(dataDir, 'tables'))) assert.match(folder, /^[A-Za-z0-9~-][A-Za-z0-9_~-]*$/);
    for (const name of NAMES) await compareDatabase(dataDir, name, modelOf(...lines), ['hyparquet', 'query'], FOLDERS.get(name));
    await compareDatabase(dataDir, 'my.db/two weeks', modelOf(lines[0]!), ['hyparquet', 'query'], 'my~2Edb~2Ftwo~20weeks');
    assert.match(sluice(['query', '--database', 'Home Assistant', '--format', 'csv', 'SELECT count(*) AS n FROM m', '--data-dir', dataDir]).stdout, /^n\r?\n3\r?\n$/);
    assert.deepEqual(await statement('DROP DATABASE "Home Assistant"'), [200, '{"results":[{"statement_id":0}]}']);
    assert.equal(await server.stop(), 0);

    server = await TestServer.start(dataDir, ['--without-auth']);
    const [status, said] = await ask('POST', '/write?db=my.db', lines[0]);
    assert.deepEqual([status, /--database-names any takes more/.test(said)], [400, true], said);
    assert.equal(await server.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

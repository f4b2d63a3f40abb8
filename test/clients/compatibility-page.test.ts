/** What docs/compatibility.md and docs/migration.md print, as far as npm and curl alone can run it; compatibility-page.full.ts runs the rest. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { VERSION } from '../../src/version.js';
import { PROGRAM, TestServer } from '../e2e/server.js';
import { root } from '../root.js';
import { CLIMATE, climateQuery, CLIMATE_LINE, clientSnippets, fillPage, pageSnippets, pageText, runProgram } from './page.js';
import { Place } from './place.js';

const RUN_HERE = ['curl', 'node-influx', 'client-js', 'influxdb3-js'];
const RUN_IN_FULL = [
  'Telegraf, outputs.influxdb_v2', 'Telegraf, outputs.influxdb_v3', 'Telegraf, outputs.influxdb', 'Telegraf, outputs.http',
  'influxdb-python', 'client-python', 'client-go',
];
/** Snippets that no test runs, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  k6: 'a program of its own, in neither npm, Debian nor PyPI',
  Vector: 'a program of its own, in neither npm, Debian nor PyPI',
  'Fluent Bit': 'a program of its own, in neither npm, Debian nor PyPI',
};

/** Snippets of docs/migration.md that are commands of sluice. */
const migration = pageSnippets('migration.md').filter(({ language }) => language === 'sh').map(({ text }) => text);

test('every snippet is run by a test, or stands here with the reason why not', () => {
  const names = [...new Set(pageSnippets('compatibility.md').map(({ name }) => name))];
  assert.deepEqual(names.toSorted(), [...RUN_HERE, ...RUN_IN_FULL, ...Object.keys(NOT_RUN)].sort());
});

describe('docs/compatibility.md', () => {
  let place: Place;
  before(async () => (place = await Place.open('http')));
  after(() => place?.close());

  for (const [i, snippet] of clientSnippets('curl').entries()) {
    test(`curl command ${i + 1} writes its point`, async () => {
      const { stdout, stderr } = await runProgram('bash', ['-c', fillPage(snippet, place, `curl${i}`)], root);
      assert.match(stdout, /^HTTP\/1\.1 204 No Content\r\n/, stderr);
      assert.equal(place.query(`curl${i}`, climateQuery), CLIMATE);
    });
  }

  for (const name of RUN_HERE.filter((client) => client !== 'curl')) {
    for (const snippet of clientSnippets(name)) {
      test(`${name} writes its point`, async () => {
        const { code, stderr } = await runProgram(process.execPath, ['--input-type=commonjs', '--eval', fillPage(snippet, place, name)], root);
        assert.equal(code, 0, stderr);
        assert.equal(place.query(name, climateQuery), CLIMATE);
      });
    }
  }

  async function write(path: string, headers: Record<string, string> = {}, body = CLIMATE_LINE): Promise<Response> {
    return fetch(`${place.url}${path}`, { method: 'POST', headers: { authorization: `Token ${place.token}`, ...headers }, body });
  }

  test('every precision that it names is taken by all three endpoints, and no other', async () => {
    const [line] = /^`precision`, on all three: .*$/m.exec(pageText('compatibility.md'))!;
    const [list] = line.slice('`precision`'.length).split('. ');
    const words = [...list!.matchAll(/`([^`]+)`/g)].map(([, word]) => word!);
    assert.equal(words.length, 17);
    for (const path of ['/write?db=units', '/api/v2/write?bucket=units', '/api/v3/write_lp?db=units']) {
      for (const word of [...words, '']) {
        const { status } = await write(`${path}&precision=${encodeURIComponent(word)}`, {}, 'm v=1 1');
        assert.equal(status, 204, `${path} ${word}`);
      }
      for (const word of ['NS', 'min', 'sec', 'd']) assert.equal((await write(`${path}&precision=${word}`, {}, 'm v=1 1')).status, 400, word);
    }
  });

  test('parameters, encodings, paths and methods are taken and refused as its tables say', async () => {
    const cases: readonly (readonly [path: string, status: number, headers?: Record<string, string>, body?: string])[] = [
      ['/write/?db=table&u=any&consistency=all&unknown=1&unknown=2', 204],
      ['/write?db=table&db=table', 400],
      ['/write?db=table&no_sync=perhaps', 204],
      ['/api/v3/write_lp?db=table&no_sync=perhaps', 400],
      ['/api/v2/write?bucket=table/autogen&org=a&org=b&orgID=c', 204],
      ['/api/v2/write?bucket=table&accept_partial=0', 400],
      ['/api/v2/write?bucket=table', 400, { 'content-encoding': 'zstd' }],
      ['/api/v2/write?bucket=table', 204, { 'content-encoding': 'IDENTITY', 'content-type': 'application/pdf' }],
      ['/api/v3/write_lp?db=none', 204, {}, ''],
      ['/api/v3/write_lp?db=_table', 400],
      ['/api/v2/delete', 400],
      ['/api/v2/query', 404],
      ['/health', 405],
    ];
    for (const [path, status, headers, body] of cases) {
      const answer = await write(path, headers, body);
      assert.equal(answer.status, status, `${path} ${await answer.text()}`);
      assert.equal(answer.headers.get('x-influxdb-build'), `sluice ${VERSION}`);
      if (status >= 400) assert.equal(answer.headers.get('content-type'), 'application/json');
    }
    const put = await fetch(`${place.url}/api/v3/write_lp?db=table`, { method: 'PUT', headers: { authorization: `bearer ${place.token}` }, body: CLIMATE_LINE });
    assert.equal(put.status, 204);
    const databases = await (await fetch(`${place.url}/query?q=SHOW+DATABASES&p=${place.token}`)).text();
    assert.match(databases, /"table"/);
    assert.doesNotMatch(databases, /"none"|autogen/);
  });

  test('tokens are taken where its table says, and refused in the shape of the endpoint', async () => {
    const { token } = place;
    const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
    const endpoints = ['/write?db=who', '/write/?db=who', '/api/v2/write?bucket=who', '/api/v3/write_lp?db=who'];
    for (const path of endpoints) {
      for (const authorization of [`Bearer ${token}`, `Token ${token}`, `Token user:${token}`, `TOKEN ${token}`, basic(`any:${token}`), basic(`:${token}`)]) {
        assert.equal((await write(path, { authorization })).status, 204, `${path} ${authorization}`);
      }
      const takesP = path.startsWith('/write');
      assert.equal((await write(`${path}&u=any&p=${token}`, { authorization: '' })).status, takesP ? 204 : 401, path);
      assert.equal((await write(`${path}&p=wrong`)).status, takesP ? 401 : 204, path);
      assert.equal((await write(`${path}&p=`)).status, 204, path);
      assert.equal((await write(path, { authorization: 'Digest x' })).status, 400);
      const refused = await write(path, { authorization: 'Bearer wrong' });
      assert.equal(refused.status, 401);
      assert.match(refused.headers.get('www-authenticate')!, /^Basic /);
      const said = await refused.json() as Record<string, string>;
      if (path.startsWith('/api/v2/')) assert.deepEqual([said['code'], Object.keys(said)], ['unauthorized', ['code', 'message']]);
      else assert.match(said['error']!, /^authorization failed: /);
    }
    for (const open of ['/ping', '/health', '/api/v1/health', '/ready', '/metrics']) assert.ok((await fetch(place.url + open)).ok, open);
  });

  test('rejected lines are said in the words of its table', async () => {
    const body = 'm v=1 1\nm v="two" 2\nm v= 3\n';
    const words = { '/write?db=words': 'error', '/api/v2/write?bucket=words': 'message', '/api/v3/write_lp?db=words': 'error' } as const;
    const partly = [/^partial write: field type conflict: .* dropped=2$/, /^2 lines were rejected, 1 was stored/, /^partial write of line protocol occurred$/];
    const whole = [/^field type conflict: .*; nothing was stored$/, /^2 lines were rejected, nothing was stored/, /^line protocol parsing error$/];
    for (const [i, [path, key]] of Object.entries(words).entries()) {
      for (const [parameter, expected] of [['', partly], ['&accept_partial=false', whole]] as const) {
        const answer = await write(path + parameter, {}, body);
        assert.equal(answer.status, 400);
        const said = await answer.json() as { readonly [key: string]: unknown; readonly data: readonly object[] };
        assert.match(String(said[key]), expected[i]!);
        assert.deepEqual([said['total'], said.data.length], [2, 2]);
        assert.deepEqual(Object.keys(said.data[0]!), ['error_message', 'line_number', 'original_line', 'line', 'column', 'code', 'measurement', 'key', 'value']);
      }
    }
  });
});

test('the commands of docs/migration.md work in their order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sl-'));
  const definition = '# DDL\nCREATE DATABASE metrics WITH NAME autogen\n# DML\n# CONTEXT-DATABASE:metrics\n# CONTEXT-RETENTION-POLICY:autogen\n';
  writeFileSync(join(folder, 'export.lp.gz'), gzipSync(`# INFLUXDB EXPORT: 1677-09-21T00:12:43Z - 2262-04-11T23:47:16Z\n${definition}${CLIMATE_LINE}`));
  // As `influxd inspect export-lp` has it: a field a line, without a head.
  writeFileSync(join(folder, 'bucket.lp.gz'), gzipSync('climate,room=bath temperature=23.5 5\nclimate,room=bath humidity=60i 5\n'));
  const server = await TestServer.start(join(folder, 'data'));
  try {
    const commands = migration.flatMap((text) => text.split('\n'));
    assert.equal(commands.length, 7);
    for (const command of commands) {
      const { code, stdout, stderr } = await runProgram('bash', ['-c', command.replace('node bin/sluice.cjs', `"${process.execPath}" "${PROGRAM}"`)], folder);
      assert.equal(code, 0, `${command}\n${stdout}${stderr}`);
      if (command.includes(' import ')) assert.match(stdout, / [12] lines? imported, 0 rejected/);
      if (command.includes('count(*)')) assert.match(stdout, /\b2\b/);
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** What the server's log says of what is done to it, and what it does not say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

interface Event {
  readonly level: string;
  readonly msg: string;
}

const eventsOf = ({ said }: TestServer): Event[] => said.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Event);

async function until(server: TestServer, sentence: RegExp): Promise<void> {
  for (const end = performance.now() + 120_000; !sentence.test(server.said); await new Promise((resolve) => setTimeout(resolve, 20))) {
    assert.ok(performance.now() < end, `${String(sentence)} was not said: ${server.said}`);
  }
}

test('databases, tables and tokens that are made or dropped are said, and a last line at the stop', async () => {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, ['--workers', '1', '--log-level', 'debug']);
    const headers = { Authorization: `Bearer ${server.token}` };
    assert.equal((await post(server.url, '/write?db=db', Buffer.from('a v=1i 1\nb v=1i 1'), { headers })).status, 204);
    for (const args of [
      ['token', 'create', '--name', 'agent', '--database', 'db', '--permission', 'write'], ['token', 'rotate', 'agent'], ['token', 'delete', 'agent'],
      ['flush'], ['database', 'create', 'other'], ['database', 'delete', 'other'],
    ]) assert.equal(sluice([...args, '--data-dir', dataDir]).code, 0);
    await post(server.url, '/query?db=db&q=DROP+MEASUREMENT+a', Buffer.from(''), { headers });
    server.child.kill('SIGHUP');
    await until(server, /SIGHUP: tokens read again/);
    assert.equal(await server.stop(), 0);
    const said = eventsOf(server);
    const info = said.filter(({ level }) => level === 'info').map(({ msg }) => msg);
    assert.equal(info.filter((msg) => msg.startsWith('uWebSockets.js ')).length, 1, 'which build serves');
    assert.deepEqual(info.filter((msg) => !msg.startsWith('uWebSockets.js ')), [
      'token "_admin" is made, which may do everything',
      'database "db" is made',
      '2 tables are made: "a" of database "db", "b" of database "db"',
      'token "agent" is made', 'token "agent" is rotated: its old text is known no more', 'token "agent" is removed',
      'database "other" is made', 'database "other" is dropped, with all its tables',
      'table "a" of database "db" is dropped',
      'SIGHUP: tokens read again',
      'SIGTERM: stopping',
      'stopped: all rows are in files',
    ], 'certificates are not named where there are none');
    const debug = said.filter(({ level }) => level === 'debug').map(({ msg }) => msg.replace(/\d+ (bytes|ms)/g, 'n $1')).toSorted();
    assert.deepEqual(debug, ['POST /query: 200, n bytes, n ms', 'POST /write: 204, n bytes, n ms', 'table db/a: 1 rows are in 1 files of n bytes, n ms', 'table db/b: 1 rows are in 1 files of n bytes, n ms']);
    assert.doesNotMatch(server.said, new RegExp(headers.Authorization.slice(7)), 'no token is ever said');
  } finally {
    removeDataDir(dataDir);
  }
});

test('--without-auth is warned of where others than this machine reach the address', async () => {
  for (const [host, isWarned] of [['127.0.0.1', false], ['0.0.0.0', true]] as const) {
    const dataDir = makeDataDir();
    try {
      const server = await TestServer.start(dataDir, ['--without-auth', '--workers', '1', '--http-bind', `${host}:0`]);
      assert.equal(await server.stop(), 0);
      assert.equal(/--without-auth on 0\.0\.0\.0: whoever reaches this address/.test(server.said), isWarned, server.said);
    } finally {
      removeDataDir(dataDir);
    }
  }
});

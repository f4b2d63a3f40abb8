/** The schema rules of databases, set by flag, command line and HTTP: what writes come to, over kill -9 and changes of the rules. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBody } from '../oracle/line-protocol.js';
import { Model } from '../oracle/model.js';
import { type DatabaseRules, SchemaOracle } from '../oracle/schema.js';
import { ENDPOINTS, write, type Endpoint } from './client.js';
import { compareDatabase } from './compare.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

/** A database and what it must hold, by the oracle. */
class Expected {
  readonly name: string;
  readonly model = new Model();
  rules: DatabaseRules;
  readonly #schema = new SchemaOracle();
  #writes = 0;

  constructor(name: string, rules: DatabaseRules) {
    this.name = name;
    this.rules = rules;
  }

  /** Writes lines about the table `m` of an endpoint, and holds the answer against the oracle; returns the rejected lines' words. */
  async write(server: TestServer, endpoint: Endpoint, ...lines: readonly string[]): Promise<string[]> {
    const body = Buffer.from(lines.map((line) => line.replace(/^m/, tableOf(endpoint))).join('\n'));
    const { points, errors } = this.#schema.write(parseBody(body, { precision: 'ns', defaultTimeNs: 0n, types: this.rules.types }), true, this.rules);
    this.model.write(++this.#writes, points);
    const answer = await write(server.url, this.name, body, { endpoint, gzip: false, chunked: false }, 'ns');
    assert.equal(answer.status, errors.length === 0 ? 204 : 400, answer.body);
    if (errors.length === 0) return [];
    const { data } = JSON.parse(answer.body) as { data: { line: number; code: string; error_message: string }[] };
    assert.deepEqual(data.map(({ line, code }) => ({ line, code })), errors);
    return data.map(({ error_message: words }) => words);
  }
}

/** Each endpoint makes tables of its own. */
function tableOf(endpoint: Endpoint): string {
  return `m${ENDPOINTS.indexOf(endpoint)}`;
}

async function configure(server: TestServer, method: 'POST' | 'PUT', order: Readonly<Record<string, string>>): Promise<number> {
  const answer = await fetch(`${server.url}/api/v3/configure/database`, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(order) });
  await answer.arrayBuffer();
  return answer.status;
}

function command(dataDir: string, ...args: readonly string[]): string {
  const { code, stdout, stderr } = sluice(['database', ...args, '--data-dir', dataDir]);
  assert.deepEqual([code, stderr], [0, ''], stdout);
  return stdout;
}

function listed(dataDir: string): string[] {
  return command(dataDir, 'list', '--format', 'csv').trim().split(/\r?\n/).slice(1);
}

const strict = { tags: 'grow', types: 'strict' } as const;
const conflict = (endpoint: Endpoint, has: string, came: string): string => (
  `field type conflict: column "f" of table "${tableOf(endpoint)}" has type ${has}, ${came} came`
);

const both = (endpoint: Endpoint): string => (
  `one name is both tag and field: column "host" of table "${tableOf(endpoint)}" has type tag, float came; with --types split it goes to a column of its own, where that is free`
);

/** What each rule makes of a table's first writes. */
async function firstWrites(server: TestServer, endpoint: Endpoint, { widen, split, fixed, plain }: Record<string, Expected>): Promise<void> {
  const values = ['m,host=b f=2i 2', 'm,host=c f=9007199254740993i 3', 'm,host=d f=4u 4', 'm,host=e f=t 5', 'm,host=f f="x" 6'];
  for (const database of [widen!, split!, fixed!, plain!]) assert.deepEqual(await database.write(server, endpoint, 'm,host=a f=1.5 1'), []);
  assert.deepEqual(await widen!.write(server, endpoint, 'm,host=b f=2i 2'), []);
  assert.deepEqual((await widen!.write(server, endpoint, ...values))[0], conflict(endpoint, 'float', 'integer'));
  assert.deepEqual(await split!.write(server, endpoint, ...values), []);
  assert.deepEqual(await split!.write(server, endpoint, 'm host=1 7', 'm,f=x host=t 8', 'm,host=a time=5i,host="y" 9'), []);
  assert.equal((await split!.write(server, endpoint, 'm,host=a host=1,host__field=1 7'))[0], both(endpoint));
  assert.equal((await plain!.write(server, endpoint, 'm,host=a f=1.5 1', 'm host=1 7'))[0], both(endpoint));
  assert.deepEqual(await plain!.write(server, endpoint, 'm,host=a,rack=r f=1.5 1'), []);
  assert.deepEqual(await plain!.write(server, endpoint, 'm,host=b f=2i 2'), [conflict(endpoint, 'float', 'integer')]);
  assert.deepEqual(await fixed!.write(server, endpoint, 'm,host=b g=2 2', 'm,host=c,rack=r f=3 3', 'm,host=d f=4 4'), [
    `the tags of a table are fixed after its first write, and this one is new: tag "rack" of table "${tableOf(endpoint)}"`,
  ]);
}

test('rules of databases: by flag, command line and HTTP, on every endpoint, over kill -9 and changes', async () => {
  const dataDir = makeDataDir();
  try {
    let server = await TestServer.start(dataDir, ['--without-auth', '--types', 'widen']);
    const databases = {
      widen: new Expected('flagged', { tags: 'grow', types: 'widen' }),
      split: new Expected('http', { tags: 'grow', types: 'split' }),
      fixed: new Expected('command', { tags: 'fixed', types: 'strict' }),
      plain: new Expected('plain', strict),
    };
    const { widen, split, fixed, plain } = databases;
    assert.equal(await configure(server, 'POST', { db: 'http', types: 'split' }), 200);
    assert.equal(await configure(server, 'POST', { db: 'http', types: 'widen' }), 409, 'one that is there stays as it is');
    assert.equal(command(dataDir, 'create', 'command', '--tags', 'fixed', '--types', 'strict'), 'database command is made\n');
    command(dataDir, 'create', 'plain', '--types', 'strict');
    for (const endpoint of ENDPOINTS) await firstWrites(server, endpoint, databases);
    const rules = ['http,3,grow,split,none', 'command,3,fixed,strict,none', 'plain,3,grow,strict,none', 'flagged,3,grow,widen,none'];
    assert.deepEqual(listed(dataDir), rules);

    await server.kill();
    server = await TestServer.start(dataDir);
    assert.deepEqual(listed(dataDir), rules, 'the flag is for new databases');
    // From here on the log holds frames of both rules, and the columns of the one as well.
    assert.equal(await configure(server, 'PUT', { db: 'http', types: 'widen' }), 200);
    assert.equal(await configure(server, 'PUT', { db: 'command', tags: 'grow' }), 200);
    assert.equal(await configure(server, 'PUT', { db: 'nil', tags: 'grow' }), 404);
    assert.equal(command(dataDir, 'update', 'flagged', '--types', 'split'), 'database flagged has tags grow, types split, retention none from now on\n');
    assert.equal(command(dataDir, 'update', 'plain', '--tags', 'fixed'), 'database plain has tags fixed, types strict, retention none from now on\n');
    widen.rules = { tags: 'grow', types: 'split' };
    split.rules = { tags: 'grow', types: 'widen' };
    fixed.rules = strict;
    plain.rules = { tags: 'fixed', types: 'strict' };
    for (const endpoint of ENDPOINTS) {
      assert.deepEqual(await widen.write(server, endpoint, 'm,host=b f=20i 2', 'm,host=g f=21i 7'), []);
      assert.deepEqual(await split.write(server, endpoint, 'm,host=b f=20i 2', 'm,host=g f=21i 7'), []);
      assert.deepEqual(await fixed.write(server, endpoint, 'm,host=c,rack=r f=3 3'), []);
      assert.equal((await plain.write(server, endpoint, 'm,zone=z f=3 3')).length, 1);
    }
    await server.kill();
    server = await TestServer.start(dataDir);
    assert.deepEqual(listed(dataDir), ['http,3,grow,widen,none', 'command,3,grow,strict,none', 'plain,3,fixed,strict,none', 'flagged,3,grow,split,none']);
    assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
    for (const { name, model } of Object.values(databases)) await compareDatabase(dataDir, name, model, ['hyparquet', 'query']);
    assert.doesNotMatch(server.said, /quarantine/);
    assert.equal(await server.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

/** What public bug reports brought, with the time unit of each: names that are tag and field, and a field called `time`. */
const REPORTED: readonly (readonly [precision: string, lines: string])[] = [
  ['ms', 'Page\\ Types,application=true,businesstransaction=true application="B2C",businesstransaction="Page Types",responsetime=0.80685E2 1467617779642'],
  ['ns', 'microburst,interface_name=Eth0/0,source=sw1,startTs=03-08-2023\\ 20:12:59Z duration=1200u,endDepth=0i,startTs="03-08-2023 20:12:59Z" 1764509400000000000\n'
    + 'dme,dn=eth1/1,path=sys/dme,source=sw1 dn="eth1/1",foo="bar" 1764509400000000000'],
  ['ns', 'dupnames,region=us-east,day=1 value=10,day=3i 123456'],
  ['ns', 'logs,service.name=a,telemetry.sdk.name=opentelemetry body="x" 1764509400000000000\nlogs,service.name=a telemetry.sdk.name="opentelemetry",body="y" 1764509400000000001'],
  ['ns', 'file,id=a,type=Feature mag=1.5,place="63 km N",time=1623708726566,updated=1623709998223 1764509400000000000'],
];

test('split: what public bug reports sent is stored whole, also from two clients at once and after kill -9', async () => {
  const dataDir = makeDataDir();
  try {
    let server = await TestServer.start(dataDir, ['--without-auth', '--types', 'split', '--workers', '2']);
    const rules = { tags: 'grow', types: 'split' } as const;
    const model = new Model();
    const schema = new SchemaOracle();
    let writes = 0;
    const send = async (precision: string, lines: string): Promise<void> => {
      const answer = await write(server.url, 'db', Buffer.from(lines), { endpoint: '/api/v2/write', gzip: false, chunked: false }, precision);
      assert.equal(answer.status, 204, answer.body);
    };
    const note = (precision: string, lines: string): void => {
      const { points, errors } = schema.write(parseBody(Buffer.from(lines), { precision: precision as 'ns', defaultTimeNs: 0n, types: 'split' }), true, rules);
      assert.deepEqual(errors, []);
      model.write(++writes, points);
    };
    for (const [precision, lines] of REPORTED) {
      await send(precision, lines);
      note(precision, lines);
    }
    // Which of two that come at once is first, the table says.
    const pairs = Array.from({ length: 8 }, (_, i) => [`at_once_${i},a=x f=1 1`, `at_once_${i} a=1i 2`] as const);
    await Promise.all(pairs.flat().map((line) => send('ns', line)));
    const tagged = await (await fetch(`${server.url}/query?db=db&q=SHOW+TAG+KEYS`)).text();
    for (const [i, pair] of pairs.entries()) {
      const isTagFirst = new RegExp(`"at_once_${i}","columns":\\["tagKey"\\],"values":\\[\\["a"\\]\\]`).test(tagged);
      for (const line of isTagFirst ? pair : pair.toReversed()) note('ns', line);
    }
    await server.kill();
    server = await TestServer.start(dataDir);
    assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
    await compareDatabase(dataDir, 'db', model, ['hyparquet', 'query']);
    assert.doesNotMatch(server.said, /quarantine/);
    assert.equal(await server.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

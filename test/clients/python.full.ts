/** Debian's python3-influxdb, a client of v1: Basic credentials, every precision, packed and plain, over http and https. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../root.js';
import { fill, HOME, homeQuery, portProblem, snippets } from './guide.js';
import { CA_FILE, Place, SCHEMES } from './place.js';
import { bool, f64, i64, MOMENT_MS, momentNs, stored, text, V1_UNITS } from './points.js';
import { pythonWithInfluxdb } from './python/program.js';

type Call = readonly [method: string, args: readonly unknown[], keywords?: Readonly<Record<string, unknown>>];

interface Outcome {
  readonly value?: unknown;
  readonly error?: string;
  readonly code?: number | null;
  readonly text?: string;
}

const WHEN = new Date(MOMENT_MS).toISOString();
const UNITS = Object.entries(V1_UNITS);
const PACKINGS = { plain: { gzip: false }, packed: { gzip: true } } as const;
const found = pythonWithInfluxdb();
const skip = 'missing' in found ? found.missing : false;

for (const scheme of SCHEMES) {
  describe(`influxdb-python over ${scheme}`, { skip }, () => {
    let place: Place;
    before(async () => {
      place = await Place.open(scheme);
    });
    after(() => place?.close());

    /** What becomes of calls of one client. */
    async function call(at: Place, options: Readonly<Record<string, unknown>>, ...calls: readonly Call[]): Promise<Outcome[]> {
      assert.ok('python' in found);
      const client = {
        host: at.host, port: at.port, ssl: scheme === 'https', verify_ssl: true, username: '', password: at.token, ...options,
      };
      const job = JSON.stringify({ client, calls: calls.map(([method, args, keywords = {}]) => [method, args, keywords]) });
      const ran = await found.python([join(root, 'test/clients/python/calls.py')], job, { REQUESTS_CA_BUNDLE: CA_FILE });
      assert.equal(ran.code, 0, ran.stderr);
      return ran.stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as Outcome);
    }

    /** The same, where all must succeed. */
    async function succeed(options: Readonly<Record<string, unknown>>, ...calls: readonly Call[]): Promise<unknown[]> {
      const outcomes = await call(place, options, ...calls);
      for (const outcome of outcomes) assert.ok(!('error' in outcome), outcome.text);
      return outcomes.map(({ value }) => value);
    }

    test('ping, and databases made, listed and dropped', async () => {
      for (const [packing, options] of Object.entries(PACKINGS)) {
        const name = `made_${packing}`;
        const [version, , databases, , , measurements, , left] = await succeed({ ...options, database: name },
          ['ping', []], ['create_database', [name]], ['get_list_database', []], ['create_database', [name]],
          ['write_points', [[{ measurement: 'm', fields: { v: 1 } }]]], ['get_list_measurements', []],
          ['drop_database', [name]], ['get_list_database', []]);
        assert.match(String(version), /\d+\.\d+/);
        assert.ok((databases as { name: string }[]).some((database) => database.name === name), JSON.stringify(databases));
        assert.deepEqual(measurements, [{ name: 'm' }]);
        assert.ok(!(left as { name: string }[]).some((database) => database.name === name), JSON.stringify(left));
      }
    });

    test('every precision, type and name is stored as given, packed and plain', async () => {
      for (const [packing, options] of Object.entries(PACKINGS)) {
        const many = Array.from({ length: 100 }, (_, i) => ({ measurement: `${packing}_many`, fields: { v: i }, time: i + 1 }));
        await succeed({ ...options, database: 'good' },
          ...UNITS.map(([precision]): Call => ['write_points', [
            [{ measurement: `${packing}_${precision}`, tags: { host: 'a' }, fields: { v: 1.5 }, time: WHEN }],
          ], { time_precision: precision, consistency: 'one' }]),
          ['write_points', [[{
            measurement: `${packing} types,names`, tags: { 'a tag=,': 'a value=,', ünï: '温度' }, time: WHEN,
            fields: { f: 1e-7, i: -42, b: true, s: 'say "hi" \\ back', 'a field=,': -0.5 },
          }]], { tags: { region: 'eu west' } }],
          ['write_points', [many], { time_precision: 'n', batch_size: 30 }],
          ['write_points', [[`${packing}_lines v=1i 1`, `${packing}_lines v=2i 2`]], { protocol: 'line', time_precision: 'n' }]);
      }
      await place.expectStored('good', Object.keys(PACKINGS).flatMap((packing) => [
        ...UNITS.map(([precision, unitNs]) => stored(`${packing}_${precision}`, { host: 'a' }, { v: f64(1.5) }, momentNs(unitNs))),
        stored(`${packing} types,names`, { 'a tag=,': 'a value=,', region: 'eu west', ünï: '温度' }, {
          f: f64(1e-7), i: i64(-42), b: bool(true), s: text('say "hi" \\ back'), 'a field=,': f64(-0.5),
        }, momentNs(1n)),
        ...Array.from({ length: 100 }, (_, i) => stored(`${packing}_many`, {}, { v: i64(i) }, BigInt(i + 1))),
        ...[1, 2].map((n) => stored(`${packing}_lines`, {}, { v: i64(n) }, BigInt(n))),
      ]));
    });

    test('a retention policy is part of the database', async () => {
      await succeed({ database: 'policies' }, ['write_points', [[{ measurement: 'm', fields: { v: 1 } }]], { retention_policy: 'Weekly' }]);
      assert.equal(place.query('policies/weekly', 'SELECT v FROM m'), '1');
    });

    test('of a batch with bad points the good ones are stored, and the error names the bad ones', async () => {
      for (const options of Object.values(PACKINGS)) {
        const point = (host: string, v: unknown, time: number) => ({ measurement: 'm', tags: { host }, fields: { v }, time });
        const points = [point('a', 1, 1), point('b', 'two', 2), point('c', 3.5, 3), point('d', 4, 4)];
        const [partly, refused] = await call(place, { ...options, database: 'partly' },
          ['write_points', [points], { time_precision: 'n' }], ['write_points', [points.slice(1, 3)], { time_precision: 'n' }]);
        assert.deepEqual([partly!.error, partly!.code], ['InfluxDBClientError', 400]);
        const body = JSON.parse(partly!.text!.replace(/^400: /, ''));
        assert.match(body.error, /^partial write: field type conflict: column "v" of table "m" has type integer, string came \(line 2, column \d+\) dropped=2$/);
        assert.deepEqual(body.data.map(({ line }: { line: number }) => line), [2, 3]);
        assert.deepEqual([refused!.error, refused!.code], ['InfluxDBClientError', 400]);
      }
      await place.expectStored('partly', [['a', 1], ['d', 4]].map(([host, v]) => stored('m', { host: String(host) }, { v: i64(Number(v)) }, BigInt(v!))));
    });

    test('each way to carry the token is taken, and a wrong one is refused', async () => {
      const write = (n: number): Call => ['write_points', [[`m v=${n}i ${n}`]], { protocol: 'line', time_precision: 'n' }];
      const header = (authorization: string) => ({ username: null, password: null, headers: { Authorization: authorization } });
      await succeed({ database: 'schemes', username: 'any' }, write(0));
      await succeed({ database: 'schemes', ...header(`Token ${place.token}`) }, write(1));
      await succeed({ database: 'schemes', ...header(`Bearer ${place.token}`) }, write(2));
      for (const options of [{ password: 'wrong' }, { username: null, password: null }]) {
        const [outcome] = await call(place, { database: 'schemes', ...options }, write(3));
        assert.deepEqual([outcome!.error, outcome!.code], ['InfluxDBClientError', 401]);
        assert.match(outcome!.text!, /authorization failed/);
      }
      await place.expectStored('schemes', [0, 1, 2].map((n) => stored('m', {}, { v: i64(n) }, BigInt(n))));
    });

    test('a bad name and a refusing server are told in the words of the server', async () => {
      const write: Call = ['write_points', [['m v=1i 1']], { protocol: 'line', time_precision: 'n' }];
      const [badName] = await call(place, { database: 'no spaces' }, write);
      assert.deepEqual([badName!.error, badName!.code], ['InfluxDBClientError', 400]);
      assert.match(badName!.text!, /the database name is not allowed/);
      const refusing = await Place.openRefusing(scheme);
      try {
        const [refused] = await call(refusing, { database: 'later' }, write);
        assert.equal(refused!.error, 'InfluxDBServerError');
        assert.match(refused!.text!, /the disk is nearly full/);
        await refusing.restart();
        assert.deepEqual(await call(refusing, { database: 'later' }, write), [{ value: true }]);
        await refusing.expectStored('later', [stored('m', {}, { v: i64(1) }, 1n)]);
      } finally {
        await refusing.close();
      }
    });
  });
}

test("the client of InfluxDB's write compatibility guide writes", { skip }, async (t) => {
  // The snippet leaves the port to the client's default.
  const problem = await portProblem(8086);
  if (problem !== null) return t.skip(problem);
  assert.ok('python' in found);
  const place = await Place.open('https', [], 8086);
  try {
    const [snippet] = snippets('py');
    const write = "client.write_points([{'measurement': 'home', 'tags': {'room': 'kitchen'}, 'fields': {'temp': 72.0}, 'time': 1641024000}], time_precision='s')";
    const program = `${fill(snippet!, { host: place.host, database: 'guide', token: place.token })}\n${write}\n`;
    const { code, stderr } = await found.python(['-'], program);
    assert.equal(code, 0, stderr);
    assert.equal(place.query('guide', homeQuery('guide')), HOME);
  } finally {
    await place.close();
  }
});

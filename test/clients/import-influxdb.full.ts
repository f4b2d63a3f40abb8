/** From InfluxDB to sluice: written there, exported by its own tool, imported, and compared with what was written. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { compareDatabase } from '../e2e/compare.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../e2e/server.js';
import { parseBody } from '../oracle/line-protocol.js';
import { Model } from '../oracle/model.js';
import { Influxd, influxPrograms } from './influxdb/program.js';

const HOUR = 3_600_000_000_000n;
const START = 1_700_000_000_000_000_000n;

/** Bodies in the order they are written, by InfluxDB's names and by ours. The second one of a place is not in data files yet. */
const WRITTEN: readonly { readonly database: string; readonly policy: string; readonly ours: string; readonly bodies: readonly string[] }[] = [
  {
    database: 'types', policy: 'autogen', ours: 'types',
    bodies: [
      [
        'm,case=float a=1,b=-0,c=1e300,d=5e-324,e=0.1,f=-1.7976931348623157e308,g=123456789012345680 1',
        'm,case=int i=9223372036854775807i,j=-9223372036854775808i,k=0i 2',
        'm,case=bool t=true,u=F 3',
        'm,case=string s="",q="a \\"b\\" \\\\ c",n="one\ntwo\n# CONTEXT-DATABASE:wrong\n# DDL\n",y="žluť 🌊 \u00a0",x="a,b=c d" 4',
        'm,case=early a=1 -9223372036854775800',
        'm,case=late a=2 9223372036854775800',
        `m,case=now a=3 ${START + 123_456_789n}`,
      ].join('\n'),
      'm,case=float a=2,e=0.2 1\nm,case=string s="again\nand \\"again\\"" 4\nm,case=new z=1i 5\n',
    ],
  },
  {
    database: 'names', policy: 'OneWeek', ours: 'names/oneweek',
    bodies: [
      [
        'a\\ b\\,c,t\\ a\\,g\\=1=v\\ a\\,l\\=1 f\\ i\\,e\\=1=1 1',
        'měření,štítek=hodnota,b="quoted" pole="ř" 2',
        'back\\slash,t=a\\b f\\g="h\\\\i" 3',
        'plain v=1,time_=2i 4',
        'x"y,q"=1"2 k"=1 5',
      ].join('\n'),
      'plain v=2 4\n',
    ],
  },
  { database: 'names', policy: 'autogen', ours: 'names', bodies: ['plain v="another type than in the other policy" 4\n'] },
  {
    database: 'year', policy: 'autogen', ours: 'year',
    bodies: [Array.from({ length: 365 * 24 }, (_, i) => `power,meter=m${i % 3} watt=${i}i,ratio=${i / 7} ${START + BigInt(i) * HOUR}`).join('\n')],
  },
];
/** influx_inspect escapes quotes in field keys, which only InfluxDB 1.x itself takes back: the backslash stays. */
const KEY_WRITTEN = ' k"=', KEY_STORED = ' k\\"=';
/** Its name is none for sluice. */
const ODD = { database: 'odd.name', body: 'm v=1 1\nm v=2 2\n' };

const found = influxPrograms();

describe('an export of InfluxDB', { skip: 'missing' in found ? found.missing : false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-influxdb-'));
  const exported = { plain: join(folder, 'all.lp'), packed: join(folder, 'all.lp.gz'), odd: join(folder, 'odd.lp') };

  before(async () => {
    assert.ok('influxd' in found);
    const influxd = await Influxd.start(folder, found);
    try {
      for (const name of new Set([...WRITTEN.map(({ database }) => database), ODD.database])) await influxd.query(`CREATE DATABASE "${name}"`);
      await influxd.query('CREATE RETENTION POLICY "OneWeek" ON names DURATION INF REPLICATION 1');
      for (const { database, policy, bodies } of WRITTEN) await influxd.write(database, policy, bodies[0]!);
      await influxd.write(ODD.database, 'autogen', ODD.body);
      for (const { database } of WRITTEN) await influxd.snapshotted(database);
      for (const { database, policy, bodies } of WRITTEN) for (const body of bodies.slice(1)) await influxd.write(database, policy, body);
    } finally {
      await influxd.stop();
    }
    influxd.export(exported.plain);
    influxd.export(exported.packed, '-compress');
    influxd.export(exported.odd, '-database', ODD.database);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function compareAll(dataDir: string): Promise<void> {
    assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
    for (const { ours, bodies } of WRITTEN) {
      const model = new Model();
      bodies.forEach((body, i) => model.write(i + 1, parseBody(Buffer.from(body.replace(KEY_WRITTEN, KEY_STORED)), { precision: 'ns', defaultTimeNs: 0n }).points));
      await compareDatabase(dataDir, ours.replace('/', '~2F'), model, ['hyparquet']);
    }
    const tables = JSON.parse(sluice(['tables', '--data-dir', dataDir, '--database', 'year', '--format', 'json']).stdout) as { files: number }[];
    assert.ok(tables[0]!.files <= 2, `a year is in ${tables[0]!.files} files`);
  }

  for (const kind of ['plain', 'packed'] as const) {
    test(`${kind}, is what was written, whether a server runs or not`, async () => {
      for (const isServed of [true, false]) {
        const dataDir = makeDataDir();
        try {
          mkdirSync(dataDir);
          const server = isServed ? await TestServer.start(dataDir) : null;
          const { code, stdout, stderr } = sluice(['import', '--data-dir', dataDir, exported[kind]]);
          assert.match(stdout, / lines imported, (\d+ of _internal left out, )?2 rejected, kept in /, stderr);
          assert.equal(code, 1, 'a database has no name here');
          const reasons = readFileSync(`${exported[kind]}.rejected.jsonl`, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
          assert.deepEqual(reasons.map(({ code: name, database, lines }) => [name, database, lines]), [['bad-database-name', ODD.database, 2]]);
          await compareAll(dataDir);
          assert.equal((await server?.stop()) ?? 0, 0);
        } finally {
          removeDataDir(dataDir);
        }
      }
    });
  }

  test('goes into another database where its own has no name here', async () => {
    const dataDir = makeDataDir();
    try {
      mkdirSync(dataDir);
      const { code, stderr } = sluice(['import', '--data-dir', dataDir, '--database', 'named', exported.odd]);
      assert.equal(code, 0, stderr);
      const model = new Model();
      model.write(1, parseBody(Buffer.from(ODD.body), { precision: 'ns', defaultTimeNs: 0n }).points);
      assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
      await compareDatabase(dataDir, 'named', model, ['hyparquet', 'query']);
    } finally {
      removeDataDir(dataDir);
    }
  });
});

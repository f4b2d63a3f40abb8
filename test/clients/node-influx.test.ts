/** node-influx (`influx`), a client of v1: it sends Basic credentials, every precision, and never gzip. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import influx from 'influx';
import type { ISingleHostConfig, TimePrecision } from 'influx';
import { Place, SCHEMES } from './place.js';
import { bool, f64, i64, MOMENT_MS, momentNs, stored, text, V1_UNITS } from './points.js';

const { InfluxDB, FieldType } = influx;
const WHEN = new Date(MOMENT_MS);
/** A host that failed is used again after 1 ms. */
const SOON: NonNullable<NonNullable<ISingleHostConfig['pool']>['backoff']> = { getDelay: () => 1, next: () => SOON, reset: () => SOON };

for (const scheme of SCHEMES) {
  describe(`node-influx over ${scheme}`, () => {
    let place: Place;
    before(async () => {
      place = await Place.open(scheme);
    });
    after(() => place?.close());

    function connect(options: Partial<ISingleHostConfig> = {}, headers?: Record<string, string>) {
      return new InfluxDB({
        host: place.host, port: place.port, protocol: scheme, username: 'ignored', password: place.token,
        options: { ...place.trust, ...(headers && { headers }) }, ...options,
      });
    }

    test('every precision, type and name is stored as given', async () => {
      const client = connect({
        database: 'good',
        schema: [{
          measurement: 'typed', tags: ['host'],
          fields: { n: FieldType.INTEGER, f: FieldType.FLOAT, b: FieldType.BOOLEAN, s: FieldType.STRING },
        }],
      });
      const units = Object.entries(V1_UNITS) as [TimePrecision, bigint][];
      for (const [precision] of units) {
        await client.writePoints([{ measurement: `unit_${precision}`, tags: { host: 'a' }, fields: { v: 1.5 }, timestamp: WHEN }], { precision });
      }
      await client.writeMeasurement('typed', [
        { tags: { host: 'a' }, fields: { n: 42, f: 42, b: true, s: 'x' }, timestamp: WHEN },
        { tags: { host: 'b' }, fields: { n: -7, f: 1e21, b: false, s: 'say "hi" \\ back' }, timestamp: WHEN },
      ]);
      await client.writePoints([
        // This client escapes keys and tag values, but no measurement.
        { measurement: 'names', tags: { 'a tag=,': 'a value=,', ünï: '温度' }, fields: { 'a field=,': -0.5, s: 'two\nlines', b: true }, timestamp: '1790000123456789012' },
      ]);
      await place.expectStored('good', [
        ...units.map(([precision, unitNs]) => stored(`unit_${precision}`, { host: 'a' }, { v: f64(1.5) }, momentNs(unitNs))),
        stored('typed', { host: 'a' }, { n: i64(42), f: f64(42), b: bool(true), s: text('x') }, momentNs(1n)),
        stored('typed', { host: 'b' }, { n: i64(-7), f: f64(1e21), b: bool(false), s: text('say "hi" \\ back') }, momentNs(1n)),
        stored('names', { 'a tag=,': 'a value=,', ünï: '温度' }, { 'a field=,': f64(-0.5), s: text('two\nlines'), b: bool(true) }, 1_790_000_123_456_789_012n),
      ]);
    });

    test('a retention policy is part of the database, the default one is not', async () => {
      const client = connect({ database: 'policies' });
      for (const [i, retentionPolicy] of ['', 'autogen', 'Weekly'].entries()) {
        await client.writePoints([{ measurement: 'm', fields: { v: i }, timestamp: WHEN }], { retentionPolicy });
      }
      assert.equal(place.query('policies', 'SELECT v, count(*) FROM m GROUP BY v'), '1,1', 'the second write was to the same point');
      assert.equal(place.query('policies/weekly', 'SELECT v FROM m'), '2');
    });

    test('of a batch with bad points the good ones are stored, and the error names the first', async () => {
      const client = connect({ database: 'partly' });
      await client.writePoints([{ measurement: 'm', tags: { host: 'a' }, fields: { v: 1 }, timestamp: '1' }]);
      const points = [
        { measurement: 'm', tags: { host: 'b' }, fields: { v: 2 }, timestamp: '2' },
        { measurement: 'm', tags: { host: 'c' }, fields: { v: 'three' }, timestamp: '3' },
        { measurement: 'm', tags: { host: 'd' }, fields: { v: Number.NaN }, timestamp: '4' },
        { measurement: 'm', tags: { host: 'e' }, fields: { v: 5 }, timestamp: '5' },
      ];
      await assert.rejects(client.writePoints(points), ({ message }: Error) => {
        assert.match(message, /^A 400 Bad Request error occurred: \{/);
        assert.match(message, /partial write: field type conflict: column \\"v\\" of table \\"m\\" has type float, string came \(line 2, column \d+\) dropped=2/);
        assert.match(message, /"line":3,/, 'the second bad line is named too');
        return true;
      });
      await assert.rejects(client.writePoints(points.slice(1, 2)), /dropped=1/);
      await place.expectStored('partly', [['a', 1], ['b', 2], ['e', 5]].map(([host, v]) => stored('m', { host: String(host) }, { v: f64(Number(v)) }, BigInt(v!))));
    });

    test('refusals of the whole request say what to do', async () => {
      const points = [{ measurement: 'm', fields: { v: 1 } }];
      await assert.rejects(connect({ password: 'wrong' }).writePoints(points, { database: 'd' }), /A 401 Unauthorized error occurred: .*authorization failed/);
      await assert.rejects(connect({ database: 'no spaces' }).writePoints(points), /A 400 Bad Request error occurred: .*the database name is not allowed: .*no spaces/);
    });

    test('a token in the header is taken in each scheme', async () => {
      const points = (n: number) => [{ measurement: 'm', fields: { v: n }, timestamp: String(n) }];
      for (const [i, kind] of ['Token', 'Bearer', 'bearer'].entries()) {
        // A name that is no text keeps the client from sending credentials of its own.
        const client = connect({ database: 'header', username: null as unknown as string }, { Authorization: `${kind} ${place.token}` });
        await client.writePoints(points(i));
      }
      await place.expectStored('header', [0, 1, 2].map((n) => stored('m', {}, { v: f64(n) }, BigInt(n))));
    });

    test('databases are made, listed and dropped', async () => {
      const client = connect({ database: 'made' });
      await client.createDatabase('made');
      await client.createDatabase('made');
      assert.ok((await client.getDatabaseNames()).includes('made'));
      await client.writePoints([{ measurement: 'm', fields: { v: 1 } }]);
      assert.deepEqual(await client.getMeasurements(), ['m']);
      await client.dropMeasurement('m');
      assert.deepEqual(await client.getMeasurements(), []);
      await client.dropDatabase('made');
      assert.ok(!(await client.getDatabaseNames()).includes('made'));
      await assert.rejects(client.query('SELECT v FROM m'), /sluice query/, 'it says where SQL is');
      await assert.rejects(connect({ password: 'wrong' }).createDatabase('other'), /A 401 Unauthorized error occurred: .*authorization failed/);
    });

    test('what it asks around its writes is answered, or refused with what to do instead', async () => {
      const client = connect({ database: 'around' });
      await client.createDatabase('around');
      await client.createRetentionPolicy('30d', { duration: '30d', database: 'around', replication: 1, isDefault: true });
      await client.alterRetentionPolicy('autogen', { duration: '7d', database: 'around', replication: 1, isDefault: false });
      assert.deepEqual((await client.showRetentionPolicies('around')).map(({ name, duration }) => [name, duration]), [['autogen', '168h0m0s'], ['30d', '720h0m0s']]);
      await client.writePoints([{ measurement: 'kept', fields: { v: 1 } }, { measurement: 'gone', fields: { v: 1 } }]);
      assert.deepEqual(await client.getMeasurements('around'), ['gone', 'kept']);
      await client.dropMeasurement('gone', 'around');
      assert.deepEqual(await client.getMeasurements('around'), ['kept']);
      await client.dropRetentionPolicy('30d', 'around');
      assert.deepEqual([...(await client.getUsers())], []);
      assert.deepEqual([...(await client.showContinousQueries('around'))], []);
      await client.dropContinuousQuery('none', 'around');
      await assert.rejects(client.createUser('a', 'b'), /sluice token create/);
      await assert.rejects(client.grantPrivilege('a', 'READ', 'around'), /sluice token create/);
      await assert.rejects(client.getSeries({ database: 'around' }), /sluice query/);
      await assert.rejects(client.query('SELECT * FROM kept'), /sluice query/);
      await assert.rejects(client.createContinuousQuery('c', 'SELECT mean(v) INTO x FROM kept GROUP BY time(1h)', 'around'), /nothing is computed/);
    });

    test('ping finds the server online and learns its version', async () => {
      const [found] = await connect().ping(5000);
      assert.equal(found!.online, true);
      assert.match(found!.version!, /\d+\.\d+/);
    });

    test('a refusing server is tried again after the pause of the client', async () => {
      const refusing = await Place.openRefusing(scheme);
      try {
        const client = new InfluxDB({
          host: refusing.host, port: refusing.port, protocol: scheme, username: 'ignored', password: refusing.token,
          database: 'later', options: refusing.trust, pool: { backoff: SOON },
        });
        const points = [{ measurement: 'm', fields: { v: 1 }, timestamp: '1' }];
        await assert.rejects(client.writePoints(points), /^Error: Service Unavailable$/);
        await refusing.restart();
        await client.writePoints(points);
        await refusing.expectStored('later', [stored('m', {}, { v: f64(1) }, 1n)]);
      } finally {
        await refusing.close();
      }
    });
  });
}

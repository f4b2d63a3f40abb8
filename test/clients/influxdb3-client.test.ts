/** @influxdata/influxdb3-client, a client of v3: it writes to /api/v2/write, and with `noSync` to /api/v3/write_lp. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { HttpError, InfluxDBClient, Point, setLogger } from '@influxdata/influxdb3-client';
import type { ClientOptions, WritePrecision } from '@influxdata/influxdb3-client';
import { Place, SCHEMES } from './place.js';
import { bool, f64, i64, MOMENT_MS, momentNs, stored, text, u64, V2_UNITS } from './points.js';

const WHEN = new Date(MOMENT_MS);
const UNITS = Object.entries(V2_UNITS) as [WritePrecision, bigint][];
/** Both endpoints, packed and plain: a body is packed when it has more bytes than the threshold. */
const WAYS = [false, true].flatMap((noSync) => [0, Number.MAX_SAFE_INTEGER].map((gzipThreshold) => ({
  name: `${noSync ? 'v3' : 'v2'}_${gzipThreshold === 0 ? 'gzip' : 'plain'}`, options: { noSync, gzipThreshold },
})));

// Failures are looked at where they are raised.
setLogger({ error: () => {}, warn: () => {} });

for (const scheme of SCHEMES) {
  describe(`influxdb3-client over ${scheme}`, () => {
    let place: Place;
    before(async () => {
      place = await Place.open(scheme);
    });
    after(() => place?.close());

    /** Gives a client to `use` and closes it. */
    async function connected(options: Partial<ClientOptions> | string, use: (client: InfluxDBClient) => Promise<void>): Promise<void> {
      const client = typeof options === 'string' ? new InfluxDBClient(options) : new InfluxDBClient({
        host: place.url, token: place.token, transportOptions: place.trust, ...options,
      });
      try {
        await use(client);
      } finally {
        await client.close();
      }
    }

    test('every precision, type and name is stored as given, on both endpoints, packed and plain', async () => {
      await connected({ database: 'good' }, async (client) => {
        for (const { name, options } of WAYS) {
          for (const [precision] of UNITS) {
            // A Point would send nanoseconds whatever the precision says.
            const line = `${name}_${precision},host=a v=1.5 ${momentNs(V2_UNITS[precision]) / V2_UNITS[precision]}`;
            await client.write(line, undefined, undefined, { ...options, precision });
          }
          const point = Point.measurement(`${name} types,names`)
            .setTag('a tag=,', 'a value=,').setTag('ünï', '温度')
            .setFloatField('f', 1e-7).setIntegerField('i', -42).setUintegerField('u', Number.MAX_SAFE_INTEGER).setBooleanField('b', true)
            .setStringField('s', 'say "hi" \\ back\nnext').setFloatField('a field=,', -0.5).setTimestamp('1790000123456789012');
          await client.write([point], undefined, 'any org', { ...options, defaultTags: { region: 'eu west' } });
        }
      });
      await place.expectStored('good', WAYS.flatMap(({ name }) => [
        ...UNITS.map(([precision, unitNs]) => stored(`${name}_${precision}`, { host: 'a' }, { v: f64(1.5) }, momentNs(unitNs))),
        stored(`${name} types,names`, { 'a tag=,': 'a value=,', region: 'eu west', ünï: '温度' }, {
          f: f64(1e-7), i: i64(-42), u: u64(Number.MAX_SAFE_INTEGER), b: bool(true), s: text('say "hi" \\ back\nnext'), 'a field=,': f64(-0.5),
        }, 1_790_000_123_456_789_012n),
      ]));
    });

    test('each scheme of the Authorization header is taken', async () => {
      const { token } = place;
      const schemes: Partial<ClientOptions>[] = [{}, { authScheme: 'Bearer' }, { authScheme: 'Token' }, {
        authScheme: 'Basic', token: Buffer.from(`any:${token}`).toString('base64'),
      }];
      for (const [i, options] of schemes.entries()) {
        await connected(options, (client) => client.write(`m v=${i}i ${i}`, 'schemes'));
      }
      await place.expectStored('schemes', schemes.map((_, i) => stored('m', {}, { v: i64(i) }, BigInt(i))));
    });

    test('of a batch with bad lines the good ones are stored, and the error carries every line', async () => {
      await connected({ database: 'partly' }, async (client) => {
        for (const { options } of WAYS) {
          const lines = ['m,host=a v=1i 1', 'm,host=b v="two" 2', '', 'm,host= v=3i 3', 'm,host=d v=4i 4'];
          const error = await refusal(client.write(lines, undefined, undefined, options));
          assert.equal(error.statusCode, 400);
          assert.equal(error.json.error, 'partial write of line protocol occurred');
          assert.deepEqual(
            error.json.data.map(({ line_number, original_line }: Record<string, unknown>) => [line_number, original_line]),
            [[2, lines[1]], [4, lines[3]]],
          );
          if (options.noSync) {
            // This endpoint's body has no `message`, so the client writes one from the lines.
            assert.match(error.message, /^partial write of line protocol occurred:\n\tline 2: field type conflict: .* \(m,host=b v="two" 2\)\n\tline 4: a tag has no value/);
          } else {
            assert.equal(error.code, 'invalid');
            assert.match(error.message, /^2 lines were rejected, 2 were stored; line 2, column \d+: type-conflict/);
          }
          assert.equal((await refusal(client.write(lines[1]!, undefined, undefined, options))).statusCode, 400);
        }
      });
      await place.expectStored('partly', [['a', 1], ['d', 4]].map(([host, v]) => stored('m', { host: String(host) }, { v: i64(Number(v)) }, BigInt(v!))));
    });

    test('a Point with a precision that its nanoseconds are not is refused, and the error says that', async () => {
      await connected({ database: 'lies' }, async (client) => {
        const point = Point.measurement('m').setFloatField('v', 1).setTimestamp(WHEN);
        for (const precision of ['us', 'ms', 's'] as const) {
          const error = await refusal(client.write(point, undefined, undefined, { precision }));
          assert.match(error.message, /timestamp-out-of-range: the timestamp is out of range for its precision/);
        }
      });
    });

    test('refusals of the whole request say what to do', async () => {
      for (const { options } of WAYS) {
        await connected({ token: 'wrong' }, async (client) => {
          const error = await refusal(client.write('m v=1', 'd', undefined, options));
          assert.equal(error.statusCode, 401);
          assert.match(error.message, /^authorization failed/);
        });
        await connected({}, async (client) => {
          const error = await refusal(client.write('m v=1', 'no spaces', undefined, options));
          assert.equal(error.statusCode, 400);
          assert.match(error.message, /^the database name is not allowed: "no spaces"/);
        });
      }
    });

    test('a refusing server is named by the error, and takes the write when it can again', async () => {
      const refusing = await Place.openRefusing(scheme);
      const options = { host: refusing.url, token: refusing.token, transportOptions: refusing.trust, database: 'later' };
      try {
        await connected(options, async (client) => {
          for (const noSync of [false, true]) {
            const error = await refusal(client.write('m v=1i 1', undefined, undefined, { noSync }));
            assert.equal(error.statusCode, 503);
            assert.match(error.message, /the disk is nearly full/);
            assert.match(String(error.headers!['retry-after']), /^\d+$/);
          }
          await refusing.restart();
          await client.write('m v=1i 1');
        });
        await refusing.expectStored('later', [stored('m', {}, { v: i64(1) }, 1n)]);
      } finally {
        await refusing.close();
      }
    });

    test('the version of the server is learned', async () => {
      await connected({}, async (client) => assert.match((await client.getServerVersion())!, /\d+\.\d+/));
    });

    // Neither has a place for a CA.
    if (scheme === 'http') test('settings from a connection string and from the environment work', async (t) => {
      const settings = new URLSearchParams({ token: place.token, database: 'settings', precision: 's', gzipThreshold: '1' });
      await connected(`${place.url}?${settings}`, (client) => client.write('m,from=string v=1i 1790000123'));
      const environment = { INFLUX_HOST: place.url, INFLUX_TOKEN: place.token, INFLUX_DATABASE: 'settings', INFLUX_PRECISION: 'ms', INFLUX_AUTH_SCHEME: 'Bearer' };
      t.after(() => Object.keys(environment).forEach((name) => delete process.env[name]));
      Object.assign(process.env, environment);
      const client = new InfluxDBClient();
      await client.write('m,from=environment v=2i 1790000123456');
      await client.close();
      await place.expectStored('settings', [
        stored('m', { from: 'string' }, { v: i64(1) }, 1_790_000_123_000_000_000n),
        stored('m', { from: 'environment' }, { v: i64(2) }, 1_790_000_123_456_000_000n),
      ]);
    });
  });
}

/** The error with which a write ends. */
async function refusal(written: Promise<void>): Promise<HttpError> {
  const error = await written.then(() => null, (reason: unknown) => reason);
  assert.ok(error instanceof HttpError, `an HttpError was due, not ${String(error)}`);
  return error;
}

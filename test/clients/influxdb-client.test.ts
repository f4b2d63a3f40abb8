/** @influxdata/influxdb-client, a client of v2: it batches, packs bodies over a threshold, and keeps what failed in a retry buffer. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { HttpError, InfluxDB, Point, setLogger } from '@influxdata/influxdb-client';
import type { ClientOptions, WriteOptions, WritePrecisionType } from '@influxdata/influxdb-client';
import { Place, SCHEMES } from './place.js';
import { bool, f64, i64, MOMENT_MS, momentNs, stored, text, u64, V2_UNITS } from './points.js';

const WHEN = new Date(MOMENT_MS);
/** A body is packed when it has more bytes than the threshold. */
const PACKINGS = { gzip: { gzipThreshold: 0 }, plain: { gzipThreshold: Number.MAX_SAFE_INTEGER } } as const;

// Failures are looked at where they are raised.
setLogger({ error: () => {}, warn: () => {} });

for (const scheme of SCHEMES) {
  describe(`influxdb-client over ${scheme}`, () => {
    let place: Place;
    before(async () => {
      place = await Place.open(scheme);
    });
    after(() => place?.close());

    function write(bucket: string, precision: WritePrecisionType, writeOptions: Partial<WriteOptions>, more: Partial<ClientOptions> = {}) {
      const client = new InfluxDB({ url: place.url, token: place.token, transportOptions: place.trust, ...more });
      return client.getWriteApi('any org', bucket, precision, { maxRetries: 0, ...writeOptions });
    }

    test('every precision, type and name is stored as given, packed and plain', async () => {
      const units = Object.entries(V2_UNITS) as [WritePrecisionType, bigint][];
      for (const [packing, options] of Object.entries(PACKINGS)) {
        for (const [precision] of units) {
          const api = write('good', precision, { consistency: 'one', ...options });
          api.writePoint(new Point(`${packing}_${precision}`).tag('host', 'a').floatField('v', 1.5).timestamp(WHEN));
          await api.close();
        }
        const api = write('good', 'ns', options);
        api.useDefaultTags({ region: 'eu west' });
        api.writePoint(new Point(`${packing} types,names`)
          .tag('a tag=,', 'a value=,').tag('ünï', '温度')
          .floatField('f', 1e-7).intField('i', -42).uintField('u', '18446744073709551615').booleanField('b', true)
          .stringField('s', 'say "hi" \\ back\nnext').floatField('a field=,', -0.5).timestamp('1790000123456789012'));
        await api.close();
      }
      await place.expectStored('good', Object.keys(PACKINGS).flatMap((packing) => [
        ...units.map(([precision, unitNs]) => stored(`${packing}_${precision}`, { host: 'a' }, { v: f64(1.5) }, momentNs(unitNs))),
        stored(`${packing} types,names`, { 'a tag=,': 'a value=,', region: 'eu west', ünï: '温度' }, {
          f: f64(1e-7), i: i64(-42), u: u64(18_446_744_073_709_551_615n), b: bool(true), s: text('say "hi" \\ back\nnext'), 'a field=,': f64(-0.5),
        }, 1_790_000_123_456_789_012n),
      ]));
    });

    test('many batches at once are all stored, and a bucket of the default policy is the database', async () => {
      const count = 2550;
      const { all, writeSuccess } = successes(count);
      const api = write('batches/autogen', 'ns', { batchSize: 100, writeSuccess });
      for (let i = 0; i < count; i += 1) api.writeRecord(`m,host=h${i % 7} v=${i}i ${i}`);
      await api.close();
      await all;
      await place.expectStored('batches', Array.from({ length: count }, (_, i) => stored('m', { host: `h${i % 7}` }, { v: i64(i) }, BigInt(i))));
    });

    test('each scheme of the Authorization header is taken', async () => {
      const { token } = place;
      const headers = [`Bearer ${token}`, `token ${token}`, `Basic ${Buffer.from(`any:${token}`).toString('base64')}`];
      for (const [i, authorization] of headers.entries()) {
        const client = new InfluxDB({ url: place.url, transportOptions: place.trust, headers: { authorization } });
        const api = client.getWriteApi('', 'schemes', 'ns', { maxRetries: 0 });
        api.writeRecord(`m v=${i}i ${i}`);
        await api.close();
      }
      await place.expectStored('schemes', headers.map((_, i) => stored('m', {}, { v: i64(i) }, BigInt(i))));
    });

    test('of a batch with bad lines the good ones are stored, and the error carries message, code and every line', async () => {
      for (const options of Object.values(PACKINGS)) {
        const api = write('partly', 'ns', options);
        api.writeRecords(['m,host=a v=1i 1', 'm,host=b v="two" 2', 'm,host= v=3i 3', 'm,host=d v=4i 4']);
        const error = await refusal(api.flush());
        assert.equal(error.statusCode, 400);
        assert.equal(error.code, 'invalid');
        assert.match(error.message, /^2 lines were rejected, 2 were stored; line 2, column \d+: type-conflict: field type conflict: column "v" of table "m" has type integer, string came$/);
        assert.equal(error.json.line, 2);
        assert.deepEqual(error.json.data.map(({ line_number, code }: Record<string, unknown>) => [line_number, code]), [[2, 'type-conflict'], [3, 'tag-value-missing']]);
        api.writeRecord('m,host=e v=true 5');
        assert.match((await refusal(api.close())).message, /^1 line was rejected, 0 were stored/);
      }
      await place.expectStored('partly', [['a', 1], ['d', 4]].map(([host, v]) => stored('m', { host: String(host) }, { v: i64(Number(v)) }, BigInt(v!))));
    });

    test('refusals of the whole request carry their code and are not tried again', async () => {
      const attempts: number[] = [];
      const options: Partial<WriteOptions> = { maxRetries: 3, writeFailed: (_error, _lines, attempt) => void attempts.push(attempt) };
      const wrongToken = write('d', 'ns', options, { token: 'wrong' });
      wrongToken.writeRecord('m v=1');
      const unauthorized = await refusal(wrongToken.close());
      assert.deepEqual([unauthorized.statusCode, unauthorized.code], [401, 'unauthorized']);
      assert.match(unauthorized.message, /authorization failed/);
      const badName = write('no spaces', 'ns', options);
      badName.writeRecord('m v=1');
      const invalid = await refusal(badName.close());
      assert.deepEqual([invalid.statusCode, invalid.code], [400, 'invalid']);
      assert.match(invalid.message, /the database name is not allowed: "no spaces"/);
      assert.deepEqual(attempts, [1, 1]);
    });

    test('what a refusing server and then no server did not take leaves the retry buffer when it is back', async () => {
      const refusing = await Place.openRefusing(scheme);
      try {
        const client = new InfluxDB({ url: refusing.url, token: refusing.token, transportOptions: refusing.trust });
        const { all, writeSuccess } = successes(100);
        let first: (error: Error) => void;
        const refused = new Promise<Error>((resolve) => (first = resolve));
        const api = client.getWriteApi('', 'later', 'ns', {
          batchSize: 10, maxRetries: 1000, minRetryDelay: 20, maxRetryDelay: 100, retryJitter: 10,
          writeFailed: (error) => first(error), writeSuccess,
        });
        for (let i = 0; i < 100; i += 1) api.writeRecord(`m v=${i}i ${i}`);
        const error = await refused as HttpError;
        assert.equal(error.statusCode, 503);
        assert.match(error.message, /the disk is nearly full/);
        assert.equal(error.retryAfter(), 0, 'it would read seconds as milliseconds, and use up its retries within one second');
        await refusing.restart();
        await all;
        assert.equal(api.dispose(), 0);
        await refusing.expectStored('later', Array.from({ length: 100 }, (_, i) => stored('m', {}, { v: i64(i) }, BigInt(i))));
      } finally {
        await refusing.close();
      }
    });
  });
}

/** The error with which a flush ends. */
async function refusal(flushed: Promise<void>): Promise<HttpError> {
  const error = await flushed.then(() => null, (reason: unknown) => reason);
  assert.ok(error instanceof HttpError, `an HttpError was due, not ${String(error)}`);
  return error;
}

/** What counts written lines, and what resolves when there are `count` of them. */
function successes(count: number): { all: Promise<void>; writeSuccess: (lines: readonly string[]) => void } {
  let left = count, done: () => void;
  const all = new Promise<void>((resolve) => (done = resolve));
  return {
    all,
    writeSuccess: (lines) => {
      left -= lines.length;
      if (left === 0) done();
    },
  };
}

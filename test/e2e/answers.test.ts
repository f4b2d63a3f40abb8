/** The answers to rejected lines, byte for byte, out of the real parser: where each stands, what it says, and how it is cut. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VERSION } from '../../src/version.js';
import { post, type Reply } from './client.js';
import { makeDataDir, removeDataDir, TestServer } from './server.js';

/** The third line goes over two physical ones; the bad one is the sixth, its fault behind two bytes of é. */
const BODY = '# é\n\nm,host=é s="two\nlines",v=1i 1\nm v=2i 2\r\nm,host=é v="x" 3\r\nm v=4i 4';
const SENTENCE = 'field type conflict: column "v" of table "m" has type integer, string came';
const ENTRY = JSON.stringify({
  error_message: SENTENCE, line_number: 6, original_line: 'm,host=é v="x" 3', line: 6, column: 13, code: 'type-conflict', measurement: 'm', key: 'v', value: '"x"',
});
const PARTIAL = 'partial write of line protocol occurred';
const V1 = `partial write: ${SENTENCE} (line 6, column 13) dropped=1`;
const V2 = `1 line was rejected, 3 were stored; line 6, column 13: type-conflict: ${SENTENCE}`;

const SHOWN: readonly (readonly [path: string, header: string, body: string])[] = [
  ['/write?db=a', V1, `{"error":${JSON.stringify(V1)},"total":1,"data":[${ENTRY}]}`],
  ['/api/v2/write?bucket=a', V2, `{"code":"invalid","message":${JSON.stringify(V2)},"line":6,"error":"${PARTIAL}","total":1,"data":[${ENTRY}]}`],
  ['/api/v3/write_lp?db=a', PARTIAL, `{"error":"${PARTIAL}","total":1,"data":[${ENTRY}]}`],
];

async function withServer(use: (send: (path: string, body: string | Buffer, headers?: Record<string, string>) => Promise<Reply>) => Promise<void>): Promise<void> {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir);
    await use((path, body, headers = {}) => post(server.url, path, Buffer.from(body), { headers }));
    assert.equal(await server.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
}

test('a rejected line in each dialect, with the headers of every answer', () => withServer(async (send) => {
  for (const [path, header, body] of SHOWN) {
    const answer = await send(path, BODY, { 'Request-Id': `of ${path.length}`.replace(' ', '-') });
    assert.equal(answer.status, 400);
    assert.equal(answer.body, body);
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.equal(answer.headers['x-influxdb-error'], header);
    assert.equal(answer.headers['x-influxdb-build'], `sluice ${VERSION}`);
    assert.match(String(answer.headers['x-influxdb-version']), /^\d/);
    assert.equal(answer.headers['request-id'], `of-${path.length}`);
    assert.equal(answer.headers['x-request-id'], `of-${path.length}`);
    assert.equal(answer.headers['content-length'], String(Buffer.byteLength(body)));
  }
}));

test('the source is cut at 256 bytes on a character boundary', () => withServer(async (send) => {
  for (const [before, kept] of [[0, 255], [1, 256], [2, 254]] as const) {
    const line = `${'m'.repeat(before)}${'€'.repeat(200)}`;
    const { data } = JSON.parse((await send('/api/v3/write_lp?db=a', line)).body);
    assert.equal(Buffer.byteLength(data[0].original_line), kept);
    assert.ok(line.startsWith(data[0].original_line));
  }
}));

test('10,000 rejected lines: 16 KiB name the first 100, as many whole as fit, then others by number and code, and the total', () => withServer(async (send) => {
  const { status, body } = await send('/api/v3/write_lp?db=a', Array.from({ length: 10_000 }, (_, i) => `m v=${i}x`).join('\n'));
  assert.equal(status, 400);
  assert.ok(Buffer.byteLength(body) < 16 * 1024);
  const { total, data } = JSON.parse(body);
  assert.equal(total, 10_000);
  assert.deepEqual(data.map(({ line }: { line: number }) => line), data.map((_: unknown, i: number) => i + 1));
  assert.ok(data.length >= 100);
  const whole = data.filter(({ value }: { value?: string }) => value !== undefined).length;
  assert.ok(whole >= 30, `${whole} are whole`);
  assert.deepEqual(data[99], { line_number: 100, line: 100, code: 'trailing-content' });
}));

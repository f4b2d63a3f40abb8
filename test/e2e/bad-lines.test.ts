/** A body with bad lines among good ones: the good ones are stored, the answer names each bad one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENDPOINTS, post, write } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

const LINES = [
  'm,host=a v=1i,s="x" 1',
  'm,host=b v=1.5 2',
  'm,host=c v=3i 3',
  'm,host= v=4i 4',
  '# a comment, then a blank line',
  '',
  'm,host=d v=5i 5',
  'm,host=e v=99999999999999999999i 6',
  'm,host=f v=7i,host=8i 7',
  'm,host=g v=8i 8',
  'm,host=h 9',
];
const BAD = [
  { line: 2, code: 'type-conflict', value: '1.5' },
  { line: 4, code: 'tag-value-missing' },
  { line: 8, code: 'integer-out-of-range', value: '99999999999999999999i' },
  { line: 9, code: 'tag-and-field' },
  { line: 11, code: 'fields-missing' },
];

test('good lines are stored, and 400 names each bad line by number, code and value', async () => {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir);
    for (const [i, endpoint] of ENDPOINTS.entries()) {
      const body = Buffer.from(LINES.join('\n'));
      const { status, body: answer, headers } = await write(server.url, `db${i}`, body, { endpoint, gzip: false, chunked: false }, 'ns');
      assert.equal(status, 400, answer);
      assert.match(String(headers['content-type']), /^application\/json/);
      for (const { line, code, value } of BAD) {
        const named = answer.includes(`line ${line}`) || answer.includes(`"line":${line}`) || answer.includes(`"line_number":${line}`);
        assert.ok(named, `line ${line} is not named: ${answer}`);
        assert.ok(answer.includes(code), `${code} is not named: ${answer}`);
        if (value !== undefined) assert.ok(answer.includes(value), `${value} is not named: ${answer}`);
      }
      const query = sluice(['query', '--data-dir', dataDir, '--database', `db${i}`, '--format', 'csv', 'SELECT host, v FROM m ORDER BY host']);
      assert.equal(query.stdout.trim().replaceAll('\r', ''), 'host,v\na,1\nc,3\nd,5\ng,8', query.stderr);
    }
    const refused = await post(server.url, '/api/v3/write_lp?db=whole&precision=ns&accept_partial=false', Buffer.from(LINES.join('\n')));
    assert.equal(refused.status, 400);
    const tables = sluice(['tables', '--data-dir', dataDir, '--database', 'whole']);
    assert.doesNotMatch(tables.stdout, /\bm\b/, 'a refused body defines nothing');
    assert.equal(await server.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

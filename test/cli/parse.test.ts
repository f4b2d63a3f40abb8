import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { PRECISION_NS } from '../../assembly/layout/codes.js';
import { BLOCK_BYTES, Linter } from '../../src/cli/lint.js';
import { compile, WasmParser } from '../../src/worker/wasm/wasm.js';
import { readVectors } from '../oracle/vectors.js';
import { sluice } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-parse-'));
after(() => rmSync(folder, { recursive: true }));

const module = compile(readFileSync(new URL('../../assembly/sluice.wasm', import.meta.url)));

interface Said {
  readonly line: number;
  readonly code?: string;
}

function lint(body: string | Buffer): Said[] {
  const linter = new Linter(new WasmParser(module), PRECISION_NS, true);
  return linter.block(Buffer.from(body), 0).map((json) => JSON.parse(json) as Said);
}

test('every vector gives its points and errors', () => {
  for (const { id, body, points, errors } of readVectors()) {
    const said = lint(body);
    const good = said.filter(({ code }) => code === undefined);
    const bad = said.filter(({ code }) => code !== undefined).map(({ line, code }) => ({ line, code }));
    assert.deepEqual(bad, errors, id);
    if (typeof points === 'number') assert.equal(good.length, points, id);
    else assert.deepEqual(good, points, id);
  }
});

test('a bad line is told with its place, its code and what is wrong', async () => {
  const body = 'cpu,host=a v=1 5\n# comment\nbad\ncpu v="two\nlines" 7\r\ncpu,host=b v=99999999999999999999i\n';
  const { code, stdout, stderr } = await sluice(['parse', '--precision', 's'], body);
  assert.deepEqual([code, stderr], [1, '']);
  assert.deepEqual(stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as object), [
    { line: 1, measurement: 'cpu', tags: [['host', 'a']], fields: [['v', 'f64', '1']], timestamp: '5000000000' },
    { line: 3, column: 4, code: 'fields-missing', message: 'the line has no valid field: table "bad"', source: 'bad' },
    { line: 4, measurement: 'cpu', tags: [], fields: [['v', 'string', 'two\nlines']], timestamp: '7000000000' },
    { line: 6, column: 14, code: 'integer-out-of-range', message: 'the integer does not fit 64 bits: column "v" of table "cpu": 99999999999999999999i is not within -9223372036854775808i to 9223372036854775807i', source: 'cpu,host=b v=99999999999999999999i' },
  ]);
});

test('D18: floats are decimals that give them back, or their bits', async () => {
  const body = 'm a=0.1,b=-0,c=1e300,d=5e-324,e=21.50,f=7i';
  const fields = async (...args: string[]): Promise<string[][]> => (JSON.parse((await sluice(['parse', ...args], body)).stdout) as { fields: string[][] }).fields;
  assert.deepEqual((await fields()).map(([, , value]) => value), ['0.1', '-0', '1e+300', '5e-324', '21.5', '7']);
  assert.deepEqual((await fields('--exact')).map(([, , value]) => value), ['3fb999999999999a', '8000000000000000', '7e37e43c8800759c', '0000000000000001', '4035800000000000', '7']);
});

test('good files end with 0, files that cannot be read with 1 and a sentence', async () => {
  const good = join(folder, 'good.lp');
  writeFileSync(good, 'cpu v=1\ncpu v=2');
  const { code, stdout } = await sluice(['parse', good]);
  assert.deepEqual([code, stdout.split('\n').length], [0, 3]);
  assert.deepEqual(await sluice(['parse'], ''), { code: 0, stdout: '', stderr: '' });
  const missing = await sluice(['parse', join(folder, 'none.lp')]);
  assert.deepEqual([missing.code, missing.stdout], [1, '']);
  assert.match(missing.stderr, /^sluice: .*none\.lp cannot be read: there is no such file or folder\n$/);
});

/** What `sluice parse` says of a file larger than a block must be what is said of it as one body. */
async function sameAsWhole(body: string): Promise<Said[]> {
  assert.ok(body.length > 2 * BLOCK_BYTES);
  const file = join(folder, 'large.lp');
  writeFileSync(file, body);
  const { stdout } = await sluice(['parse', '--exact', '--precision', 'ns', file]);
  const said = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as Said);
  assert.deepEqual(said, lint(body));
  return said;
}

test('a large file is one body to its user: lines are counted on', async () => {
  const said = await sameAsWhole(`${'cpu,host=a usage=1,note="x"\n'.repeat(30_000)}bad\nlast v=1`);
  assert.deepEqual([said.length, said[30_000]?.line, said[30_000]?.code], [30_002, 30_001, 'fields-missing']);
});

test('a string that reaches over the ends of blocks stays whole', async () => {
  const lines = 'within a string\n'.repeat(60_000);
  const said = await sameAsWhole(`cpu v=1\ncpu note="${lines}" 5\ncpu v=3\n`);
  assert.deepEqual(said.map(({ line, code }) => [line, code]), [[1, undefined], [2, undefined], [60_003, undefined]]);
});

test('a quote that is never closed costs its line alone', async () => {
  const said = await sameAsWhole(`cpu note="open\n${'cpu v=1\n'.repeat(80_000)}`);
  assert.deepEqual([said.length, said[0]?.code, said[1]?.line], [80_001, 'unterminated-string', 2]);
});

test('every bad line is told, however many', async () => {
  const said = await sameAsWhole(`cpu v=1\n${'bad'.repeat(100)}\nworse,\n`.repeat(2000));
  assert.equal(said.filter(({ code }) => code !== undefined).length, 4000);
});

/** `sluice import` of made files, into a folder that nobody serves and into a running server. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { compareDatabase } from '../e2e/compare.js';
import { makeDataDir, PROGRAM, removeDataDir, sluice, TestServer } from '../e2e/server.js';
import { encodeChecked } from '../../src/json.js';
import { Model } from '../oracle/model.js';
import { parseBody } from '../oracle/line-protocol.js';

const base = makeDataDir();
const folder = join(base, '..');
after(() => removeDataDir(base));

let made = 0;
function freshDataDir(): string {
  made += 1;
  const dataDir = join(folder, String(made));
  mkdirSync(dataDir);
  return dataDir;
}

function write(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function imports(dataDir: string, ...args: readonly string[]): { stdout: string; stderr: string; code: number | null } {
  return sluice(['import', '--data-dir', dataDir, ...args]);
}

/** What must be in a database after bodies in nanoseconds, one after another. All is in files: a command that opens the folder itself leaves no row outside. */
async function compare(dataDir: string, database: string, ...bodies: readonly string[]): Promise<void> {
  const model = new Model();
  bodies.forEach((body, i) => model.write(i + 1, parseBody(Buffer.from(body), { precision: 'ns', defaultTimeNs: 0n }).points));
  await compareDatabase(dataDir, database.replace('/', '~2F'), model, ['hyparquet']);
}

const FIRST = 'cpu,host=a\\ b usage=1,note="one\n# CONTEXT-DATABASE:wrong\ntwo \\"x\\"" 1000\n\ncpu,host=a\\ b count=5i 1000\n';
const SECOND = 'cpu usage=true 2000\n';
const THIRD = 'mem free=7u 3\n';
const EXPORT = [
  '# INFLUXDB EXPORT: 1677-09-21T00:12:43Z - 2262-04-11T23:47:16Z',
  '# DDL',
  'CREATE DATABASE first WITH NAME autogen',
  'CREATE DATABASE "first" WITH NAME "One=Week"',
  'CREATE DATABASE empty WITH NAME autogen',
  'CREATE RETENTION POLICY x ON first DURATION 1d REPLICATION 1',
  'CREATE DATABASE _internal WITH NAME monitor',
  '# DML',
  '# CONTEXT-DATABASE:_internal',
  '# CONTEXT-RETENTION-POLICY:monitor',
  'own v=1 1',
  '# CONTEXT-DATABASE:first',
  '# CONTEXT-RETENTION-POLICY:autogen',
  '# writing tsm data',
  `${FIRST}# writing wal data`,
  '# CONTEXT-DATABASE: second',
  '# CONTEXT-RETENTION-POLICY:1Week',
  `${SECOND}# CONTEXT-DATABASE:third`,
  '# CONTEXT-RETENTION-POLICY:default',
  THIRD,
].join('\n').replace('"One=Week"', '"OneWeek"');

for (const packed of [false, true]) {
  test(`an export goes into its databases, ${packed ? 'packed' : 'plain'}`, async () => {
    const dataDir = freshDataDir();
    const path = write(packed ? 'export.gz' : 'export', packed ? Buffer.concat([gzipSync(EXPORT.slice(0, 900)), gzipSync(EXPORT.slice(900))]) : EXPORT);
    mkdirSync(join(dataDir, 'imports'));
    writeFileSync(join(dataDir, 'imports', '0123456789abcdef.json'), encodeChecked({ format: 2, identity: { path: `${path}.gone` }, reached: {} }));
    const { code, stdout, stderr } = imports(dataDir, path);
    assert.equal(stdout, `${path}: 4 lines imported, 1 of _internal left out, 0 rejected\n`, stderr);
    assert.equal(stderr, `${path}: left out, an import makes databases alone: CREATE RETENTION POLICY x ON first DURATION 1d REPLICATION 1\n`);
    assert.equal(code, 0);
    await compare(dataDir, 'first', FIRST);
    await compare(dataDir, 'second/1week', SECOND);
    await compare(dataDir, 'third', THIRD);
    const { stdout: list } = sluice(['database', 'list', '--format', 'csv', '--data-dir', dataDir]);
    assert.deepEqual(list.trim().split(/\r?\n/).slice(1).map((line) => line.split(',')[0]).sort(), ['empty', 'first', 'first/oneweek', 'second/1week', 'third']);
    assert.deepEqual(readdirSync(join(dataDir, 'imports')), [], 'nothing is left of an import that came to its end, or whose file is gone');
    assert.ok(!existsSync(`${path}.rejected.lp`));
  });
}

test('--database takes the place of the one database of an export, and refuses to mix two', async () => {
  const dataDir = freshDataDir();
  const one = write('one', `# DML\n# CONTEXT-DATABASE:old\n# CONTEXT-RETENTION-POLICY:week\n${THIRD}# CONTEXT-RETENTION-POLICY:autogen\n${SECOND}`);
  assert.equal(imports(dataDir, '--database', 'new', one).code, 0);
  await compare(dataDir, 'new/week', THIRD);
  await compare(dataDir, 'new', SECOND);
  const { code, stderr } = imports(dataDir, '--database', 'new', join(folder, 'export'));
  assert.equal(code, 2);
  assert.match(stderr, /holds the databases first and empty: --database would mix them/);
});

test('a pipe and a folder are no files to import, and are said to be none', () => {
  const dataDir = freshDataDir();
  const pipe = join(folder, 'pipe');
  spawnSync('mkfifo', [pipe]);
  for (const path of [pipe, folder]) {
    for (const { code, stdout, stderr } of [imports(dataDir, '--database', 'd', path), sluice(['parse', path])]) {
      assert.deepEqual([code, stdout], [1, '']);
      assert.equal(stderr, `sluice: ${path} cannot be read: it is a folder, a pipe or a device; what comes through a pipe is read as -\n`);
    }
  }
});

test('line protocol needs --database; files go one after another, and stdin is a file', async () => {
  const dataDir = freshDataDir();
  const [a, b] = [write('a.lp', 'm v=1i 1\nm v=2i 2\n'), write('b.lp', 'm v=3i 2')];
  const without = imports(dataDir, a);
  assert.deepEqual([without.code, without.stderr], [2, `sluice: ${a} does not say which database its lines belong to: give --database NAME\n`]);
  const both = imports(dataDir, '--database', 'd', '--precision', 'ns', a, b);
  assert.deepEqual([both.code, both.stdout], [0, `${a}: 2 lines imported, 0 rejected\n${b}: 1 line imported, 0 rejected\n`], both.stderr);
  await compare(dataDir, 'd', 'm v=1i 1\nm v=2i 2', 'm v=3i 2');
  for (const input of [Buffer.from('m v=4i 4'), gzipSync('m v=5i 5\n')]) {
    const { code, stdout, stderr } = sluice(['import', '--data-dir', dataDir, '--database', 'd', '--precision', 'ns', '-'], input);
    assert.deepEqual([code, stdout], [0, 'stdin: 1 line imported, 0 rejected\n'], stderr);
  }
  await compare(dataDir, 'd', 'm v=1i 1\nm v=3i 2\nm v=4i 4\nm v=5i 5');
  const missing = imports(dataDir, '--database', 'd', join(folder, 'none'));
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /none cannot be read: /);
  assert.match(imports(join(folder, 'nowhere'), '--database', 'd', a).stderr, /there is no data folder/);
});

test('rejected lines are kept beside the file with their reasons, and can be imported when mended', async () => {
  const dataDir = freshDataDir();
  const lines = ['m v=1i 1', 'm v=1.5 2', '', '# c', 'm v=3i 3', 'm note="a', 'b",v="c" 4', 'nofield', 'm,t= v=1i 5', `m w="${'x'.repeat(400)}",v=2 6`];
  const bad = `# DML\n# CONTEXT-DATABASE:d\n${lines.join('\n')}\n# CONTEXT-DATABASE:not.allowed\nn v=1 1\nn v=2 2\n`;
  const path = write('bad', bad);
  const { code, stdout, stderr } = imports(dataDir, path);
  assert.deepEqual([code, stdout], [1, `${path}: 2 lines imported, 7 rejected, kept in ${path}.rejected.lp and ${path}.rejected.jsonl\n`], stderr);
  await compare(dataDir, 'd', 'm v=1i 1\nm v=3i 3');
  const marker = (database: string): string => `# DML\n# CONTEXT-DATABASE:${database}\n# CONTEXT-RETENTION-POLICY:\n`;
  const kept = readFileSync(`${path}.rejected.lp`, 'utf8');
  assert.equal(kept, `${marker('d')}${[lines[1], ...lines.slice(5)].join('\n')}\n${marker('not.allowed')}n v=1 1\nn v=2 2\n`);
  const reasons = readFileSync(`${path}.rejected.jsonl`, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(reasons.map(({ line, code: name, database }) => [line, name, database]), [
    [4, 'type-conflict', 'd'], [8, 'type-conflict', 'd'], [10, 'fields-missing', 'd'], [11, 'tag-value-missing', 'd'], [12, 'type-conflict', 'd'],
    [14, 'bad-database-name', 'not.allowed'],
  ]);
  assert.deepEqual([reasons[0].source, reasons[0].message], ['m v=1.5 2', 'field type conflict: column "v" of table "m" has type integer, float came']);
  assert.equal(reasons[1].source, 'm note="a\nb",v="c" 4');
  assert.equal(reasons[4].source, lines[9], 'the whole line');
  const mended = write('mended', kept.replaceAll('v=1.5', 'v=15i').replace('v="c"', 'v=4i').replace('nofield\n', '').replace('m,t=', 'm,t=x').replace('v=2 6', 'v=6i 6').replace('not.allowed', 'allowed'));
  assert.equal(imports(dataDir, mended).code, 0);
  await compare(dataDir, 'allowed', 'n v=1 1\nn v=2 2');
  assert.match(sluice(['query', '--data-dir', dataDir, '--database', 'd', '--format', 'csv', 'SELECT count(*) AS n FROM m']).stdout, /^n\r?\n6\b/);
});

test('every line of a file that is none is refused with a reason', () => {
  const dataDir = freshDataDir();
  const path = write('nonsense', 'nonsense\n'.repeat(2500));
  const { code, stdout } = imports(dataDir, '--database', 'd', path);
  assert.deepEqual([code, stdout.slice(path.length, path.length + 34)], [1, ': 0 lines imported, 2500 rejected,']);
  assert.equal(readFileSync(`${path}.rejected.lp`, 'utf8'), 'nonsense\n'.repeat(2500));
  const reasons = readFileSync(`${path}.rejected.jsonl`, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(reasons.map(({ line }) => line), Array.from({ length: 2500 }, (_, i) => i + 1));
  assert.ok(reasons.every(({ message, source }) => source === 'nonsense' && message.startsWith('the line has no valid field')));
});

test('a packed file that is cut short stores what it holds, and says so', async () => {
  const dataDir = freshDataDir();
  const whole = Array.from({ length: 50_000 }, (_, i) => `m,host=h${i % 97} v=${(i * 7919) % 65_521}i ${i}\n`).join('');
  const packed = gzipSync(whole);
  const path = write('cut.gz', packed.subarray(0, packed.length / 2));
  const { code, stderr } = sluice(['import', '--data-dir', dataDir, '--database', 'd', '--precision', 'ns', path]);
  assert.equal(code, 1);
  assert.match(stderr, /^sluice: .*cut\.gz: unexpected end of file; all up to line \d+ is stored, the same command goes on from there$/m);
});

test('a year of one table makes few files', () => {
  const dataDir = freshDataDir();
  const start = 1_700_000_000;
  const lines = Array.from({ length: 365 * 24 * 4 }, (_, i) => `year,host=h${i % 5} v=${i}i ${start + i * 900}\n`);
  const path = write('year.lp', lines.join(''));
  assert.equal(imports(dataDir, '--database', 'd', '--precision', 's', path).code, 0);
  const { stdout } = sluice(['tables', '--data-dir', dataDir, '--format', 'json']);
  const [{ files, rows }] = JSON.parse(stdout);
  assert.equal(rows, lines.length);
  assert.ok(files <= 2, `${files} files`);
});

test('a running server takes bodies within its limits, and strings over their ends stay whole', async () => {
  const dataDir = join(folder, 'served');
  const server = await TestServer.start(dataDir, ['--body-bytes-max', '4KiB', '--body-lines-max', '50']);
  const text = Array.from({ length: 400 }, (_, i) => `m,host=h${i % 7} v=${i}i,note="${i % 3 === 0 ? `line\n# CONTEXT-DATABASE:x\n${'long '.repeat(i)}\n` : 'short'}" ${i}\n`).join('');
  const { code, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, 'import', '--data-dir', dataDir, '--database', 'd', '--precision', 'ns', write('long.lp', text)], { encoding: 'utf8' }) as unknown as { code: number; stdout: string; stderr: string };
  assert.match(stdout, /: 400 lines imported, 0 rejected/, `${code} ${stderr}`);
  assert.equal(await server.stop(), 0);
  await compare(dataDir, 'd', text);
});

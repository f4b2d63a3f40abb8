import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { KIND_F64 } from '../../assembly/layout/codes.js';
import type { ControlHandlers } from '../../src/control/commands.js';
import { bindControl } from '../../src/control/server.js';
import { SETTINGS } from '../../src/config.js';
import { systemDisk } from '../../src/disk.js';
import { dataPaths } from '../../src/names.js';
import { openDuck, quoteText } from '../../src/query/duckdb.js';
import { VERSION } from '../../src/version.js';
import { root } from '../root.js';
import { sluice } from './run.js';
import { OVERVIEW } from './overview.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
after(() => rmSync(folder, { recursive: true }));

test('the version is that of package.json', async () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  assert.equal(VERSION, manifest.version);
  for (const asked of ['--version', '-v', 'version']) assert.deepEqual(await sluice([asked]), { code: 0, stdout: `${VERSION}\n`, stderr: '' });
});

test('help is on stdout, and that of serve has every setting', async () => {
  const help = await sluice(['--help']);
  assert.equal(help.code, 0);
  for (const command of ['serve', 'database', 'token', 'tables', 'flush', 'query', 'parse', 'import']) assert.match(help.stdout, new RegExp(`^ {2}${command}\\b`, 'm'));
  const { code, stdout } = await sluice(['serve', '--help']);
  assert.equal(code, 0);
  const words = stdout.replace(/\s+/g, ' ');
  for (const setting of SETTINGS) {
    assert.ok(words.includes(` --${setting.flag} `), setting.flag);
    assert.ok(words.includes(`(${setting.unit}, ${setting.default === '' ? 'no default' : `default ${setting.default}`}`), setting.flag);
  }
});

test('what is asked wrongly ends with 2 and a sentence on stderr', async () => {
  const cases: [args: string[], words: RegExp][] = [
    [[], /Usage: sluice/],
    [['fly'], /unknown command 'fly'/],
    [['query'], /missing required argument 'sql'/],
    [['query', '--format', 'xml', 'SELECT 1'], /Allowed choices are pretty, json, jsonl, csv, tsv, parquet/],
    [['parse', '--precision', 'fortnight'], /Allowed choices are/],
    [['serve', '--nope'], /unknown option '--nope'/],
    [['token', 'create'], /say --admin, or --database PATTERN and --permission/],
    [['token', 'create', '--database', 'a'], /say --admin, or --database PATTERN and --permission/],
    [['token', 'create', '--admin', '--permission', 'read'], /--admin allows everything/],
    [['token', 'create', '--database', 'a', '--permission', 'rule'], /--permission is "rule": it must be read, write or read,write/],
    [['token', 'create', '--admin', '--expires', '90'], /--expires is "90": it must be a time as in 30m, 12h, 90d or 1y/],
    [['token', 'create', '--admin', '--expires', '0d'], /--expires is "0d"/],
    [['database', 'create', 'a', '--types', 'loose'], /Allowed choices are strict, widen, split/],
    [['database', 'update', 'a'], /say what to change: --tags, --types or --retention/],
    [['serve', '--prot', '8086'], /unknown option '--prot'\n\(Did you mean --port\?\)\n\(sluice serve --help says more\)/],
    [['database', 'create', '--tag'], /\(sluice database create --help says more\)/],
    [['serve', '--port', '70000'], /--port is "70000": it must be a port from 0 to 65535/],
    [['serve', '--port', '1', '--http-bind', ':1'], /--port is short for --http-bind: give one of them/],
    [['rejected', '--follow', '--format', 'csv'], /--follow prints jsonl/],
    [['tables', '--data-dir', ''], /--data-dir is "": it must be the path of a folder/],
  ];
  for (const [args, words] of cases) {
    const { code, stdout, stderr } = await sluice(args);
    assert.deepEqual([code, stdout], [2, ''], args.join(' '));
    assert.match(stderr, words);
  }
});

test('a data folder that is not there is not made', async () => {
  const dataDir = join(folder, 'none');
  const { code, stdout, stderr } = await sluice(['tables', '--data-dir', dataDir]);
  assert.deepEqual([code, stdout, stderr], [1, '', `sluice: there is no data folder ${dataDir}\n`]);
  assert.equal(existsSync(dataDir), false);
});

test('D18: serve listens on --port', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sl-'));
  const child = spawn(process.execPath, [join(root, 'bin/sluice.cjs'), 'serve', '--port', '0', '--http-compat-bind', 'none', '--data-dir', dataDir], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    assert.match(said.toString(), / on http:\/\/127\.0\.0\.1:[1-9]\d*, /);
  } finally {
    child.kill();
    await once(child, 'close');
    rmSync(dataDir, { recursive: true });
  }
});

test('commands ask the server that holds the folder', async (t) => {
  const file = join(folder, '1.parquet');
  const duck = await openDuck('maker');
  await duck.run(`COPY (SELECT make_timestamptz(0) AS time, 0::INTEGER AS sluice_ns, 1::BIGINT AS sluice_seq, 1.5 AS load) TO ${quoteText(file)} (FORMAT parquet)`);
  duck.close();
  const asked: unknown[] = [];
  const handlers: ControlHandlers = {
    'status': async () => ({ pid: process.pid, problems: [], bodyBytesMax: 1, bodyLinesMax: 1 }),
    'overview': async () => OVERVIEW,
    'write': async () => ({ kind: 'stored' }),
    'delete': async ({ measurement }) => ({ tables: measurement === 'none' ? 0 : 2 }),
    'compact': async ({ database }) => ({ tables: 2, jobs: database === null ? 3 : 0, failed: database === 'full' ? [{ database, measurement: 'm', reason: 'ENOSPC: no space left on device, write' }] : [] }),
    'flush': async (args) => {
      asked.push(args);
      if (args.database === 'gone') throw new Error('there is no database "gone"');
      if (args.database === 'full') return { tables: 1, failed: [{ database: 'full', measurement: 'cpu', reason: "ENOSPC: no space left on device, open '/d/1'" }] };
      return { tables: 1, failed: [] };
    },
    'tables': async () => [{ database: 'db', measurement: 'cpu', columns: [{ id: 1, kind: KIND_F64, key: 'load', name: 'load' }], rows: 1, unflushed: 3, files: [file], quarantined: [], flushedTo: 5, problems: [] }],
    'files': async () => {
      throw new Error('it is not asked here');
    },
    'log-hold': async () => ({ hold: 'a', segments: [] }),
    'log-release': async () => ({ held: true }),
    'schema': async () => [{ database: 'db', measurement: 'cpu', columns: [{ id: 1, kind: KIND_F64, key: 'load', name: 'load' }] }],
    'tables-to-read': async (args) => {
      asked.push(args);
      return {
        failed: [],
        tables: [{ database: 'db', measurement: 'cpu', columns: [{ id: 1, kind: KIND_F64, key: 'load', name: 'load' }], rows: 1, unflushed: 3, since: null, deletes: [], files: [{ path: file, span: null, deletes: [] }], quarantined: [], drafts: [], after: 5, flushedTo: 5, problems: [] }],
      };
    },
    'quarantine-list': async () => [],
    'quarantine-remove': async () => ({}),
    'database-create': async ({ name }) => ({ created: name === 'new' }),
    'database-list': async () => [
      { name: 'db', tables: 1, tags: 'grow', types: 'strict', retentionS: null }, { name: 'a,b', tables: 0, tags: 'fixed', types: 'split', retentionS: 5400 },
    ],
    'database-update': async ({ name, settings }) => {
      if (name === 'gone') throw new Error('there is no database gone');
      return { tags: 'grow', types: 'strict', retentionS: null, ...settings };
    },
    'database-drop': async () => ({ tables: 2, trash: { folder: '/data/trash', untilMs: 3_600_000 } }),
    'token-create': async ({ name, rights }) => ({ name: name ?? 'token-7', token: JSON.stringify(rights) }),
    'token-list': async () => [
      { id: 1, name: '_admin', createdMs: null, expiresMs: null, rights: 'admin' },
      { id: 2, name: 'agents', createdMs: 0, expiresMs: 86_400_000, rights: [{ databases: ['a', 'b*'], permissions: ['write'] }] },
    ],
    'token-rotate': async ({ name }) => ({ name, token: 'new text' }),
    'token-delete': async () => ({}),
  };
  const control = await bindControl(dataPaths(folder).socket, systemDisk);
  t.after(() => control.close());
  control.serve(handlers);
  const says = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await sluice([...args, '--data-dir', folder]);
    assert.deepEqual([code, stderr], [0, '']);
    return stdout;
  };
  assert.equal(await says('database', 'create', 'new'), 'database new is made\n');
  assert.equal(await says('database', 'create', 'db'), 'database db was there already\n');
  assert.equal(await says('database', 'list', '--format', 'csv'), 'database,tables,tags,types,retention\ndb,1,grow,strict,none\n"a,b",0,fixed,split,90m\n');
  assert.equal(await says('database', 'create', 'db', '--types', 'split'), 'database db was there already, its settings stay (sluice database update changes them)\n');
  assert.equal(await says('database', 'update', 'db', '--tags', 'fixed'), 'database db has tags fixed, types strict, retention none from now on\n');
  assert.equal(await says('database', 'update', 'db', '--tags', 'fixed', '--types', 'widen'), 'database db has tags fixed, types widen, retention none from now on\n');
  assert.equal(await says('database', 'create', 'new', '--retention', '30d'), 'database new is made\n');
  assert.equal(await says('database', 'update', 'db', '--retention', '8w'), 'database db has tags grow, types strict, retention 56d from now on\n');
  assert.equal(await says('database', 'update', 'db', '--retention', 'none'), 'database db has tags grow, types strict, retention none from now on\n');
  for (const [period, why] of [['30', /--retention: "30" is no retention period: it must be a time as in 12h, 30d, 8w or 1y, or none/], ['59m', /at least 1h0m0s; none keeps all rows/], ['0', /at least/], ['293y', /292 years at most/]] as const) {
    const refused = await sluice(['database', 'update', 'db', '--retention', period, '--data-dir', folder]);
    assert.equal(refused.code, 2, period);
    assert.match(refused.stderr, why);
  }
  assert.equal(await says('database', 'delete', 'db'), 'database db is deleted, with 2 tables; what was in files is in /data/trash until 1970-01-01 01:00 UTC\n');
  assert.equal(await says('token', 'list', '--format', 'csv'), [
    'name,databases,permissions,created,expires',
    '_admin,*,admin,,',
    'agents,"a,b*",write,1970-01-01T00:00:00.000Z,1970-01-02T00:00:00.000Z',
    '',
  ].join('\n'));
  assert.equal(await says('token', 'delete', 'agents'), 'token agents is deleted\n');
  const made = await sluice(['token', 'create', '--database', 'a', '--database', 'b*', '--permission', 'read,write', '--data-dir', folder]);
  assert.deepEqual([made.code, made.stdout], [0, '[{"databases":["a","b*"],"permissions":["read","write"]}]\n']);
  assert.equal(made.stderr, 'token token-7 is made; its text is shown this once\n');
  const rotated = await sluice(['token', 'rotate', 'agents', '--data-dir', folder]);
  assert.deepEqual([rotated.stdout, rotated.stderr], ['new text\n', 'token agents is rotated; its text is shown this once\n']);
  assert.equal(await says('tables'), [
    'database  table  columns  files  rows  unflushed  problem',
    '--------  -----  -------  -----  ----  ---------  -------',
    'db        cpu          1      1     1          3',
    '(1 row)',
    '',
  ].join('\n'));
  assert.equal(await says('query', '--format', 'jsonl', 'SELECT time, load FROM cpu'), '{"time":"1970-01-01T00:00:00.000000000Z","load":1.5}\n');
  assert.equal(await says('query', '--database', 'db', '--format', 'csv', 'SELECT load FROM cpu'), 'load\n1.5\n');
  assert.equal(await says('flush', '--database', 'db'), 'all rows of 1 table are in files\n');
  assert.equal(await says('compact'), 'files of 2 tables are put together, in 3 jobs\n');
  assert.equal(await says('compact', '--database', 'db'), 'nothing is due for 2 tables\n');
  const stuck = await sluice(['compact', '--database', 'full', '--data-dir', folder]);
  assert.deepEqual([stuck.code, stuck.stderr], [1, 'sluice: files of m of database full could not be put together: the disk is full\n']);
  const named = { tables: [{ database: 'db', measurement: 'cpu' }] };
  const withoutFolder = (asked as Record<string, unknown>[]).map((args) => Object.fromEntries(Object.entries(args).filter(([key]) => key !== 'query')));
  assert.deepEqual(withoutFolder, [named, named, { database: 'db' }], 'a query asks for the tables that it names');
  for (const { query } of (asked as Record<string, unknown>[]).slice(0, 2)) assert.match(String(query), /^query-\d+-\d+$/);
  const failed = await sluice(['flush', '--database', 'gone', '--data-dir', folder]);
  assert.deepEqual([failed.code, failed.stderr], [1, 'sluice: there is no database "gone"\n']);
  const full = await sluice(['flush', '--database', 'full', '--data-dir', folder]);
  assert.deepEqual([full.code, full.stderr], [1, 'sluice: not all rows of cpu of database full are in files: the disk is full: /d/1\n']);
  const wrong = await sluice(['query', '--data-dir', folder, 'SELEC 1']);
  assert.deepEqual([wrong.code, wrong.stdout], [1, '']);
  assert.match(wrong.stderr, /^sluice: .*Parser Error: syntax error at or near "SELEC"/);
});

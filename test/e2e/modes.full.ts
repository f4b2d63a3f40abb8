/** Who may read what the server makes: never everyone, whatever the umask; a group when it is told which. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { post } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

/** Another group than that of this process, where one may be given away. */
const GROUP = 4242;
const ROOT_ALONE = process.getuid?.() === 0 ? false : 'only root may give files to a group it is not in';
const SECRETS = ['admin-token', 'tokens.json', 'sluice.sock'];

interface Seen {
  readonly path: string;
  readonly isFolder: boolean;
  readonly mode: number;
  readonly gid: number;
}

/** The folder and all in it. */
function walk(folder: string): Seen[] {
  const paths = [folder, ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))];
  return paths.map((path) => {
    const stat = lstatSync(path);
    return { path: relative(folder, path), isFolder: stat.isDirectory(), mode: stat.mode & 0o7777, gid: stat.gid };
  });
}

/** A server's life that leaves files of every kind, and what is in the folder while it runs. */
async function live(dataDir: string, ...args: readonly string[]): Promise<Seen[]> {
  const first = await TestServer.start(dataDir, ['--without-auth', ...args]);
  const body = 'kept,t=a v=1i 1\nnot a line\ngone v=1i 1';
  assert.equal((await post(first.url, '/write?db=d', Buffer.from(body))).status, 400);
  assert.equal((await post(first.url, '/api/v2/write?bucket=d', Buffer.from('kept,t=b v=1i 1'))).status, 204);
  assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
  assert.equal((await post(first.url, '/query?db=d&q=DROP%20MEASUREMENT%20gone', Buffer.alloc(0))).status, 200);
  assert.equal((await post(first.url, '/write?db=d', Buffer.from('kept v=2i 2'))).status, 204);
  const text = join(dataDir, '..', 'two.lp');
  writeFileSync(text, 'kept v=3i 3\n');
  assert.equal(sluice(['import', '--data-dir', dataDir, '--database', 'd', text]).code, 0);
  await first.kill();
  const log = join(dataDir, 'log', readdirSync(join(dataDir, 'log')).filter((name) => name.endsWith('.log')).at(-1)!);
  writeFileSync(log, 'torn', { flag: 'a' });
  const second = await TestServer.start(dataDir, ['--without-auth', ...args]);
  const seen = walk(dataDir);
  assert.equal(await second.stop(), 0);
  const kinds = [/^tokens\.json$/, /^admin-token$/, /^sluice\.sock$/, /^catalog\.json$/, /^log\/\d+\.log$/, /^rejects\/d\/\d+\.jsonl$/, /^quarantine\/.*\.bad$/,
    /^tables\/d\/kept\/.*\.parquet$/, /_delta_log\/0+\.json$/, /^trash\/.*\.parquet$/, /^imports$/, /^tmp$/];
  for (const kind of kinds) assert.ok(seen.some(({ path }) => kind.test(path)), `${kind} among ${seen.map(({ path }) => path).join(' ')}`);
  return [...seen, ...walk(dataDir)];
}

async function withFolder(body: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = makeDataDir();
  try {
    await body(dataDir);
  } finally {
    removeDataDir(dataDir);
  }
}

async function withUmask(umask: number, body: () => Promise<void>): Promise<void> {
  const before = process.umask(umask);
  try {
    await body();
  } finally {
    process.umask(before);
  }
}

const octal = ({ path, mode }: Seen): string => `${path} ${mode.toString(8)}`;

for (const [umask, folderMode, fileMode] of [[0, 0o750, 0o640], [0o022, 0o750, 0o640], [0o077, 0o700, 0o600]] as const) {
  test(`under umask ${umask.toString(8)} no file and no folder is for everyone, and secrets are their owner's`, () => withFolder(async (dataDir) => {
    await withUmask(umask, async () => {
      const seen = await live(dataDir);
      assert.deepEqual(seen.filter(({ mode }) => (mode & 0o007) !== 0).map(octal), []);
      const wanted = ({ path, isFolder }: Seen): number => (isFolder ? folderMode : SECRETS.includes(path) ? 0o600 : fileMode);
      assert.deepEqual(seen.filter((one) => one.mode !== wanted(one)).map(octal), []);
    });
  }));
}

test('--data-group: the group may read all but secrets, also what was made before', { skip: ROOT_ALONE }, () => withFolder(async (dataDir) => {
  await withUmask(0o022, async () => {
    await (await TestServer.start(dataDir)).stop();
    mkdirSync(join(dataDir, 'tables', 'old'), { recursive: true, mode: 0o700 });
    writeFileSync(join(dataDir, 'tables', 'old', 'x.parquet'), '', { mode: 0o644 });
    const seen = await live(dataDir, '--data-group', String(GROUP));
    assert.deepEqual(seen.filter(({ path, gid }) => gid !== GROUP && path !== 'sluice.sock').map(octal), []);
    assert.deepEqual(seen.filter(({ isFolder, mode }) => isFolder && (mode & 0o2050) !== 0o2050).map(octal), []);
    assert.deepEqual(seen.filter(({ path, isFolder, mode }) => !isFolder && (mode & 0o040) !== (SECRETS.includes(path) ? 0 : 0o040)).map(octal), []);
    assert.deepEqual(SECRETS.filter((path) => seen.some((one) => one.path === path && one.mode !== 0o600)), []);
  });
}));

test('--data-group by name; a folder that was given is not looked through again', { skip: ROOT_ALONE }, () => withFolder(async (dataDir) => {
  const [name, , id] = readFileSync('/etc/group', 'utf8').split('\n').map((line) => line.split(':')).find(([, , gid]) => gid !== undefined && gid !== '0')!;
  await (await TestServer.start(dataDir, ['--data-group', name!])).stop();
  assert.equal(lstatSync(join(dataDir, 'tokens.json')).gid, Number(id));
  const mine = join(dataDir, 'mine');
  writeFileSync(mine, '');
  chownSync(mine, 0, 0);
  chmodSync(mine, 0o604);
  await (await TestServer.start(dataDir, ['--data-group', name!])).stop();
  assert.deepEqual([lstatSync(mine).gid, lstatSync(mine).mode & 0o777], [0, 0o604]);
}));

test('--data-group that there is not stops the start with a sentence', () => withFolder(async (dataDir) => {
  const { code, stderr } = sluice(['serve', '--data-dir', dataDir, '--http-bind', '127.0.0.1:0', '--data-group', 'nobody-has-this']);
  assert.deepEqual([code, stderr], [1, 'sluice: --data-group: /etc/group knows no group nobody-has-this; give its number if it is kept elsewhere\n']);
}));

test('a key or admin token file that others may read is warned of', () => withFolder(async (dataDir) => {
  const file = join(dataDir, '..', 'admin.json');
  writeFileSync(file, JSON.stringify({ token: 'apiv3_given', name: 'robot' }), { mode: 0o644 });
  const server = await TestServer.start(dataDir, ['--admin-token-file', file]);
  assert.match(server.said, /the admin token file [^ ]*admin\.json can be read by others than its owner: chmod 600 keeps them out/);
  assert.equal(await server.stop(), 0);
}));

/** Every command of the README works when pasted, in the order of the page. (Installing in a clean clone: clean-clone.full.ts.) */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../root.js';
import { ADDRESS, INSTALL_AND_START, INSTALL_AND_TEST, readmeCommands } from './readme-commands.js';

/** What the output of a command must show; every command of the page stands here or is one of the two that install. */
const SHOWS: readonly (readonly [command: RegExp, shown: RegExp])[] = [
  [/^curl .*temperature="warm"/, /"code":"type-conflict"/],
  [/^curl .*\/metrics$/, /^sluice_points_total\{database="home"\} 1$/m],
  [/ rejected --database home$/, /home +1 +\d+ +type-conflict /],
  [/^curl /, /^HTTP\/1\.1 204 No Content/],
  [/ query --database home "SELECT time, room/, /2025-01-01T00:00:00\.000000000Z\s+kitchen\s+21\.5\s+48/],
  [/ serve --help$/, /--http-bind/],
  [/ database create metrics --tags fixed$/, /metrics is made/],
  [/ database update metrics --tags grow --types split$/, /tags grow, types split/],
  [/ database list$/, /metrics/],
  [/ tables$/, /climate/],
  [/ status$/, /^writes +taken$/m],
  [/ flush$/, /in files/],
  [/ files home\.climate --from 2025-01-01$/, /^\/.*\/tables\/home\/climate\/\S+\.parquet$/m],
  [/ check$/, /no problem$/m],
  [/ compact$/, /^nothing is due for \d+ tables?$/m],
  [/ backup data-backup$/, /^data-backup has \d+ files of/],
  [/ restore data-backup --data-dir data-restored$/, /data-restored has \d+ files of/],
  [/ query .*--format parquet --output climate.parquet/, /^$/],
  [/ query .*--format csv/, /^points\r?\n1\b/],
  [/ parse --precision s /, /"measurement":"home"/],
  [/ import --database metrics /, /: 26 lines imported, 0 rejected/],
  [/ delete metrics --measurement home /, /^rows of database metrics .* are deleted: measurement home up to .* with room=Kitchen, in 1 table/],
  [/ database delete metrics$/, /metrics/],
  [/ import --quarantine$/, /^0 rows are stored/],
  [/ import --rejected --code table-set-aside$/, /^0 lines are stored/],
  [/ token create /, /^apiv3_[\w-]{86}\n$/],
  [/ token list$/, /^agents +home\* +write /m],
  [/ token rotate agents$/, /^apiv3_[\w-]{86}\n$/],
  [/ token delete agents$/, /agents/],
];

test('every command of the README works as printed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sl-'));
  mkdirSync(join(folder, 'test'));
  for (const name of ['bin', 'dist', 'node_modules', 'package.json', 'test/data']) symlinkSync(join(root, name), join(folder, name));
  const server = spawn('npm', ['start'], { cwd: folder, env: { ...process.env, SLUICE_HTTP_BIND: '127.0.0.1:0', SLUICE_HTTP_COMPAT_BIND: 'none' }, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => server.on('close', resolve));
  try {
    const address = await new Promise<string>((resolve) => {
      let said = '';
      server.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const match = /http:\/\/(127\.0\.0\.1:\d+)/.exec(said);
        if (match !== null) resolve(match[1]!);
      });
    });
    for (const command of readmeCommands()) {
      if (command === INSTALL_AND_START || command === INSTALL_AND_TEST) continue;
      const shown = SHOWS.find(([pattern]) => pattern.test(command))?.[1];
      assert.ok(shown !== undefined, `the README has a command that this test does not know: ${command}`);
      const { stdout, stderr, status } = spawnSync('bash', ['-c', command.replace(ADDRESS, address)], { cwd: folder, encoding: 'utf8', timeout: 30_000 });
      assert.equal(status, 0, `${command}: ${stderr}`);
      assert.match(stdout, shown, `${command}: ${stderr}`);
    }
    const token = readFileSync(join(folder, 'data/admin-token'), 'utf8');
    assert.match(token, /^apiv3_[\w-]{86}\n$/);
  } finally {
    process.kill(-server.pid!, 'SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
});

/**
 * On a new machine: a clone in a fresh folder, an empty npm cache, and no compiler on the PATH; then the README's first
 * screen, from nothing to a queried row. (CI itself runs the other command, `npm ci && npm test`, in a fresh clone.)
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { root } from '../root.js';
import { ADDRESS, INSTALL_AND_START, readmeCommands } from './readme-commands.js';

/** What a machine with Node and nothing to compile with has. */
const TOOLS = ['node', 'npm', 'npx', 'git', 'curl', 'sh', 'bash', 'env', 'cat', 'uname', 'ls', 'mkdir', 'rm', 'cp', 'mv', 'chmod', 'sed', 'grep', 'dirname', 'which', 'nproc'];
const COMPILERS = ['cc', 'gcc', 'g++', 'clang', 'make', 'python3', 'python'];

function find(tool: string): string | undefined {
  return process.env['PATH']!.split(delimiter).map((folder) => join(folder, tool)).find((path) => existsSync(path));
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });
}

for (const withCompiler of [true, false]) {
  test(`the README's first screen works in a clean clone, ${withCompiler ? 'as it is' : 'without a compiler'}`, async (context) => {
    if (!existsSync(join(root, '.git'))) return context.skip('this is no git clone, so it cannot be cloned');
    if (!(await isFree(8181))) return context.skip('port 8181, which the README names, is taken on this machine');
    const folder = mkdtempSync(join(tmpdir(), 'sl-'));
    const clone = join(folder, 'clone'), tools = join(folder, 'bin');
    mkdirSync(tools);
    for (const tool of TOOLS) if (find(tool) !== undefined) symlinkSync(find(tool)!, join(tools, tool));
    const env = { ...process.env, npm_config_cache: join(folder, 'cache'), ...(withCompiler ? {} : { PATH: tools }) };
    for (const compiler of COMPILERS) assert.ok(withCompiler || !existsSync(join(tools, compiler)));
    assert.equal(spawnSync('git', ['clone', '--quiet', root, clone]).status, 0);
    const server = spawn('bash', ['-c', INSTALL_AND_START], { cwd: clone, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<number | null>((resolve) => server.on('close', resolve));
    let said = '';
    try {
      await new Promise<void>((resolve, reject) => {
        const take = (chunk: Buffer): void => {
          said += chunk.toString();
          if (said.includes(`http://${ADDRESS}`)) resolve();
        };
        server.stdout.on('data', take);
        server.stderr.on('data', take);
        void ended.then((code) => reject(new Error(`it ended with ${code}: ${said}`)));
      });
      assert.doesNotMatch(said, /npm warn/i, 'the installation warns');
      for (const command of readmeCommands().slice(1, 3)) {
        const { stdout, stderr, status } = spawnSync('bash', ['-c', command], { cwd: clone, env, encoding: 'utf8' });
        assert.equal(status, 0, `${command}: ${stderr}`);
        assert.match(stdout, /204 No Content|kitchen\s+21\.5\s+48/, command);
      }
    } finally {
      if (server.exitCode === null) process.kill(-server.pid!, 'SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

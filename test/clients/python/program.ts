/** Debian's python3 with its python3-influxdb, which is unpacked into a cache folder where it is not installed. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const PYTHON = '/usr/bin/python3';
const PACKAGE = 'python3-influxdb';

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Runs Debian's Python with `input` on stdin. */
type Python = (args: readonly string[], input: string, env?: Readonly<Record<string, string>>) => Promise<Ran>;

function canImport(env: NodeJS.ProcessEnv): boolean {
  return spawnSync(PYTHON, ['-c', 'import influxdb'], { env }).status === 0;
}

/** Runs a Debian tool in a folder. @throws Error with what it said */
function debian(folder: string, tool: string, ...args: string[]): string {
  const { stdout, stderr, status, error } = spawnSync(tool, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')} failed (has apt-get update run?): ${error?.message ?? stderr}`);
  return stdout;
}

/** Unpacks the package, and of those it needs all that are not installed. @throws Error when one cannot be had */
function unpack(target: string): void {
  mkdirSync(join(target, '..'), { recursive: true });
  const build = mkdtempSync(`${target}.build-`);
  try {
    const names = [...debian(build, 'apt-get', 'install', '--simulate', '--no-install-recommends', PACKAGE).matchAll(/^Inst (\S+)/gm)].map(([, name]) => name!);
    debian(build, 'apt-get', 'download', ...names);
    for (const file of readdirSync(build)) debian(build, 'dpkg', '-x', file, '.');
    if (!existsSync(target)) renameSync(build, target);
  } finally {
    rmSync(build, { recursive: true, force: true });
  }
}

/**
 * Python with the client, which it downloads when neither the system nor the cache folder has it.
 * @returns `missing`: why it cannot be had here
 * @throws Error for what is missing when CI=true
 */
export function pythonWithInfluxdb(): { readonly python: Python } | { readonly missing: string } {
  const folder = join(process.env['SLUICE_TEST_CACHE'] ?? join(homedir(), '.cache/sluice-test'), PACKAGE);
  const base: NodeJS.ProcessEnv = { ...process.env, PYTHONPATH: join(folder, 'usr/lib/python3/dist-packages') };
  try {
    if (!canImport(base)) unpack(folder);
    if (!canImport(base)) throw new Error(`${PYTHON} cannot import influxdb; ${folder} may be of another system: remove it`);
  } catch (error) {
    const missing = `Debian's ${PACKAGE} cannot be had: ${(error as Error).message}`;
    if (process.env['CI'] === 'true') throw new Error(missing, { cause: error });
    return { missing };
  }
  return {
    python: async (args, input, env = {}) => {
      const child = spawn(PYTHON, args, { env: { ...base, ...env } });
      const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
      child.stdin.end(input);
      const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
      return { stdout, stderr, code };
    },
  };
}

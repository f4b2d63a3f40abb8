/** Python with delta-rs (deltalake of PyPI), in a virtual environment in a cache folder. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const PYTHON = '/usr/bin/python3';
const PACKAGES = ['deltalake==1.6.6', 'pyarrow==26.0.1', 'arro3-core==0.9.1'] as const;

function run(tool: string, ...args: string[]): void {
  const { stderr, status, error } = spawnSync(tool, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')} failed: ${error?.message ?? stderr}`);
}

function canImport(python: string): boolean {
  return existsSync(python) && spawnSync(python, ['-c', 'import deltalake, pyarrow']).status === 0;
}

/** Its interpreter is a link, and modules are found beside it: the folder may be renamed. @throws Error when a package cannot be had */
function install(target: string): void {
  mkdirSync(join(target, '..'), { recursive: true });
  const build = mkdtempSync(`${target}.build-`);
  try {
    run(PYTHON, '-m', 'venv', build);
    run(join(build, 'bin/python'), '-m', 'pip', 'install', '--quiet', '--only-binary=:all:', ...PACKAGES);
    if (!existsSync(target)) renameSync(build, target);
  } finally {
    rmSync(build, { recursive: true, force: true });
  }
}

/**
 * The interpreter that can import deltalake, which is downloaded when the cache folder does not have it.
 * @returns `missing`: why it cannot be had here
 * @throws Error for what is missing when CI=true
 */
export function pythonWithDeltalake(): { readonly python: string } | { readonly missing: string } {
  const folder = join(process.env['SLUICE_TEST_CACHE'] ?? join(homedir(), '.cache/sluice-test'), PACKAGES.join('+'));
  const python = join(folder, 'bin/python');
  try {
    if (!canImport(python)) install(folder);
    if (!canImport(python)) throw new Error(`${python} cannot import deltalake; it may be of another system: remove ${folder}`);
  } catch (error) {
    const missing = `${PACKAGES.join(' ')} cannot be had: ${(error as Error).message}`;
    if (process.env['CI'] === 'true') throw new Error(missing, { cause: error });
    return { missing };
  }
  return { python };
}

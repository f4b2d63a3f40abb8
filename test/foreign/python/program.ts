/** Python with packages of PyPI, each set in a virtual environment of its own in a cache folder. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const PYTHON = '/usr/bin/python3';
const DELTALAKE = ['deltalake==1.6.6', 'pyarrow==26.0.1', 'arro3-core==0.9.1'] as const;

function run(tool: string, ...args: string[]): void {
  const { stderr, status, error } = spawnSync(tool, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')} failed: ${error?.message ?? stderr}`);
}

function canImport(python: string, modules: string): boolean {
  return existsSync(python) && spawnSync(python, ['-c', `import ${modules}`]).status === 0;
}

/** Its interpreter is a link, and modules are found beside it: the folder may be renamed. @throws Error when a package cannot be had */
function install(target: string, packages: readonly string[]): void {
  mkdirSync(join(target, '..'), { recursive: true });
  const build = mkdtempSync(`${target}.build-`);
  try {
    run(PYTHON, '-m', 'venv', build);
    run(join(build, 'bin/python'), '-m', 'pip', 'install', '--quiet', '--prefer-binary', ...packages);
    if (!existsSync(target)) renameSync(build, target);
  } finally {
    rmSync(build, { recursive: true, force: true });
  }
}

/**
 * The interpreter that can import packages, which are downloaded when the cache folder does not have them.
 * @param modules as an import names them
 * @returns `missing`: why it cannot be had here
 * @throws Error for what is missing when CI=true
 */
export function pythonWith(packages: readonly string[], modules: string): { readonly python: string } | { readonly missing: string } {
  const folder = join(process.env['SLUICE_TEST_CACHE'] ?? join(homedir(), '.cache/sluice-test'), packages.join('+'));
  const python = join(folder, 'bin/python');
  try {
    if (!canImport(python, modules)) install(folder, packages);
    if (!canImport(python, modules)) throw new Error(`${python} cannot import ${modules}; it may be of another system: remove ${folder}`);
  } catch (error) {
    const missing = `${packages.join(' ')} cannot be had: ${(error as Error).message}`;
    if (process.env['CI'] === 'true') throw new Error(missing, { cause: error });
    return { missing };
  }
  return { python };
}

/** Python with delta-rs. */
export function pythonWithDeltalake(): ReturnType<typeof pythonWith> {
  return pythonWith(DELTALAKE, 'deltalake, pyarrow');
}

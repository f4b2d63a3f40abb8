/** The Python client of InfluxDB 2 from PyPI, in a virtual environment of the cache folder. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** With all it needs, so that every build is the same. */
const REQUIREMENTS = [
  'influxdb-client==1.50.0', 'certifi==2026.10.19.post1', 'python-dateutil==4.0.0', 'reactivex==6.1.0', 'setuptools==65.5.0',
  'typing-extensions==4.16.0', 'urllib3==2.8.0',
];

/** @throws Error with what the program said */
function run(command: string, ...args: string[]): void {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr}`);
}

/**
 * Path of a Python that can import influxdb_client; the first call on a machine downloads it.
 * @returns `missing`: why it cannot be had here
 * @throws Error for what is missing when CI=true
 */
export function pythonWithInfluxdbClient(): { readonly path: string } | { readonly missing: string } {
  const folder = join(process.env['SLUICE_TEST_CACHE'] ?? join(homedir(), '.cache/sluice-test'), 'influxdb-client-python-1.50.0');
  const path = join(folder, 'bin/python');
  // The last thing that is written: a build that was cut off is begun again.
  const done = join(folder, 'done');
  if (existsSync(done)) return { path };
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, '..'), { recursive: true });
    run('python3', '-m', 'venv', folder);
    run(path, '-m', 'pip', 'install', '--quiet', '--no-deps', ...REQUIREMENTS);
    run(path, '-c', 'import influxdb_client');
    writeFileSync(done, '');
    return { path };
  } catch (error) {
    const missing = `influxdb-client from PyPI cannot be had: ${(error as Error).message}`;
    if (process.env['CI'] === 'true') throw new Error(missing, { cause: error });
    return { missing };
  }
}

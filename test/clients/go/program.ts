/** A Go module in the cache folder that has the Go client of InfluxDB 2, from the Go module proxy. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const CLIENT = 'github.com/influxdata/influxdb-client-go/v2@v2.14.0';

/**
 * A folder in which `go run FILE` finds the client; the first call on a machine downloads it.
 * @returns `missing`: why it cannot be had here
 * @throws Error for what is missing when CI=true
 */
export function goClientFolder(): { readonly folder: string } | { readonly missing: string } {
  const folder = join(process.env['SLUICE_TEST_CACHE'] ?? join(homedir(), '.cache/sluice-test'), 'influxdb-client-go-2.14.0');
  // `go get` writes it when it has everything.
  if (existsSync(join(folder, 'go.sum'))) return { folder };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'go.mod'), 'module clients\n\ngo 1.21\n');
  const { status, error, stderr } = spawnSync('go', ['get', CLIENT], { cwd: folder, encoding: 'utf8' });
  if (status === 0) return { folder };
  const missing = `${CLIENT} cannot be had: ${error?.message ?? stderr}`;
  if (process.env['CI'] === 'true') throw new Error(missing);
  return { missing };
}

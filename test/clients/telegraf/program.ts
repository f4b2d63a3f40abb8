/** The real Telegraf, built once from the Go module proxy and kept in a cache folder outside the clone. */
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const VERSION = '1.39.3';
const GO_VERSION_MIN = [1, 26] as const;
const BUILD_MS_MAX = 20 * 60_000;

/** Plugins by their build tags: `custom` leaves out all that are not named. */
const TAGS = [
  'custom', 'inputs.file', 'inputs.tail', 'outputs.influxdb', 'outputs.influxdb_v2', 'outputs.influxdb_v3', 'outputs.http',
  'parsers.influx', 'serializers.influx',
].join(',');
const BUILD = [
  'install', '-trimpath', '-buildvcs=false', '-tags', TAGS, '-ldflags', `-s -w -X github.com/influxdata/telegraf/internal.Version=${VERSION}`,
  `github.com/influxdata/telegraf/cmd/telegraf@v${VERSION}`,
];

/** Waits for a build of another test, looks again, builds beside and renames: a build that was cut off leaves nothing. */
const SCRIPT = 'test -x "$0" || { nice go "$@" && mv "$GOBIN/telegraf" "$0" && rmdir "$GOBIN"; }';

function goProblem(): string | null {
  const { stdout, error } = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' });
  const wanted = `Telegraf ${VERSION} is built with Go ${GO_VERSION_MIN.join('.')} or newer`;
  if (error !== undefined) return `${wanted}, and there is no go: ${error.message}`;
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(stdout) ?? [];
  const fits = Number(major) > GO_VERSION_MIN[0] || (Number(major) === GO_VERSION_MIN[0] && Number(minor) >= GO_VERSION_MIN[1]);
  return fits ? null : `${wanted}, this machine has ${stdout.trim() || 'one that does not say its version'}`;
}

/**
 * Path of the program. The first call on a machine builds it: some minutes on both cores.
 * @returns `missing`: why it cannot be had here
 * @throws Error when the build fails, and for what is missing when CI=true
 */
export async function telegrafProgram(): Promise<{ readonly path: string } | { readonly missing: string }> {
  const folder = process.env['SLUICE_TEST_CACHE'] ?? join(homedir(), '.cache/sluice-test');
  const key = createHash('sha256').update(BUILD.join(' ')).digest('hex').slice(0, 8);
  const path = join(folder, `telegraf-${VERSION}-${key}`);
  if (!existsSync(path)) {
    const missing = goProblem();
    if (missing !== null) {
      if (process.env['CI'] === 'true') throw new Error(missing);
      return { missing };
    }
    mkdirSync(folder, { recursive: true });
    const env = { ...process.env, GOBIN: `${path}.build`, CGO_ENABLED: '0' };
    await promisify(execFile)('flock', [`${path}.lock`, 'sh', '-c', SCRIPT, path, ...BUILD], { env, timeout: BUILD_MS_MAX, maxBuffer: 1 << 26 });
  }
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  if (!stdout.startsWith(`Telegraf ${VERSION}`)) throw new Error(`${path} says it is ${JSON.stringify(stdout)}: remove it`);
  return { path };
}

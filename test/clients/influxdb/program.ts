/**
 * Debian's influxdb (1.6.7 in bookworm), unpacked into a cache folder where it is not installed, and influx_inspect, which
 * Debian leaves out: built from the Go module proxy. The files that it reads are the same since 1.3.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const PACKAGE = 'influxdb';
const INSPECT_VERSION = '1.8.10';
const INSPECT_PACKAGE = 'github.com/influxdata/influxdb/cmd/influx_inspect';
const READY_MS_MAX = 30_000;

export interface InfluxPrograms {
  readonly influxd: string;
  readonly inspect: string;
}

/** Runs a tool in a folder. @throws Error with what it said */
function run(folder: string, tool: string, ...args: string[]): void {
  const { stderr, status, error } = spawnSync(tool, args, { cwd: folder, encoding: 'utf8', env: { ...process.env, GOFLAGS: '-mod=mod', CGO_ENABLED: '0' } });
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')} failed: ${error?.message ?? stderr}`);
}

/** Has `make` fill a folder beside the target, and renames it: what was cut off leaves nothing. */
function madeOnce(target: string, make: (folder: string) => void): void {
  if (existsSync(target)) return;
  mkdirSync(join(target, '..'), { recursive: true });
  const build = mkdtempSync(`${target}.build-`);
  try {
    make(build);
    if (!existsSync(target)) renameSync(build, target);
  } finally {
    rmSync(build, { recursive: true, force: true });
  }
}

function unpackDebian(folder: string): void {
  run(folder, 'apt-get', 'download', PACKAGE);
  for (const file of readdirSync(folder)) run(folder, 'dpkg', '-x', file, '.');
}

function buildInspect(folder: string): void {
  writeFileSync(join(folder, 'go.mod'), `module inspect\n\ngo 1.21\n\nrequire github.com/influxdata/influxdb v${INSPECT_VERSION}\n`);
  writeFileSync(join(folder, 'tools.go'), `//go:build tools\n\npackage tools\n\nimport _ "${INSPECT_PACKAGE}"\n`);
  run(folder, 'go', 'build', '-trimpath', '-ldflags', '-s -w', '-o', 'influx_inspect', INSPECT_PACKAGE);
}

/**
 * Paths of both programs; the first call on a machine takes about a minute.
 * @returns `missing`: why they cannot be had here
 * @throws Error for what is missing when CI=true
 */
export function influxPrograms(): InfluxPrograms | { readonly missing: string } {
  const cache = process.env['SLUICE_TEST_CACHE'] ?? join(homedir(), '.cache/sluice-test');
  const debian = join(cache, 'influxdb-debian'), inspect = join(cache, `influx_inspect-${INSPECT_VERSION}`);
  try {
    madeOnce(debian, unpackDebian);
    madeOnce(inspect, buildInspect);
  } catch (error) {
    const missing = `InfluxDB cannot be had (it needs apt-get with Debian's lists, dpkg and Go): ${(error as Error).message}`;
    if (process.env['CI'] === 'true') throw new Error(missing, { cause: error });
    return { missing };
  }
  return { influxd: join(debian, 'usr/bin/influxd'), inspect: join(inspect, 'influx_inspect') };
}

/** A running influxd with a folder of its own, on a free port. */
export class Influxd {
  readonly url: string;
  readonly #folder: string;
  readonly #programs: InfluxPrograms;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(url: string, folder: string, programs: InfluxPrograms, child: ChildProcess, ended: Promise<unknown>) {
    this.url = url;
    this.#folder = folder;
    this.#programs = programs;
    this.#child = child;
    this.#ended = ended;
  }

  /** @throws Error with all it said when it does not listen in time */
  static async start(folder: string, programs: InfluxPrograms): Promise<Influxd> {
    const config = join(folder, 'influxdb.conf');
    writeFileSync(config, [
      'reporting-disabled = true', 'bind-address = "127.0.0.1:0"',
      '[meta]', `  dir = "${folder}/meta"`,
      // Written to files at once, when writes pause.
      '[data]', `  dir = "${folder}/data"`, `  wal-dir = "${folder}/wal"`, '  cache-snapshot-write-cold-duration = "1s"',
      '[http]', '  bind-address = "127.0.0.1:0"', '  log-enabled = false', '',
    ].join('\n'));
    const child = spawn(programs.influxd, ['-config', config], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: folder } });
    const ended = new Promise((resolve) => child.on('close', resolve));
    let said = '';
    const url = await new Promise<string>((resolve, reject) => {
      const late = setTimeout(() => child.kill('SIGKILL'), READY_MS_MAX);
      child.stderr!.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const address = /msg="Listening on HTTP"[^\n]*|Listening on HTTP[^\n]*/.exec(said)?.[0];
        const port = /addr=127\.0\.0\.1:(\d+)/.exec(address ?? '')?.[1];
        if (port === undefined) return;
        clearTimeout(late);
        resolve(`http://127.0.0.1:${port}`);
      });
      void ended.then(() => reject(new Error(`influxd ended: ${said}`)));
    });
    return new Influxd(url, folder, programs, child, ended);
  }

  /** @throws Error with the answer */
  async query(statement: string): Promise<void> {
    await this.#post('/query', new URLSearchParams({ q: statement }));
  }

  /** Writes a body in nanoseconds. @throws Error with the answer */
  async write(database: string, policy: string, body: string): Promise<void> {
    await this.#post(`/write?${new URLSearchParams({ db: database, rp: policy })}`, body);
  }

  /** Resolves when a database has data files beside its write-ahead log. */
  async snapshotted(database: string): Promise<void> {
    const folder = join(this.#folder, 'data', database);
    const isThere = (): boolean => readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith('.tsm'));
    for (const until = Date.now() + READY_MS_MAX; !isThere(); await new Promise((resolve) => setTimeout(resolve, 50))) {
      if (Date.now() > until) throw new Error(`influxd wrote no data file of ${database} in ${READY_MS_MAX} ms`);
    }
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }

  /** Exports everything it holds; call it when it has stopped. @param flags more of influx_inspect export */
  export(out: string, ...flags: readonly string[]): void {
    run(this.#folder, this.#programs.inspect, 'export', '-datadir', join(this.#folder, 'data'), '-waldir', join(this.#folder, 'wal'), '-out', out, ...flags);
  }

  async #post(path: string, body: string | URLSearchParams): Promise<void> {
    const answer = await fetch(`${this.url}${path}`, { method: 'POST', body });
    const text = await answer.text();
    if (!answer.ok || text.includes('"error"')) throw new Error(`influxd answered ${answer.status}: ${text}`);
  }
}

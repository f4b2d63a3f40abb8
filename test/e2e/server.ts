/** Starts the real program as a child process, on a free port and a data folder of its own. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../root.js';

export const PROGRAM = join(root, 'bin/sluice.cjs');
/** Tests look at files as they were flushed, and run beside one another: one port each. A flag goes before a variable. */
export const SERVER_ENV = { ...process.env, SLUICE_MAINTENANCE_CPU: '0', SLUICE_HTTP_COMPAT_BIND: 'none' };
/** No start takes so long: then the machine is slow, not the server wrong. */
const READY_MS_MAX = 120_000;

/** A new folder below the system's temporary one; short, for it holds a socket. */
export function makeDataDir(): string {
  return join(mkdtempSync(join(tmpdir(), 'sl-')), 'd');
}

/** Waits until a first snapshot of the catalog is on disk: without one a start looks into every table. @throws Error when none comes */
export async function snapshotIn(dataDir: string): Promise<void> {
  for (const end = performance.now() + READY_MS_MAX; !existsSync(join(dataDir, 'catalog.json')); await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (performance.now() > end) throw new Error(`no snapshot of the catalog after ${READY_MS_MAX} ms`);
  }
}

/** Servers that run, by data folder: one that a failed test left behind would keep the test process alive. */
const running = new Map<string, ChildProcess>();

/** Removes a data folder, after an end by force of the server that still holds it. */
export function removeDataDir(dataDir: string): void {
  running.get(dataDir)?.kill('SIGKILL');
  rmSync(join(dataDir, '..'), { recursive: true, force: true });
}

export class TestServer {
  readonly dataDir: string;
  readonly url: string;
  readonly child: ChildProcess;
  readonly #ended: Promise<number | null>;
  readonly #said: string[];

  private constructor(dataDir: string, url: string, child: ChildProcess, ended: Promise<number | null>, said: string[]) {
    this.dataDir = dataDir;
    this.url = url;
    this.child = child;
    this.#ended = ended;
    this.#said = said;
  }

  /**
   * Resolves when the server says that it can be written to.
   * @param onSaid takes what it prints, as it comes
   * @throws Error with all it said when it ends before
   */
  static async start(dataDir: string, args: readonly string[] = ['--without-auth'], env: Record<string, string> = {}, onSaid: (text: string) => void = () => undefined): Promise<TestServer> {
    const child = spawn(process.execPath, [PROGRAM, 'serve', '--data-dir', dataDir, '--http-bind', '127.0.0.1:0', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...SERVER_ENV, ...env },
    });
    const said: string[] = [];
    running.set(dataDir, child);
    const ended = new Promise<number | null>((resolve) => child.on('close', (code) => {
      if (running.get(dataDir) === child) running.delete(dataDir);
      resolve(code);
    }));
    const url = await new Promise<string>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`not ready after ${READY_MS_MAX} ms: ${said.join('')}`)), READY_MS_MAX);
      const take = (chunk: Buffer): void => {
        said.push(chunk.toString());
        const [, scheme, port] = /(https?):\/\/(?:127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):(\d+)/.exec(said.join('')) ?? [];
        if (scheme === undefined) return;
        clearTimeout(late);
        resolve(`${scheme}://127.0.0.1:${port}`);
      };
      child.stdout!.on('data', take);
      child.stderr!.on('data', (chunk: Buffer) => said.push(chunk.toString()));
      for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => onSaid(chunk.toString()));
      void ended.then((code) => {
        clearTimeout(late);
        reject(new Error(`the server ended with ${code}: ${said.join('')}`));
      });
    });
    return new TestServer(dataDir, url, child, ended, said);
  }

  /** Everything it printed so far. */
  get said(): string {
    return this.#said.join('');
  }

  get token(): string {
    return readFileSync(join(this.dataDir, 'admin-token'), 'utf8').trim();
  }

  /** kill -9, as a power cut for the process. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#ended;
  }

  /** Sends signals, one right after the other; resolves with the exit code. */
  async stop(...signals: readonly NodeJS.Signals[]): Promise<number | null> {
    for (const signal of signals.length > 0 ? signals : ['SIGTERM'] as const) this.child.kill(signal);
    return this.#ended;
  }
}

/** Runs the command line; returns its output and exit code. */
export function sluice(args: readonly string[], input?: string | Buffer): { stdout: string; stderr: string; code: number | null } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [PROGRAM, ...args], {
    input, encoding: 'utf8', maxBuffer: 1 << 30, timeout: 240_000, env: SERVER_ENV,
  });
  return { stdout, stderr, code: status };
}

/** One run of Telegraf: a folder with its configuration and what it is to read, the process, and what its log says. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toml, type Section } from './toml.js';

export interface AgentOptions {
  /** `file` is read once, as a whole; `tail` as it grows. */
  readonly input: 'file' | 'tail';
  readonly outputs: readonly Section[];
  /** Default 1 s. */
  readonly flushIntervalS?: number;
  /** Default 1000 points. */
  readonly batchPoints?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** What the log says of an output: points it wrote, and its last flushes after which none was left. */
interface Counts {
  written: number;
  flushesEmpty: number;
}

/** By then it has read what it was given before the first of them. */
const FLUSHES_EMPTY = 3;
/** Points that wait in an output; over it the oldest are lost. */
const BUFFER_POINTS_MAX = 1_000_000;
const STOP_MS_MAX = 30_000;

export class Agent {
  readonly #program: string;
  readonly #folder: string;
  readonly #options: AgentOptions;
  #process: ChildProcess | null = null;
  #ended: Promise<number | null> = Promise.resolve(null);
  #log = '';
  #unfinished = '';
  #changed: () => void = () => {};
  readonly #outputs = new Map<string, Counts>();

  constructor(program: string, options: AgentOptions) {
    this.#program = program;
    this.#options = options;
    this.#folder = mkdtempSync(join(tmpdir(), 'sl-telegraf-'));
    writeFileSync(this.#input, '');
    writeFileSync(join(this.#folder, 'telegraf.conf'), this.#configuration());
  }

  get #input(): string {
    return join(this.#folder, 'input.lp');
  }

  /** Everything it said. */
  get log(): string {
    return this.#log;
  }

  /** Gives it more to read. */
  append(text: string): void {
    appendFileSync(this.#input, text);
    for (const counts of this.#outputs.values()) counts.flushesEmpty = 0;
  }

  /** Reads all there is, sends it, ends. @returns its exit code: 1 when it could not get rid of all points */
  async once(): Promise<number | null> {
    this.#spawn('--once');
    return this.#ended;
  }

  start(): void {
    this.#spawn();
  }

  /**
   * Resolves when every output says that it wrote so many points. (It does not say so of a batch that was stored in part,
   * as when one of several buckets could not be reached.)
   * @throws Error with the counts and the end of the log when that takes too long or it ends before
   */
  async wrote(points: number, msMax: number): Promise<void> {
    await this.#until(`${points} points are not written`, ({ written }) => written >= points, msMax);
  }

  /** Resolves when no output had a point left, flush after flush since it was given its last ones. @throws as `wrote` */
  async emptied(msMax: number): Promise<void> {
    await this.#until('points are left', ({ flushesEmpty }) => flushesEmpty >= FLUSHES_EMPTY, msMax);
  }

  async #until(problem: string, done: (counts: Counts) => boolean, msMax: number): Promise<void> {
    const deadline = AbortSignal.timeout(msMax);
    const over = once(deadline, 'abort');
    while (this.#outputs.size < this.#options.outputs.length || ![...this.#outputs.values()].every(done)) {
      const more = new Promise<void>((resolve) => (this.#changed = resolve));
      await Promise.race([more, over, this.#ended]);
      if (deadline.aborted || this.#process === null) {
        throw new Error(`${problem}: ${JSON.stringify([...this.#outputs])}\n${this.#log.slice(-3000)}`);
      }
    }
  }

  /** Ends it as a service manager does. */
  async stop(): Promise<void> {
    this.#process?.kill('SIGTERM');
    const late = setTimeout(() => this.#process?.kill('SIGKILL'), STOP_MS_MAX);
    await this.#ended;
    clearTimeout(late);
  }

  /** Stops it and removes its folder. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #spawn(...args: string[]): void {
    const child = spawn(this.#program, ['--config', 'telegraf.conf', ...args], {
      cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...this.#options.env },
    });
    this.#process = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    this.#ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        this.#process = null;
        resolve(code);
      });
    });
  }

  #read(text: string): void {
    this.#log += text;
    const lines = (this.#unfinished + text).split('\n');
    this.#unfinished = lines.pop()!;
    for (const line of lines) this.#count(line);
    this.#changed();
  }

  #count(line: string): void {
    const [, output, what, points] = /\[(outputs\.[^\]]+)\] +(Wrote batch of|Buffer fullness:) (\d+)/.exec(line) ?? [];
    if (output === undefined) return;
    const counts = this.#outputs.get(output) ?? { written: 0, flushesEmpty: 0 };
    this.#outputs.set(output, counts);
    if (what === 'Wrote batch of') counts.written += Number(points);
    else counts.flushesEmpty = points === '0' ? counts.flushesEmpty + 1 : 0;
  }

  #configuration(): string {
    const { input, outputs, flushIntervalS = 1, batchPoints = 1000 } = this.#options;
    const inputs: Section = input === 'file'
      ? ['[[inputs.file]]', { files: [this.#input], data_format: 'influx' }]
      : ['[[inputs.tail]]', {
          files: [this.#input], data_format: 'influx', initial_read_offset: 'beginning', path_tag: '',
          // Else it reads no further while so many points wait.
          max_undelivered_lines: BUFFER_POINTS_MAX,
        }];
    return toml([
      ['[agent]', {
        interval: '1h', round_interval: false, flush_interval: `${flushIntervalS}s`, flush_jitter: '0s', precision: '1ns',
        metric_batch_size: batchPoints, metric_buffer_limit: BUFFER_POINTS_MAX, omit_hostname: true, debug: true,
        skip_processors_after_aggregators: true,
      }],
      inputs,
      ...outputs,
    ]);
  }
}

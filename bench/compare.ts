/**
 * Two revisions measured in turn: by the benchmarks of this tree, put over the sources of the other, or each by its own,
 * where files have moved in between and benchmarks of the one do not compile in the other.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../test/root.js';
import { median } from './measure.js';
import { markdown, short, type Row, type Table } from './table.js';

const RUNNER = 'bench/run.js';

/** What to compare, and how. */
export interface Comparison {
  readonly revision: string;
  readonly parts: readonly string[];
  readonly rounds: number;
  /** Each revision by its own benchmarks. */
  readonly own: boolean;
}

/** A built revision: its folder, and where its compiled files stand. */
interface Build {
  readonly folder: string;
  readonly dist: string;
}

/** Rows of one run, by the titles of their tables and their names. */
type Speeds = ReadonlyMap<string, number>;

/**
 * Builds `revision` in a temporary folder and runs each part `rounds` times in both builds, one after the other.
 * @throws Error when the revision does not exist or does not build
 */
export async function compare({ revision, parts, rounds, own }: Comparison, say: (text: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  const before = buildRevision(revision, folder, own);
  const after = { folder: root, dist: dirname(dirname(fileURLToPath(import.meta.url))) };
  say(`\n${revision} and this tree in turn, ${rounds} rounds; ${own ? 'each by its own benchmarks' : 'both by the benchmarks of this tree'}. The ratio is this tree's speed by ${revision}'s, median of the pairs.\n`);
  for (const part of parts) {
    say(`\n${comparePart(part, before, after, rounds, revision)}`);
    // Between two parts a signal gets its turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function comparePart(part: string, before: Build, after: Build, rounds: number, revision: string): string {
  const pairs: { readonly before: Speeds; readonly after: Speeds }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const first = measure(before, part);
    if (typeof first === 'string') return `${part}: not measured, ${revision} cannot run it (${first})\n`;
    const second = measure(after, part);
    if (typeof second === 'string') return `${part}: not measured, this tree cannot run it (${second})\n`;
    pairs.push({ before: first, after: second });
  }
  const names = [...pairs[0]!.after.keys()];
  const rows = names.map((name): Row => {
    const both = pairs.flatMap((pair) => {
      const [a, b] = [pair.before.get(name), pair.after.get(name)];
      return a === undefined || b === undefined ? [] : [[a, b] as const];
    });
    if (both.length === 0) return { name, cells: ['not there', '', ''], speed: 0 };
    const speed = median(both.map(([a, b]) => b / a));
    return { name, cells: [short(median(both.map(([a]) => a))), short(median(both.map(([, b]) => b))), short(speed)], speed };
  });
  return markdown({ title: part, columns: [revision, 'this tree', 'ratio'], rows });
}

/** Runs a part in a process of its own; returns its speeds, or why it failed. */
function measure({ folder, dist }: Build, part: string): Speeds | string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(dist, RUNNER), '--json', part], { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) return stderr.trim();
  const tables = JSON.parse(stdout) as Table[];
  return new Map(tables.flatMap(({ title, rows }) => rows.map(({ name, speed }) => [`${title}: ${name}`, speed] as const)));
}

/** The sources of a revision with its own benchmarks or those of this tree, compiled; nothing of the clone is touched. */
function buildRevision(revision: string, folder: string, own: boolean): Build {
  const archive = join(folder, 'sources.tar');
  run('git', ['archive', '--output', archive, revision], root);
  run('tar', ['-xf', archive, '-C', folder], folder);
  rmSync(archive);
  if (!own) {
    rmSync(join(folder, 'bench'), { recursive: true, force: true });
    cpSync(join(root, 'bench'), join(folder, 'bench'), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const dist = join(folder, 'dist');
  // A benchmark of something that the revision lacks does not compile there; the others are written all the same.
  const { stderr } = spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: folder, encoding: 'utf8' });
  if (!existsSync(join(dist, RUNNER)) || !existsSync(join(dist, 'assembly/sluice.wasm'))) throw new Error(`${revision} does not build: ${stderr}`);
  return { folder, dist };
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args[0]} failed: ${stderr.trim()}`);
}

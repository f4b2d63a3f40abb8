// Negates each branch of some sources in turn, in a compiled copy, and runs their tests: each mutant must be killed by a
// test, or stand in mutants-explained.json with the reason why no test can tell it from the original.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire, SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findMutants } from './mutants.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** A mutant may loop for ever: then it is killed. */
const TEST_MS_MAX = 15_000;

/** Source → its tests below test/, the quick ones first. */
const TESTS = {
  'src/http/front/dialect.ts': ['http/dialect', 'http/routes', 'http/pages', 'http/query-page'],
  'src/http/front/query-string.ts': ['http/dialect', 'http/query-page'],
  'src/http/front/answer.ts': ['http/answer', 'http/routes', 'http/auth-answers', 'http/overload'],
  'src/line-errors.ts': ['http/answer', 'http/routes'],
  'src/http/auth/auth.ts': ['http/auth', 'http/auth-answers', 'http/tokens-page'],
  'src/http/auth/failed-attempts.ts': ['http/failures', 'http/auth'],
  'src/http/observe/log-limit.ts': ['http/failures', 'http/auth'],
  'src/addresses.ts': ['addresses', 'http/auth', 'http/auth-answers'],
  'src/auth/principal.ts': ['auth/principal', 'http/auth', 'http/auth-answers'],
  'src/auth/token.ts': ['auth/store', 'http/auth', 'http/tokens-page'],
};

const sources = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(TESTS);
for (const source of sources) {
  if (TESTS[source] === undefined) {
    console.error(`${source} has no tests in scripts/mutate.mjs; it knows ${Object.keys(TESTS).join(', ')}`);
    process.exit(2);
  }
}

/** Compiles into a folder of the machine's temporary ones. */
function compile(folder) {
  const dist = join(folder, 'dist');
  mkdirSync(dist);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  symlinkSync(join(root, 'package.json'), join(folder, 'package.json'));
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.json', '--outDir', dist, '--sourceMap'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the sources do not compile');
  return dist;
}

/** Name of the first test file that fails; undefined when all pass. */
function firstFailure(dist, names) {
  return names.find((name) => {
    const { status } = spawnSync(process.execPath, [join(dist, `test/${name}.test.js`)], { cwd: root, stdio: 'ignore', timeout: TEST_MS_MAX, killSignal: 'SIGKILL' });
    return status !== 0;
  });
}

/** Line of the .ts file, from 1, of an offset in what it was compiled to. */
function sourceLine(map, text, offset) {
  const before = text.slice(0, offset).split('\n');
  return map.findEntry(before.length - 1, before.at(-1).length).originalLine + 1;
}

const short = (code) => code.replace(/\s+/g, ' ');
const explained = JSON.parse(readFileSync(join(root, 'scripts/mutants-explained.json'), 'utf8'));
const used = new Set();
const counts = { killed: 0, explained: 0, survived: 0 };

/** Runs one mutant and prints its row. */
function judge(dist, source, line, lineText, mutant, killer) {
  const change = `${short(mutant.before)} → ${short(mutant.after)}`;
  const known = explained.find((entry) => entry.file === source && entry.line === lineText && entry.mutant === change);
  let verdict = `killed by ${killer}`;
  if (killer === undefined) {
    verdict = known === undefined ? 'SURVIVED' : 'explained';
    if (known !== undefined) used.add(known);
  }
  counts[verdict.startsWith('killed') ? 'killed' : verdict === 'explained' ? 'explained' : 'survived']++;
  console.log(`| ${source}:${line} | \`${change}\` | ${verdict} |`);
  if (verdict === 'SURVIVED') console.log(`  in the line: ${lineText}`);
}

const folder = mkdtempSync(join(tmpdir(), 'sluice-mutate-'));
try {
  const dist = compile(folder);
  const all = [...new Set(sources.flatMap((source) => TESTS[source]))];
  const broken = firstFailure(dist, all);
  if (broken !== undefined) throw new Error(`test/${broken}.test.ts fails without any mutant`);
  const mutants = findMutants(dist, sources.map((source) => source.replace(/\.ts$/, '.js')));
  console.log('| place | mutant | verdict |\n|---|---|---|');
  for (const source of sources) {
    const path = source.replace(/\.ts$/, '.js');
    const file = join(dist, path);
    const text = readFileSync(file, 'utf8');
    const map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
    const lines = readFileSync(join(root, source), 'utf8').split('\n');
    for (const mutant of mutants.get(path)) {
      writeFileSync(file, text.slice(0, mutant.at) + mutant.after + text.slice(mutant.end));
      const line = sourceLine(map, text, mutant.at);
      judge(dist, source, line, lines[line - 1].trim(), mutant, firstFailure(dist, TESTS[source]));
    }
    writeFileSync(file, text);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const stale = explained.filter((entry) => sources.includes(entry.file) && !used.has(entry));
for (const entry of stale) console.log(`mutants-explained.json explains what did not survive: ${entry.file}: ${entry.mutant}`);
console.log(`${counts.killed} killed, ${counts.explained} explained, ${counts.survived} survived`);
process.exit(counts.survived > 0 || stale.length > 0 ? 1 : 0);

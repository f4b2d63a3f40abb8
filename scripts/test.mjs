// Runs the compiled tests: `quick` those named *.test.js, `full` those named *.full.js (crash, fault, long fuzz) and more
// of the random cases of some quick ones, `long` those named *.long.js (all engines, which are some GB).
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Tests that `full` runs again: with FUZZ_TIMES as many random cases, and with the whole of the lists of which `quick` tries every few. */
const LONGER = ['fuzz/directed.test.js', 'worker/inflate-fuzz.test.js', 'worker/inflate-guard.test.js', 'worker/row-numbers.test.js', 'compaction/plan.test.js', 'compaction/deletes.test.js', 'compaction/every-step.test.js',
  'worker/arena.test.js', 'worker/compact.test.js', 'worker/read.test.js', 'flush/expired-files.test.js', 'fuzz/learnt.test.js', 'worker/flush-parsed.test.js', 'compaction/compactor.test.js', 'e2e/stop.test.js',
  'clients/telegraf-recordings.test.js', 'clients/node-influx.test.js', 'clients/influxdb-client.test.js', 'clients/influxdb3-client.test.js'];
const FULL_TIMES = '20';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const suffix = { quick: '.test.js', full: '.full.js', long: '.long.js' }[process.argv[2]];
const isFull = process.argv[2] === 'full';
if (suffix === undefined) {
  console.error('usage: node scripts/test.mjs quick|full|long [words that the file names must hold]');
  process.exit(2);
}
const words = process.argv.slice(3);
const files = readdirSync(join(root, 'dist/test'), { recursive: true })
  .filter((name) => (name.endsWith(suffix) || (isFull && LONGER.includes(name))) && words.every((word) => name.includes(word)))
  .map((name) => join('dist/test', name))
  .sort();
if (files.length === 0) {
  console.error(`no test file ends in ${suffix}${words.length > 0 ? ` and holds ${words.join(', ')}` : ''}`);
  process.exit(1);
}
const options = ['--test', '--test-concurrency=2', `--test-timeout=${process.argv[2] === 'quick' ? 300_000 : 1_800_000}`];
const reporter = ['--test-reporter=./scripts/test-reporter.mjs', '--test-reporter-destination=stdout'];
const env = isFull ? { FUZZ_TIMES: FULL_TIMES, ...process.env } : process.env;
const { status } = spawnSync(process.execPath, [...options, ...reporter, ...files], { cwd: root, stdio: 'inherit', env });
process.exit(status ?? 1);

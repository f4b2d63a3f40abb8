// Runs the compiled tests: `quick` those named *.test.js, `full` those named *.full.js (crash, fault, long fuzz).
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const suffix = { quick: '.test.js', full: '.full.js' }[process.argv[2]];
if (suffix === undefined) {
  console.error('usage: node scripts/test.mjs quick|full [words that the file names must hold]');
  process.exit(2);
}
const words = process.argv.slice(3);
const files = readdirSync(join(root, 'dist/test'), { recursive: true })
  .filter((name) => name.endsWith(suffix) && words.every((word) => name.includes(word)))
  .map((name) => join('dist/test', name))
  .sort();
if (files.length === 0) {
  console.error(`no test file ends in ${suffix}${words.length > 0 ? ` and holds ${words.join(', ')}` : ''}`);
  process.exit(1);
}
const options = ['--test', '--test-concurrency=2', ...(process.argv[2] === 'full' ? ['--test-timeout=1800000'] : ['--test-timeout=300000'])];
const { status } = spawnSync(process.execPath, [...options, ...files], { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);

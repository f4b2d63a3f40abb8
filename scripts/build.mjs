// Builds everything into dist/ (or --out DIR): TypeScript by tsc, assembly/ by asc. Neither needs a C compiler.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const outAt = process.argv.indexOf('--out');
const out = outAt > 0 ? process.argv[outAt + 1] : join(root, 'dist');

function run(script, args) {
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

// What was built of files that have moved since would still be tested.
if (outAt < 0) rmSync(out, { recursive: true, force: true });

// The scalar one is for tests alone: without SIMD, and with the same answers.
for (const [target, name] of [['release', 'sluice.wasm'], ['scalar', 'sluice.scalar.wasm']]) {
  run(require.resolve('assemblyscript/bin/asc.js'), ['--config', 'asconfig.json', '--target', target, '--outFile', join(out, 'assembly', name)]);
}
run(join(dirname(require.resolve('typescript/package.json')), 'bin/tsc'), ['-p', 'tsconfig.json', '--outDir', out]);

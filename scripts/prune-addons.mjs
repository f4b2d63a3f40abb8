// Takes away what a clone cannot load: uWebSockets.js comes with an addon for every platform and every Node since 14, 370 MB
// in all. `npm ci` brings them back, and runs this again (prepare).
import { readdirSync, rmSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = join(dirname(dirname(fileURLToPath(import.meta.url))), 'node_modules');
/** Of Node 20, the oldest that sluice runs on. */
const ABI_MIN = 115;

for (const name of ['uWebSockets.js', 'uws-2026']) {
  const folder = join(modules, name);
  if (!existsSync(folder)) continue;
  for (const file of readdirSync(folder)) {
    const [, platform, arch, abi] = /^uws_(\w+?)_(\w+)_(\d+)\.node$/.exec(file) ?? [];
    const isOfUse = platform === undefined || (platform === process.platform && arch === process.arch && Number(abi) >= ABI_MIN);
    if (!isOfUse) rmSync(join(folder, file));
  }
}

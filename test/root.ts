/** Finds the repository root, so that compiled tests reach test/data wherever they were compiled to. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

function findRoot(): string {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'sluice') return folder;
    if (folder === dirname(folder)) throw new Error(`no package.json of sluice above ${process.cwd()}`);
  }
}

/** Absolute path of the repository root. */
export const root = findRoot();

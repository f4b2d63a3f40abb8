/** The real data of test/data/lpdata. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../root.js';

export interface Sample {
  readonly name: string;
  readonly lines: readonly string[];
}

/** Every uncompressed file, by name. */
export function readSamples(): Sample[] {
  const folder = join(root, 'test/data/lpdata');
  return readdirSync(folder).filter((name) => name.endsWith('.lp')).sort().map((name) => {
    return { name, lines: readFileSync(join(folder, name), 'utf8').trimEnd().split('\n') };
  });
}

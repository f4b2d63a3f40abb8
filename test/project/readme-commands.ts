/** The commands of README.md, as a newcomer would paste them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../root.js';

export const INSTALL_AND_START = 'npm ci && npm start';
export const INSTALL_AND_TEST = 'npm ci && npm test';
/** Where the README's commands expect the server. */
export const ADDRESS = '127.0.0.1:8181';

/** Every command of every `sh` block, in order; lines that end in a backslash are joined. */
export function readmeCommands(): string[] {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1]!);
  return blocks.flatMap((block) => block.replaceAll('\\\n', ' ').split('\n')).filter((line) => line.trim() !== '');
}

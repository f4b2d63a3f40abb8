/** Where a backup may lie: neither it nor a data folder within the other, or the one would be lost with the other. */
import { dirname, resolve } from 'node:path';
import { entryAt, identityOf } from '../disk.js';

/** @param path of a folder that need not be there yet @throws Error with a sentence when it is `folder` or lies below it */
export async function assertApart(path: string, folder: string, why: string): Promise<void> {
  if (!(await entryAt(folder))?.isFolder) return;
  const identity = await identityOf(folder);
  for (let at = resolve(path); ; at = dirname(at)) {
    if ((await entryAt(at))?.isFolder && (await identityOf(at)) === identity) throw new Error(`${path} lies within ${folder}: ${why}`);
    if (at === dirname(at)) return;
  }
}

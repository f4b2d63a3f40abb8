/** `--data-group`: a group that may read what the server makes. */
import { giveToGroup, type Disk } from './disk.js';

const GROUPS_FILE = '/etc/group';

/**
 * Gives a data folder to a group, so that what is made in it from now on is the group's as well; at the first time all
 * that is there. @throws Error with a sentence when there is no such group, or the folder cannot be given to it
 */
export async function shareFolder(folder: string, group: string, disk: Disk): Promise<void> {
  const id = /^\d+$/.test(group) ? Number(group) : await idOf(group, disk);
  try {
    await giveToGroup(folder, id);
  } catch (error) {
    throw new Error(`--data-group: ${folder} cannot be given to the group ${group}: ${(error as Error).message}`, { cause: error });
  }
}

/** The number of a group by its name. @throws Error with a sentence */
async function idOf(group: string, disk: Disk): Promise<number> {
  const text = (await disk.readWhole(GROUPS_FILE))?.toString() ?? '';
  const fields = text.split('\n').map((line) => line.split(':')).find(([name]) => name === group);
  const id = Number(fields?.[2] ?? NaN);
  if (!Number.isSafeInteger(id)) throw new Error(`--data-group: ${GROUPS_FILE} knows no group ${group}; give its number if it is kept elsewhere`);
  return id;
}

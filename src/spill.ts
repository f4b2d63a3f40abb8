/** Folders in `tmp/` for what a query has no memory for: they go with their query, or with the next one after a kill. */
import type { Disk } from './disk.js';
import { parseSpillName } from './names.js';

/** Whether a name in `tmp/` is that of a query whose process is there. */
export function isOfRunningQuery(name: string): boolean {
  const pid = parseSpillName(name);
  return pid !== null && isRunning(pid);
}

/** Removes what queries left whose processes are gone. @param folder `tmp/` of a data folder */
export async function removeLeftSpills(disk: Pick<Disk, 'list' | 'removeTree'>, folder: string): Promise<void> {
  for (const name of await disk.list(folder)) {
    if (parseSpillName(name) !== null && !isOfRunningQuery(name)) await disk.removeTree(`${folder}/${name}`);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it is there, and another user's
  }
}

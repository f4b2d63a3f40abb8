/** `sluice backup` and `sluice restore` */
import { makeBackup, type LogKeeper } from '../backup/backup.js';
import { assertApart } from '../backup/place.js';
import { restoreBackup } from '../backup/restore.js';
import { systemClock as clock } from '../clock.js';
import { parseConfig } from '../config.js';
import { systemDisk as disk } from '../disk.js';
import { withFolder, writeOut, type Runner } from './io.js';
import { counted } from './words.js';

/** Makes a backup of the data folder in `target`, or brings the one there up to date. @throws Error with a sentence; the one before stands then */
export async function backup(dataDir: string | undefined, target: string): Promise<void> {
  const config = parseConfig({ 'data-dir': dataDir }, process.env);
  if (!(await disk.exists(config.dataDir))) throw new Error(`there is no data folder ${config.dataDir}`);
  await assertApart(target, config.dataDir, 'a backup belongs on another disk than the data, or at least beside it');
  const { bytes, copied, files } = await makeBackup({
    disk, clock, dataDir: config.dataDir, target,
    withKeeper: (use) => withFolder(dataDir, (run) => use(keeperOf(run))),
  });
  await writeOut(`${target} has ${counted(files, 'file')} of ${bytes} bytes, of which ${counted(copied.files, 'file')} of ${copied.bytes} bytes ${copied.files === 1 ? 'is' : 'are'} new\n`);
}

function keeperOf(run: Runner): LogKeeper {
  let name: string | null = null;
  return {
    hold: async () => {
      const { hold, segments } = await run('log-hold', { hold: name });
      name = hold;
      return segments;
    },
    release: async () => {
      if (name !== null && !(await run('log-release', { hold: name })).held) throw new Error('the log was not kept whole to the end: the backup is given up');
    },
  };
}

/** Puts the backup of `source` into the data folder, which must be new. @throws Error with a sentence */
export async function restore(dataDir: string | undefined, source: string): Promise<void> {
  const config = parseConfig({ 'data-dir': dataDir }, process.env);
  await assertApart(config.dataDir, source, 'a data folder belongs outside of its backup');
  const { begun, bytes, files } = await restoreBackup(disk, source, config.dataDir);
  await writeOut(`${config.dataDir} has ${counted(files, 'file')} of ${bytes} bytes: all that was acknowledged at ${begun}, when the backup was begun\n`);
}

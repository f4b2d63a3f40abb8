/** What is seen to about once a second, as long as the engine runs. */
import { systemClock as clock, type Timer } from '../clock.js';
import type { Control } from '../control/server.js';
import type { Parts } from './parts.js';

const TICK_MS = 1000;

/** Begins; cancelling the timer ends it. Trouble that lasts is said when it begins, not each second. */
export function startHousekeeping(parts: Parts, control: Control): Timer {
  const { admission, droppedTables, expiredFiles, flusher, folder: { cleanup, tokens }, logger, logTrimmer, recovery, schema } = parts;
  const said = new Map<string, string>();
  const note = (what: string, problem: string | null): void => {
    if (problem !== null && said.get(what) !== problem) logger.error(`${what}, which is tried again each second: ${problem}`);
    if (problem === null) said.delete(what);
    else said.set(what, problem);
  };
  return clock.every(TICK_MS, () => {
    flusher.tick();
    recovery.forgetBelow(flusher.firstUnflushed);
    const work: Readonly<Record<string, Promise<unknown>>> = {
      'the free bytes of the disk could not be asked for': admission.look(),
      'tokens could not be written': tokens.heal(),
      'the control socket could not be made': control.heal(),
      'the folder of what was dropped could not be moved or removed': schema.clear(),
      'files past retention could not be seen to': expiredFiles.tick(),
      'the trash could not be emptied': cleanup.emptyTrash(),
      'the log could not be trimmed': logTrimmer.trim().then(() => droppedTables.forget()),
    };
    for (const [what, done] of Object.entries(work)) done.then(() => note(what, null), (error: Error) => note(what, error.message));
  });
}

/** What is seen to about once a second, as long as the engine runs. */
import { systemClock as clock, type Timer } from '../clock.js';
import type { Holder } from '../control/commands.js';
import type { Control } from '../control/server.js';
import { MaintenanceTroubles } from '../maintenance-troubles.js';
import type { Parts } from './parts.js';

const TICK_MS = 1000;

/** What is under way, by what it is done to. */
type Work = Readonly<Record<string, Promise<unknown>>>;

/**
 * Begins; cancelling the timer ends it. Trouble that lasts is said when it begins, not each second.
 * @param holder a command keeps the folder whole, but takes no files out of tables and deletes none
 */
export function startHousekeeping(parts: Parts, control: Control, holder: Holder): Timer {
  return clock.every(TICK_MS, turnOf(parts, control, holder));
}

/** What a turn does. */
export function turnOf(parts: Parts, control: Control, holder: Holder): () => void {
  const { admission, flusher, folder: { tokens }, recovery, troubles } = parts;
  // These say in /health themselves what is wrong.
  const known = new MaintenanceTroubles(clock);
  return () => {
    flusher.tick();
    recovery.forgetBelow(flusher.firstUnflushed);
    note(parts, known, { 'the free bytes of the disk': admission.look(), 'the tokens': tokens.heal(), 'the control socket': control.heal() });
    note(parts, troubles, { ...upkeep(parts), ...(holder === 'server' ? removals(parts) : {}) });
  };
}

function upkeep({ droppedTables, logTrimmer, schema }: Parts): Work {
  return {
    'the folders of what was dropped': schema.clear(),
    'the log': logTrimmer.trim().then(() => droppedTables.forget()),
  };
}

function removals({ compactor, expiredFiles, folder: { cleanup }, retiring }: Parts): Work {
  return {
    'files past retention': expiredFiles.tick(),
    'files that left their tables': retiring.tick(),
    'files to be put together': compactor.tick(),
    'the trash': cleanup.emptyTrash(),
  };
}

function note({ logger }: Parts, troubles: MaintenanceTroubles, work: Work): void {
  for (const [name, done] of Object.entries(work)) {
    const subject = { tableId: null, name };
    done.then(() => troubles.clear('housekeeping', subject), ({ message }: Error) => {
      if (troubles.note('housekeeping', subject, message)) logger.error(`housekeeping of ${name} fails, and is tried again each second: ${message}`);
    });
  }
}

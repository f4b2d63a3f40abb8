/** What is done behind the start, once writes can come in: commits are taken up, and rows of the log come back into memtables. */
import { systemClock as clock } from '../clock.js';
import type { Parts } from './parts.js';

/** How often the log says how far it is. */
const SAY_MS = 5000;

/** Begins; `recovery.done()` tells its end. */
export function startReplay(parts: Parts): void {
  const { damage, droppedTables, flusher, folder: { takeUp }, logger, pool, recovery } = parts;
  const progress = clock.every(SAY_MS, () => logger.info(recovery.progress ?? takeUp.progress));
  const ready = takeUp.flushedTo({
    onFlushed: (tableId, seq) => pool.tellAll({ say: 'flushed', tableId, seq }),
    onTrouble: (tableId, error) => flusher.noteTrouble(tableId, error),
  });
  recovery.start(ready).finally(() => progress.cancel()).then(
    (frames) => frames > 0 && logger.info(`${frames} frames of the log are back in memtables`),
    (error: Error) => damage.report(`the log could not be replayed: ${error.message}`),
  );
  void ready.then(() => {
    flusher.takeUp(takeUp.tables());
    return droppedTables.clear((sentence) => damage.report(sentence));
  });
}

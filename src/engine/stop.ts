/** The order of a stop: no more writes, rows into files as far as time allows, then all that was opened is closed. */
import { within, type Timer } from '../clock.js';
import type { Control } from '../control/server.js';
import type { Parts } from './parts.js';

/** A graceful stop gives flushing this long; what is not flushed stays in the log. */
const STOP_FLUSH_MS = 6000;

/** Ends what is under way, flushes what it can, and lets go of the data folder. */
export async function stopEngine(parts: Parts, control: Control, housekeeping: Timer): Promise<void> {
  const { admission, compactionThread, compactor, droppedTables, expiredFiles, flusher, folder: { log, logCare, logThread, takeUp }, logger, logTrimmer, pool, rejects, retiring, writer } = parts;
  admission.stop();
  housekeeping.cancel();
  await writer.settled();
  await within(STOP_FLUSH_MS, flushAll(parts))
    .catch((error: Error) => logger.warn(`not all rows are in files yet; they stay in the log: ${error.message}`));
  await compactor.stop(() => compactionThread.close());
  await retiring.stop();
  await expiredFiles.stop().catch((error: Error) => logger.error(`what is trusted of the clock could not be noted: ${error.message}`));
  logCare.stop();
  // At once, so that a look at a table that one ends is no trouble for the other.
  await Promise.all([takeUp.stop(), flusher.stop()]);
  await logThread.close();
  await rejects.close();
  await droppedTables.stop().catch((error: Error) => logger.error(`the folder of what was dropped could not be moved: ${error.message}`));
  await logTrimmer.publish().then(() => logTrimmer.trim())
    .catch((error: Error) => logger.error(`the catalog could not be written; the log still has it: ${error.message}`));
  await log.close();
  await pool.close();
  await control.close();
  logger.info(lastWords(parts));
}

function lastWords({ flusher, recovery }: Parts): string {
  if (!recovery.hasBegun) return 'stopped: what is in the log comes back at the next start';
  const { rows, tables } = flusher.unflushed;
  if (rows === 0 && recovery.floor === Infinity) return 'stopped: all rows are in files';
  return `stopped: ${rows} rows of ${tables} tables are in the log, and come back at the next start`;
}

async function flushAll({ flusher, folder: { catalog }, logger, recovery }: Parts): Promise<void> {
  if (!recovery.hasBegun) return; // R is 0: nothing can be flushed, and the log has it all
  await recovery.done();
  const failures = await flusher.flush(catalog.tables().map(({ id }) => id));
  for (const { reason, table } of failures) logger.warn(`rows of table ${table.folder} stay in the log: ${reason}`);
}

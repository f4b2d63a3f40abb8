/** Frames whose tables the catalog does not know: it was lost, and they had no row in a file yet. */
import type { Log } from '../log/log.js';
import { keepFrame, type LogQuarantine } from '../log/log-quarantine.js';
import type { Catalog } from './catalog.js';

/**
 * Copies every such frame of the log to quarantine, for a replay would pass its rows over. A disk that takes no copy
 * does not stop the start.
 * @returns what was done, in a sentence; null when there is none
 */
export async function keepLostFrames(catalog: Catalog, log: Log, quarantine: LogQuarantine): Promise<string | null> {
  const known = new Set([...catalog.tables(), ...catalog.droppedTables()].map(({ id }) => id));
  const isLost = (id: number): boolean => !known.has(id);
  if (!log.segments().some(({ lastByTable }) => [...lastByTable.keys()].some(isLost))) return null;
  const lost = new Set<number>();
  let frames = 0;
  for await (const frame of log.frames(0)) {
    const ids = frame.header.tableIds.filter(isLost);
    if (ids.length === 0) continue;
    try {
      await keepFrame(quarantine, frame, `the catalog does not know table ${ids.join(', ')}`);
    } catch (error) {
      return `the catalog does not know table ${ids.join(', ')} of frame ${frame.seq}, and the frame could not be copied to quarantine: ${(error as Error).message}`;
    }
    for (const id of ids) lost.add(id);
    frames += 1;
  }
  return `${frames} frames of the log are kept in quarantine: the catalog does not know their tables ${[...lost].join(', ')}`;
}

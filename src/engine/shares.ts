/** What of the settings each worker is given. */
import type { Config } from '../config.js';
import type { BodyMemory } from '../ingest/body-memory.js';
import type { SlotSettings } from '../ingest/pool.js';
import type { WorkerLimits } from '../model/limits.js';
import { MOVE_BYTES_MIN } from '../worker/memory.js';

/** Of the memory for unflushed rows: for the series caches of all workers; and the bounds of one. */
const SERIES_MEMORY_SHARE = 1 / 8;
const SERIES_BYTES_LEAST = 1024 * 1024;
const SERIES_BYTES_MOST = 1024 * 1024 * 1024;

/** @param start names this process among those that had the folder */
export function slotSettings(config: Config, start: string, { buffer, blockBytes }: BodyMemory): SlotSettings {
  const { bodyBytesMax, dataDir, inflate, memoryBytesMax, workers } = config;
  return {
    bodyMemory: buffer, blockBytes, dataDir, start, inflate,
    limits: workerLimits(config),
    memoryBytesMax: memoryBytesMax / workers,
    rowBytesMax: memoryBytesMax,
    linearBytesMax: Math.max(memoryBytesMax, workers * MOVE_BYTES_MIN) + workers * bodyBytesMax,
  };
}

function workerLimits({ bodyBytesMax, bodyLinesMax, tablesMax, columnsMax, columnNameBytesMax, namesBytesMax, memoryBytesMax, workers }: Config): WorkerLimits {
  const share = Math.floor((memoryBytesMax * SERIES_MEMORY_SHARE) / workers);
  const seriesBytesMax = Math.min(Math.max(share, SERIES_BYTES_LEAST), SERIES_BYTES_MOST);
  return { bodyBytesMax, bodyLinesMax, tablesMax, columnsMax, columnNameBytesMax, namesBytesMax, seriesBytesMax };
}

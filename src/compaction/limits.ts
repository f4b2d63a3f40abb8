/** How large files may become, and when: the figures of DESIGN.md, section 16. */
import { KIND_TAG } from '../../assembly/layout/codes.js';
import type { ColumnDefinition } from '../model/schema.js';
import type { PlanLimits } from './plan.js';

/** What the user sets. */
export interface MaintenanceSettings {
  /** Of a core; 0: nothing is put together. */
  readonly cpuShare: number;
  readonly memoryBytesMax: number;
}

const MiB = 1 << 20;
const HOUR_MS = 3_600_000;
const ROWS_MAX = 4_194_304;
const BYTES_MAX = 256 * MiB;
/** A full file and what came late for it. */
const JOB_FILES_MAX = 1.5;
/** Of a row in memory: time, seq, series, and what the sort takes; of a field its value and perhaps a row number. */
const ROW_BYTES = 40;
const FIELD_BYTES = 12;
/** Memory over the bytes of files, where texts repeat little; where they repeat more, there is no room and the next try is for half. */
const TEXT_TIMES = 4 / 3;

/** The limits of a table, whose largest job fits into the memory given. @param share of that memory */
export function limitsFor(settings: MaintenanceSettings, columns: readonly ColumnDefinition[], share: number): PlanLimits {
  const memoryBytesMax = settings.memoryBytesMax * share;
  const rowBytes = ROW_BYTES + columns.filter(({ kind }) => kind !== KIND_TAG).length * FIELD_BYTES;
  return {
    rowsMax: Math.min(ROWS_MAX, Math.floor(memoryBytesMax / JOB_FILES_MAX / rowBytes)),
    bytesMax: Math.min(BYTES_MAX, Math.floor(memoryBytesMax / JOB_FILES_MAX / TEXT_TIMES)),
    smallBytes: 16 * MiB,
    openFilesMax: 16,
    openBytesMin: 4 * MiB,
    settleMs: HOUR_MS,
    wideMs: HOUR_MS,
    lateMs: 24 * HOUR_MS,
    jobFilesMax: JOB_FILES_MAX,
  };
}

/** The same where somebody asked for it: nothing waits for more. */
export function eager(limits: PlanLimits): PlanLimits {
  return { ...limits, openFilesMax: 2, wideMs: 0, lateMs: 0 };
}

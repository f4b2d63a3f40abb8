// Brings the flushed rows into the order (tags, time, body, line): the series are ranked by their tags, and the rows,
// which the spans give in the order of body and line, are counted into place by the rank of their series. Only when rows
// of one rank do not stand in the order of time then, all are sorted by time first; and before that by their seqs, where equal
// points that were read back do not stand in the order of these.
import { keyStep, startKeys } from './series-ranks';
import { addMerged, inOrder, isBySeq, mergeStep, startMerge } from './merge-points';
import { endOrder, startOrder } from './row-order';
import { clearBySeries, bySeriesStep, startBySeries } from './by-series';
import { scanStep, startScan } from './row-scan';
import { resetOverwritten, overwritten, overwrittenStep, startOverwritten } from './overwritten';
import { listStep, startList, startSeries } from './used-series';
import { startBySeq, startByTime, byTimeStep } from './by-time';

const STAGE_SCAN: u32 = 0;
const STAGE_LIST: u32 = 1;
const STAGE_KEYS: u32 = 2;
const STAGE_BY_SERIES: u32 = 3;
const STAGE_MERGE: u32 = 4;
const STAGE_BY_TIME: u32 = 5;
const STAGE_OVERWRITTEN: u32 = 6;
const STAGE_SORTED: u32 = 7;
const STAGE_BY_SEQ: u32 = 8;
/** What the next step does: STAGE_*. */
let stage: u32 = STAGE_SCAN;

/** Begins a flush of the table's rows in the spans. */
export function startSort(table: usize): void {
  stage = STAGE_SCAN;
  resetOverwritten();
  startOrder();
  startSeries(table);
  startScan();
  clearBySeries();
}

/** Whether the rows stand in order and what needs no row of its own is marked. */
export function isSorted(): bool {
  return stage == STAGE_SORTED;
}

/** Sorts on for one step. */
export function sortStep(table: usize): void {
  if (!stageStep(table)) nextStage(table);
}

/** One step of the stage; false when it is done. */
function stageStep(table: usize): bool {
  switch (stage) {
    case STAGE_SCAN: return scanStep(table);
    case STAGE_LIST: return listStep();
    case STAGE_KEYS: return keyStep(table);
    case STAGE_BY_SERIES: return bySeriesStep(table);
    case STAGE_MERGE: return mergeStep(table);
    case STAGE_OVERWRITTEN: return overwrittenStep(table);
    default: return byTimeStep(table);
  }
}

function nextStage(table: usize): void {
  switch (stage) {
    case STAGE_SCAN:
      stage = STAGE_LIST;
      return startList();
    case STAGE_LIST:
      stage = STAGE_KEYS;
      return startKeys(table);
    case STAGE_BY_SERIES:
      stage = STAGE_MERGE;
      return startMerge();
    case STAGE_MERGE:
      if (inOrder) {
        stage = STAGE_OVERWRITTEN;
        endOrder();
        return startOverwritten();
      }
      if (isBySeq) return sortByTime();
      stage = STAGE_BY_SEQ;
      return startBySeq();
    case STAGE_BY_SEQ:
      return sortByTime();
    case STAGE_OVERWRITTEN:
      stage = STAGE_SORTED;
      return addMerged(overwritten);
    default:
      stage = STAGE_BY_SERIES;
      return startBySeries();
  }
}

function sortByTime(): void {
  stage = STAGE_BY_TIME;
  startByTime();
}

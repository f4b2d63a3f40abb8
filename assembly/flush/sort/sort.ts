// Brings the flushed rows into the order (tags, time, body, line): the series are ranked by their tags, and the rows,
// which the spans give in the order of body and line, are counted into place by the rank of their series. Only when rows
// of one rank do not stand in the order of time then, all are sorted by time first.
import { keyStep, startKeys } from './series-ranks';
import { addMerged, inOrder, mergeStep, startMerge } from './merge-points';
import { endOrder, startOrder } from './row-order';
import { clearPlaces, placeStep, startPlaces } from './by-series';
import { scanStep, startScan } from './row-scan';
import { resetShadows, shadowed, shadowStep, startShadows } from './overwritten';
import { listStep, startList, startSeries } from './used-series';
import { startTimes, timeStep } from './by-time';

const STAGE_SCAN: u32 = 0;
const STAGE_LIST: u32 = 1;
const STAGE_KEYS: u32 = 2;
const STAGE_PLACES: u32 = 3;
const STAGE_MERGE: u32 = 4;
const STAGE_TIMES: u32 = 5;
const STAGE_SHADOWS: u32 = 6;
const STAGE_SORTED: u32 = 7;
let stage: u32 = STAGE_SCAN;

export function startSort(table: usize): void {
  stage = STAGE_SCAN;
  resetShadows();
  startOrder();
  startSeries(table);
  startScan();
  clearPlaces();
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
    case STAGE_PLACES: return placeStep(table);
    case STAGE_MERGE: return mergeStep(table);
    case STAGE_SHADOWS: return shadowStep(table);
    default: return timeStep(table);
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
    case STAGE_PLACES:
      stage = STAGE_MERGE;
      return startMerge();
    case STAGE_MERGE:
      if (inOrder) {
        stage = STAGE_SHADOWS;
        endOrder();
        return startShadows();
      }
      stage = STAGE_TIMES;
      return startTimes();
    case STAGE_SHADOWS:
      stage = STAGE_SORTED;
      return addMerged(shadowed);
    default:
      stage = STAGE_PLACES;
      return startPlaces();
  }
}

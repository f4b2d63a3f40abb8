// Brings the sealed rows into the order (tags, time, body, line) step by step, least significant first; the spans give
// the order by body and line to begin with.
import { COLUMN_KIND, KIND_TAG, TABLE_COLUMNS } from '../abi';
import { columnAt } from './columns';
import { markCandidates, merged, unmarkDifferent } from './merge';
import { endOrder, startOrder } from './order';
import { endTags, joinTag, sortByKeys, startTags } from './tags';
import { scanTimes, sortByTime } from './times';

const STEP_SCAN: u32 = 0;
const STEP_TIME: u32 = 1;
const STEP_TAGS: u32 = 2;
const STEP_CANDIDATES: u32 = 3;
const STEP_COMPARE: u32 = 4;
let step: u32 = STEP_SCAN;
/** Columns the table had at the start; later ones have no values in the sealed rows. */
let columns: u32 = 0;
/** Columns not yet looked at in this step. */
let left: u32 = 0;

export function startSort(table: usize): void {
  step = STEP_SCAN;
  columns = load<u32>(table, TABLE_COLUMNS);
  startOrder();
  startTags();
}

/** Does one step; false when the rows stand in order and equal points are marked. */
export function sortStep(table: usize): bool {
  if (step == STEP_SCAN) {
    scanTimes(table);
    step = STEP_TIME;
    left = columns;
  } else if (step == STEP_TIME) {
    if (!sortByTime(table)) step = STEP_TAGS;
  } else if (step == STEP_TAGS) {
    const column = nextTag(table);
    if (column != 0) joinTag(column);
    else {
      sortByKeys();
      step = STEP_CANDIDATES;
    }
  } else if (step == STEP_CANDIDATES) {
    markCandidates(table);
    step = STEP_COMPARE;
    left = columns;
  } else {
    const column = merged > 0 ? nextTag(table) : 0;
    if (column == 0) {
      endTags();
      endOrder();
      return false;
    }
    unmarkDifferent(column);
  }
  return true;
}

/** The next tag column from the last to the first; 0 when there is none. */
function nextTag(table: usize): usize {
  while (left > 0) {
    const column = columnAt(table, --left);
    if (load<u32>(column, COLUMN_KIND) == KIND_TAG) return column;
  }
  return 0;
}

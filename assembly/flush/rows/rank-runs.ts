// The rows of the row group as runs of rows of one rank: what tags are read by, once a run.
import { MERGED, entryOf } from '../sort/row-order';
import { merged } from '../sort/merge-points';
import { endOf } from '../sort/by-series';
import { takeScratch } from '../scratch';
import { seriesOf } from '../sort/used-series';
import { GROUP_ROWS_MAX } from '../../layout/flush';
import { rows } from '../spans';
import { FAR, stepEnd } from '../slice-budget';

/** A run: one of its series, and its rows. u32 each. */
const RUN_BYTES: usize = 8;
/** The runs of the group at hand, and their number. */
let runs: usize = 0;
export let runCount: u32 = 0;
/** Next entry, and its rank. */
let at: u32 = 0;
let rank: u32 = 0;

/** Begins a flush. */
export function startRuns(): void {
  runs = takeScratch(<usize>min(rows, GROUP_ROWS_MAX) * RUN_BYTES);
  at = rank = 0;
}

/** The next group has no runs yet. */
export function clearRuns(): void {
  runCount = 0;
}

/** One step that finds the runs of the entries up to `to`; false when all are found. */
export function runStep(table: usize, to: u32): bool {
  const stop = runCount + stepEnd(0, to - at, FAR);
  while (at < to && runCount < stop) addRun(table, to);
  return at < to;
}

/** Adds the run that starts at the next entry. */
function addRun(table: usize, to: u32): void {
  while (endOf(rank) <= at) rank++;
  const end = min(endOf(rank), to);
  let count = end - at;
  if (merged > 0) for (let i = at; i < end; i++) count -= entryOf(i) >> 31;
  const run = runs + <usize>runCount * RUN_BYTES;
  store<u32>(run, seriesOf(table, entryOf(at) & ~MERGED));
  store<u32>(run, count, 4);
  runCount++;
  at = end;
}

/** A series of the rows of a run, by the run's number below runCount; all of them have its tags. */
@inline
export function runSeries(run: u32): u32 {
  return load<u32>(runs + <usize>run * RUN_BYTES);
}

/** Rows of a run in the file. */
@inline
export function runRows(run: u32): u32 {
  return load<u32>(runs + <usize>run * RUN_BYTES, 4);
}

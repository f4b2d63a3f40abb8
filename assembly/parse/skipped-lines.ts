// The physical lines that replay skips: those of lines that were rejected when the body came.

/** A run of them: its first and its last physical line (from 1), u32 each. */
const RUN_BYTES: u32 = 8;
/** The first run that is not wholly passed, and the end of the runs. */
let runAt: usize = 0;
let runsEnd: usize = 0;

/** Begins a body. @param runs runs at `at`, ascending and disjoint; 0 but for replay */
export function beginSkipping(at: usize, runs: u32): void {
  runAt = at;
  runsEnd = at + runs * RUN_BYTES;
}

@inline
function passRuns(line: u32): void {
  while (runAt < runsEnd && load<u32>(runAt, 4) < line) runAt += RUN_BYTES;
}

/** Physical lines from `line` on before the next that is skipped. Lines are asked for in ascending order. */
@inline
export function linesToSkipped(line: u32): u32 {
  passRuns(line);
  if (runAt >= runsEnd) return u32.MAX_VALUE;
  const first = load<u32>(runAt);
  return first > line ? first - line : 0;
}

/** Whether the physical line `line` is skipped. */
@inline
export function isSkipped(line: u32): bool {
  passRuns(line);
  return runAt < runsEnd && load<u32>(runAt) <= line;
}

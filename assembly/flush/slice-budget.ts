// Work in steps: a call of the flush looks at so many entries and returns, so that writes come between.

/** Cost of an entry for which a pass goes to memory that is in no cache, and of one for which it may. */
export const FAR: u32 = 8;
export const NEAR: u32 = 2;
/** Entries that a call looks at, and how many this one may still. */
let stepEntries: u32 = 0;
let left: u32 = 0;

/** Sets how many entries (rows, series, dictionary entries …) a call looks at. */
export function setStep(entries: u32): void {
  stepEntries = entries;
}

/** Starts a call. */
export function startStep(): void {
  left = stepEntries;
}

/** Whether the call may go on. */
@inline
export function hasBudget(): bool {
  return left > 0;
}

/** Where a pass that stands at `at` must stop for now; what it looks at till then is counted, at `cost` an entry. */
export function stepEnd(at: u32, end: u32, cost: u32 = 1): u32 {
  const stop = at + min((left + cost - 1) / cost, end - at);
  spend((stop - at) * cost + 1);
  return stop;
}

/** Counts entries looked at. */
export function spend(entries: u32): void {
  left -= min(left, entries);
}

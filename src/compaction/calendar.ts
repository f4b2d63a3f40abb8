/** Windows of the calendar in UTC, by which files are put together: days, months, years. */

/** From a time, up to and without another; milliseconds since 1970. */
export interface Window {
  readonly fromMs: number;
  readonly endMs: number;
}

const GRAINS = ['day', 'month', 'year'] as const;
export type Grain = (typeof GRAINS)[number];

/** The day, month or year that a time is in. @param ms since 1970 */
export function windowAt(ms: number, grain: Grain): Window {
  const at = new Date(ms);
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  switch (grain) {
    case 'day': return { fromMs: utc(year, month, day), endMs: utc(year, month, day + 1) };
    case 'month': return { fromMs: utc(year, month, 1), endMs: utc(year, month + 1, 1) };
    case 'year': return { fromMs: utc(year, 0, 1), endMs: utc(year + 1, 0, 1) };
  }
}

/** The finest of these windows that holds both times, and which kind it is; null when they are of different years. */
export function windowOfBoth(firstMs: number, lastMs: number): (Window & { readonly grain: Grain }) | null {
  for (const grain of GRAINS) {
    const window = windowAt(firstMs, grain);
    if (lastMs < window.endMs) return { ...window, grain };
  }
  return null;
}

/** Unlike Date.UTC, of the years 0 to 99 as well. */
function utc(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month, day);
}

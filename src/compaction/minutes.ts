/** Times are counted by the minute: rows of one are never divided by their times. */
export const MINUTE_MS = 60_000;

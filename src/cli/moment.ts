/** A moment as an option of a command says it. */
import { UsageError } from '../config.js';
import { parseTimeNs } from '../times.js';

/** Nanoseconds since 1970; null for an option that is not given. @throws UsageError when it is no time */
export function momentOf(flag: string, text: string | undefined): bigint | null {
  if (text === undefined) return null;
  const ns = parseTimeNs(text);
  if (ns === null) throw new UsageError(`${flag} is ${JSON.stringify(text)}: it must be a time as 2026-01-31 or 2026-01-31T12:00:00Z`);
  return ns;
}

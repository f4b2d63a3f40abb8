/** `sluice delete`: rows of a database by measurement, time and tags. */
import { UsageError } from '../config.js';
import { FIRST_NS, LAST_NS } from '../model/tombstone.js';
import { runCommand, writeOut } from './io.js';
import { momentOf } from './moment.js';
import { counted } from './words.js';

/** As the user gave it. */
export interface DeleteOptions {
  readonly measurement?: string;
  readonly from?: string;
  readonly to?: string;
  readonly tag?: readonly string[];
  readonly all?: boolean;
}

/**
 * Deletes rows that were written until now, and says which.
 * @throws UsageError for a time or a tag that is none, and when nothing bounds it and --all is not said; Error with a sentence
 */
export async function deleteRows(dataDir: string | undefined, database: string, { all = false, from, measurement, tag = [], to }: DeleteOptions): Promise<void> {
  const isBounded = measurement !== undefined || from !== undefined || to !== undefined || tag.length > 0;
  if (!isBounded && !all) throw new UsageError(`all rows of database ${database} would be deleted: bound it with --measurement, --from, --to or --tag, or say --all`);
  if (isBounded && all) throw new UsageError('--all deletes all rows of the database, and goes with no bound');
  const tags = tag.map(tagOf);
  const [firstNs, lastNs] = [momentOf('--from', from) ?? FIRST_NS, momentOf('--to', to) ?? LAST_NS];
  if (firstNs > lastNs) throw new UsageError(`--from ${from} is later than --to ${to}`);
  const { tables } = await runCommand(dataDir, 'delete', { database, measurement: measurement ?? null, firstNs: String(firstNs), lastNs: String(lastNs), tags });
  const which = [
    measurement === undefined ? 'all measurements' : `measurement ${measurement}`,
    ...(from === undefined ? [] : [`from ${from}`]), ...(to === undefined ? [] : [`up to ${to}`]), ...(tags.length === 0 ? [] : [`with ${tags.map((each) => each.join('=')).join(', ')}`]),
  ].join(' ');
  if (tables === 0) await writeOut(`database ${database} has no such rows: ${which}\n`);
  else await writeOut(`rows of database ${database} that were written until now are deleted: ${which}, in ${counted(tables, 'table')}; sluice compact takes them out of the files at once\n`);
}

/** @throws UsageError */
function tagOf(text: string): readonly [key: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--tag is ${JSON.stringify(text)}: it must be KEY=VALUE, or KEY= for points without the tag`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** What a change of the catalog means to who reads the log. */
import type { Applied } from '../catalog/catalog.js';
import { FIRST_NS, LAST_NS } from '../model/tombstone.js';
import { retentionText } from '../retention.js';

/** A record may make a thousand tables: these are named, the others counted. */
const NAMED_MAX = 5;

/** Sentences; none for a change of columns or of rules for lines. */
export function newsOf({ news }: Applied): string[] {
  const nameOf = ({ databaseName, measurement }: Applied['news']['tables'][number]): string => `${JSON.stringify(measurement)} of database ${JSON.stringify(databaseName)}`;
  return [
    ...listed('database', news.databases.map((name) => JSON.stringify(name)), 'made'),
    ...listed('table', news.tables.map(nameOf), 'made'),
    ...news.retentions.map(({ name, retentionS }) => `database ${JSON.stringify(name)} keeps its rows ${retentionS === null ? 'for ever' : `for ${retentionText(retentionS)}, and older ones are deleted`}`),
    ...news.deletes.map(deletedText),
    ...listed('database', news.droppedDatabases.map((name) => JSON.stringify(name)), 'dropped, with all its tables'),
    ...listed('table', news.droppedTables.map(nameOf), 'dropped'),
  ];
}

function deletedText({ databaseName, firstNs, lastNs, measurement, tags }: Applied['news']['deletes'][number]): string {
  const what = measurement === null ? 'all tables' : `table ${JSON.stringify(measurement)}`;
  const conditions = [
    ...(BigInt(firstNs) === FIRST_NS ? [] : [`from ${timeText(firstNs)}`]), ...(BigInt(lastNs) === LAST_NS ? [] : [`up to ${timeText(lastNs)}`]),
    ...tags.map(([key, value]) => `${JSON.stringify(key)} ${JSON.stringify(value)}`),
  ];
  return `rows of ${what} of database ${JSON.stringify(databaseName)} are deleted${conditions.length === 0 ? '' : `: ${conditions.join(', ')}`}`;
}

function timeText(ns: string): string {
  return new Date(Number(BigInt(ns) / 1_000_000n)).toISOString();
}

function listed(what: string, names: readonly string[], became: string): string[] {
  if (names.length === 0) return [];
  if (names.length === 1) return [`${what} ${names[0]} is ${became}`];
  const more = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : '';
  return [`${names.length} ${what}s are ${became}: ${names.slice(0, NAMED_MAX).join(', ')}${more}`];
}

/** Results of /query, as InfluxDB 1 writes them: JSON, JSON line by line, or CSV. Pure. */
import type { Answer } from '../listener/listener.js';
import { csvLine } from './csv.js';

export interface Series {
  readonly name?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  /** Absent where there are none, as InfluxDB has it. */
  readonly values?: readonly (readonly unknown[])[];
}

export interface Result {
  readonly statement_id: number;
  readonly series?: readonly Series[];
  /** What is to be known of a statement that was done; JSON alone has a place for it. */
  readonly messages?: readonly { readonly level: 'warning'; readonly text: string }[];
  readonly error?: string;
}

/** How the client wants to read them. */
interface ResultFormat {
  readonly pretty: boolean;
  /** Each result as an object of its own, a line each. */
  readonly chunked: boolean;
  /** The Accept header. */
  readonly accept: string;
}

function tagsText(tags: Series['tags']): string {
  return Object.entries(tags ?? {}).map(([key, value]) => `${key}=${value}`).join(',');
}

/** A table for each run of series of the same columns; errors are tables too, for CSV has no other place for them. */
function csvTables(result: Result): string[] {
  if (result.error !== undefined) return [csvLine(['error']) + csvLine([result.error])];
  const tables: string[] = [];
  let columns = '';
  for (const series of result.series ?? []) {
    const head = csvLine(['name', 'tags', ...series.columns]);
    if (head !== columns) tables.push(head);
    columns = head;
    for (const values of series.values ?? []) tables.push(tables.pop()! + csvLine([series.name ?? '', tagsText(series.tags), ...values]));
  }
  return tables;
}

/** The CSV that a client asks for, by its type; '' for a client that takes JSON. */
function csvType(accept: string): string {
  if (/application\/json/i.test(accept)) return '';
  return /(?:^|[\s,])(text\/csv|application\/csv)(?=$|[\s,;])/i.exec(accept)?.[1]?.toLowerCase() ?? '';
}

/** The answer that holds all results. */
export function resultsAnswer(results: readonly Result[], { pretty, chunked, accept }: ResultFormat): Answer {
  const type = csvType(accept);
  if (type !== '') return { status: 200, headers: [['Content-Type', type]], body: results.flatMap(csvTables).join('\n') };
  const text = (some: readonly Result[]): string => JSON.stringify({ results: some }, null, pretty ? 4 : 0);
  const body = chunked && results.length > 0 ? results.map((result) => `${text([result])}\n`).join('') : text(results);
  return { status: 200, headers: [['Content-Type', 'application/json']], body };
}

/** Tables with the files that were found for them. Nothing of DuckDB is loaded for it. */
import type { FileSpan } from '../model/file-span.js';
import type { NamedTable, QueryTable } from './views.js';

/** Files of a table as whoever holds the data folder names them. */
interface FoundTable extends NamedTable {
  readonly files: readonly { readonly path: string; readonly span: FileSpan | null }[];
  readonly quarantined: readonly string[];
  /** See `QueryTable`. */
  readonly since: number | null;
}

/** A table to query, out of its files as they were found. */
export function tableOf({ columns, database, files, measurement, quarantined, since }: FoundTable): QueryTable {
  return {
    database, measurement, columns, since,
    files: [...files.map(({ path }) => path), ...quarantined],
    spans: new Map(files.flatMap(({ path, span }) => (span === null ? [] : [[path, span]]))),
  };
}

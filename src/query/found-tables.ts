/** Tables with the files that were found for them. Nothing of DuckDB is loaded for it. */
import type { FileSpan } from '../model/file-span.js';
import type { DeletedRows } from '../model/tombstone.js';
import type { NamedTable, QueryTable } from './views.js';

/** Files of a table as whoever holds the data folder names them. */
interface FoundTable extends NamedTable {
  readonly files: readonly { readonly path: string; readonly span: FileSpan | null; readonly deletes: readonly number[] }[];
  readonly quarantined: readonly string[];
  readonly drafts: readonly Omit<FoundTable['files'][number], 'deletes'>[];
  readonly deletes: readonly DeletedRows[];
  readonly after: number;
  /** See `QueryTable`. */
  readonly since: number | null;
}

/** A table to query, out of its files as they were found. */
export function tableOf({ after, columns, database, deletes, drafts, files, measurement, quarantined, since }: FoundTable): QueryTable {
  return {
    database, measurement, columns, since, deletes,
    deletesOf: new Map(files.map((file) => [file.path, file.deletes])),
    files: [...files.map(({ path }) => path), ...quarantined, ...drafts.map(({ path }) => path)],
    drafts: new Set(drafts.map(({ path }) => path)),
    after,
    spans: new Map([...files, ...drafts].flatMap(({ path, span }) => (span === null ? [] : [[path, span]]))),
  };
}

/** Checkpoints of Delta logs, which are Parquet: read by DuckDB. */
import { openDuck, quoteText } from './duckdb.js';
import { CATALOG } from './views.js';

/**
 * The rows of a checkpoint, each as the JSON that a commit would have in a line; what is null in it is no action.
 * @param paths absolute, of all its parts
 * @throws with DuckDB's words when one cannot be read
 */
export async function checkpointLines(paths: readonly string[]): Promise<string[]> {
  const duck = await openDuck(CATALOG);
  try {
    const { rows } = await duck.stream(`SELECT to_json(action) FROM read_parquet([${paths.map(quoteText).join(', ')}], union_by_name = true) AS action`);
    const lines: string[] = [];
    for await (const chunk of rows) for (const [line] of chunk) lines.push(String(line));
    return lines;
  } finally {
    duck.close();
  }
}

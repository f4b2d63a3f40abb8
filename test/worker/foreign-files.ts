/** Files of other writers: Parquet that DuckDB makes of a statement. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

/**
 * @param source of which the statements may read, as `source`
 * @param files each a statement, and how its rows are written
 */
export async function filesByDuckdb(source: Buffer | null, files: readonly (readonly [sql: string, options: string])[]): Promise<Buffer[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-foreign-'));
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  try {
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    if (source !== null) {
      writeFileSync(join(folder, 'source.parquet'), source);
      await connection.run(`CREATE VIEW source AS SELECT * FROM read_parquet('${join(folder, 'source.parquet')}')`);
    }
    const made: Buffer[] = [];
    for (const [at, [sql, options]] of files.entries()) {
      const path = join(folder, `${at}.parquet`);
      await connection.run(`COPY (${sql}) TO '${path}' (FORMAT parquet${options === '' ? '' : `, ${options}`})`);
      made.push(readFileSync(path));
    }
    return made;
  } finally {
    instance.closeSync();
    rmSync(folder, { recursive: true });
  }
}

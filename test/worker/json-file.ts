/** The points of files as `sluice query` reads them, and its rows as `sluice import --quarantine` does, in texts that tell every value apart. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KIND_TAG } from '../../assembly/layout/codes.js';
import { dataFileName, plainFileName } from '../../src/names.js';
import { openDuck, quoteName, type Cell } from '../../src/query/duckdb.js';
import { readable } from '../../src/query/run-query.js';
import { CATALOG, placeTables, rowsStatement, viewColumns, viewStatement } from '../../src/query/views.js';
import type { ColumnDefinition } from '../../src/model/schema.js';

const NODE = '0a1b2c3d';

export interface KeptFiles {
  readonly parquet?: readonly Buffer[];
  readonly plain?: readonly Buffer[];
}

/** Every point once, by tags and time; and all rows in the order of their numbers. */
export async function readBack(columns: readonly ColumnDefinition[], { parquet = [], plain = [] }: KeptFiles): Promise<{ points: string[]; rows: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-[a=b]-'));
  const duck = await openDuck(CATALOG);
  try {
    const files = [...parquet.map((bytes, slot) => ({ bytes, name: dataFileName(NODE, 1, slot) })), ...plain.map((bytes, slot) => ({ bytes, name: plainFileName(NODE, 1, slot) }))];
    for (const { bytes, name } of files) writeFileSync(join(folder, name), bytes);
    const table = await readable({ database: 'db', measurement: 'm', columns, files: files.map(({ name }) => join(folder, name)), since: null, spans: new Map() });
    const [placed] = placeTables([table]);
    await duck.run('CREATE SCHEMA db');
    await duck.run(viewStatement(placed!, table));
    const tags = viewColumns(table).slice(1, -2).filter((_, at) => columns[at]!.kind === KIND_TAG).map(([name]) => quoteName(name));
    const textsOf = async (sql: string): Promise<string[]> => {
      const texts: string[] = [];
      for await (const chunk of (await duck.stream(sql)).rows) for (const row of chunk) texts.push(row.map(cellText).join(' | '));
      return texts;
    };
    return { points: await textsOf(`SELECT * FROM db.m ORDER BY ${[...tags, 'time', 'sluice_ns'].join(', ')}`), rows: await textsOf(rowsStatement(table)) };
  } finally {
    duck.close();
    rmSync(folder, { recursive: true });
  }
}

function cellText(cell: Cell): string {
  if (typeof cell === 'number') return Object.is(cell, -0) ? '-0' : String(cell);
  return JSON.stringify(cell);
}

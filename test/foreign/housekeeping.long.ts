/** The housekeeping of Spark and delta-rs on a table whose files sluice put together, beside the server: every row stays, and sluice goes on. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { sluice } from '../e2e/server.js';
import { EngineScene } from './engine-scene.js';
import { ENGINES, type Question } from './engines.js';
import { COLUMNS, textOf, type Row } from './many-commits.js';

const COMMITS = 120;
/** Those that so few commits have. */
const SOME_COLUMNS = COLUMNS.slice(0, 12);
const TIMEOUT_MS = 900_000;
/** delta-rs comes last, for what it gets wrong stays. */
const WRITERS = ['Spark 4.2', 'delta-rs 1.6.6 over DataFusion'];
const READER = 'DuckDB 1.5.5 with its extension';
/** delta-rs writes wrong statistics of whole numbers above 2^63 - 1. */
const KNOWN: Readonly<Record<string, string>> = { 'delta-rs 1.6.6 over DataFusion': 'statistics' };

const shown = (row: Row): string => textOf(row, SOME_COLUMNS);

suite('[issue 14] housekeeping of others', { timeout: TIMEOUT_MS }, () => {
  const scene = new EngineScene(COMMITS, ENGINES.filter(({ title }) => [...WRITERS, READER].includes(title)));
  const engineOf = (title: string) => scene.engines.find(({ kind }) => kind.title === title)!;
  const reader = engineOf(READER);
  let expected: readonly string[] = [];
  before(async () => {
    await scene.fill(COMMITS - 50);
    expected = scene.rows.map(shown).sort();
  });
  after(() => scene.close());

  async function write(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      await scene.write();
      expected = [...expected, shown(scene.rows.at(-1)!)];
    }
    expected = expected.toSorted();
  }

  for (const title of WRITERS) {
    test(title, async (t) => {
      const writer = engineOf(title);
      const missing = writer.missing ?? reader.missing;
      if (missing !== null) return t.skip(missing);
      const step = async (what: string, act?: Question['act']): Promise<void> => {
        const files = (await scene.files()).length;
        if (act !== undefined) assert.deepEqual((await writer.ask(await scene.question({ act, columns: SOME_COLUMNS }))).rows!.toSorted(), expected, `${what}, as it reads`);
        assert.deepEqual((await reader.ask(await scene.question({ columns: SOME_COLUMNS }))).rows!.toSorted(), expected, what);
        const { stdout } = sluice(['check', '--format', 'json', scene.folder]);
        const problems = (JSON.parse(stdout) as { tables: { problems: { code: string }[] }[] }).tables.flatMap((table) => table.problems);
        assert.deepEqual(problems.filter(({ code }) => code !== KNOWN[title]), [], what);
        t.diagnostic(`${what}: ${files} files, then ${(await scene.files()).length}; ${problems.length} known problems`);
      };
      await step('OPTIMIZE', 'OPTIMIZE');
      await write(20);
      await scene.compact();
      await step('compaction behind it');
      if (writer.kind.name === 'Spark') return; // a step takes it minutes
      await step('VACUUM without retention', 'VACUUM');
      await write(1);
      await step('ZORDER', 'ZORDER');
      await step('VACUUM without retention, again', 'VACUUM');
      await write(1);
      await scene.compact();
      await step('compaction at the end');
    });
  }
});

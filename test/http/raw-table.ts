/** The table of docs/proxies.md: what each listener answers to raw requests. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../root.js';
import type { Harness } from './harness.js';
import { RAW_CASES, type RawCase } from './raw-cases.js';
import { observe } from './raw-run.js';

const PAGE = join(root, 'docs/proxies.md');
const COLUMNS = ['node', '20.57.0', '3.0.6'] as const;
export type Column = (typeof COLUMNS)[number];

type Said = Readonly<Record<string, string>>;

/** What the page says of a listener, by case. */
export function saidOf(column: Column): Said {
  const at = COLUMNS.indexOf(column) + 2;
  const rows = (existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '').split('\n').filter((line) => line.startsWith('| '));
  return Object.fromEntries(rows.map((row) => row.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'))).map((cells) => [cells[1]!, cells[at] ?? '']));
}

/**
 * Sends all cases at once.
 * @returns databases that a hidden write reached
 * @throws AssertionError where an answer is not what is said; with `SLUICE_RAW_OUT`, writes what is answered there instead
 */
export async function smuggledBy(harness: Harness, cases: readonly RawCase[], said: Said): Promise<string[]> {
  // As a real one: an answer comes in a later turn than its request.
  harness.writer.outcome = () => new Promise((resolve) => setImmediate(() => setImmediate(() => resolve({ kind: 'stored' }))));
  const found = Object.fromEntries(await Promise.all(cases.map(async (one) => [one.name, await observe(harness, one)] as const)));
  const out = process.env['SLUICE_RAW_OUT'];
  if (out === undefined) assert.deepEqual(found, Object.fromEntries(cases.map(({ name }) => [name, said[name]])));
  else writeFileSync(out, JSON.stringify(found));
  return harness.writer.writes.map(({ request }) => request.database).filter((database) => database === 'evil');
}

/** The rows of the page. */
export function tableOf(columns: Readonly<Record<Column, Said>>): string {
  const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return Object.entries(RAW_CASES).map(([group, cases]) => `### ${group}\n\n${row(['request', 'node:http', 'uWebSockets.js 20.57.0', '3.0.6'])}| --- | --- | --- | --- |\n`
    + cases.map(({ name }) => row([name, ...COLUMNS.map((column) => columns[column][name] ?? '')])).join('')).join('\n');
}

/** Results as text. */
import type { Cell, RowStream } from './duckdb.js';

/** Takes a piece of output; settles when more may come. */
export type Write = (text: string) => Promise<void>;

/** Formats of `sluice query`. */
export const FORMATS = ['pretty', 'json', 'jsonl', 'csv', 'tsv'] as const;
export type Format = (typeof FORMATS)[number];

const prettyRowsMax = 1000;
const prettyCellMax = 60;

/** Writes a result whole. */
export async function writeResult(result: RowStream, format: Format, write: Write): Promise<void> {
  if (format === 'pretty') await writePretty(result, write);
  else if (format === 'csv') await writeCsv(result, write);
  else if (format === 'tsv') await writeTsv(result, write);
  else await writeJson(result, format === 'json', write);
}

/** One object a row; as an array, or a line each. */
async function writeJson(result: RowStream, asArray: boolean, write: Write): Promise<void> {
  const keys = result.columns.map((column) => JSON.stringify(column));
  const rowText = (row: readonly Cell[]): string => `{${row.map((cell, at) => `${keys[at]}:${jsonText(cell)}`).join(',')}}`;
  let before = asArray ? '[' : '';
  for await (const rows of result.rows) {
    for (const row of rows) {
      await write(`${before}${rowText(row)}${asArray ? '' : '\n'}`);
      if (asArray) before = ',\n';
    }
  }
  if (asArray) await write(before === '[' ? '[]\n' : ']\n');
}

/** JSON without loss: all digits of integers and decimals; NaN and infinities, which JSON has no numbers for, as strings. */
function jsonText(cell: Cell): string {
  if (cell === null || typeof cell === 'boolean') return String(cell);
  if (typeof cell === 'number') return Number.isFinite(cell) ? numberText(cell) : JSON.stringify(String(cell));
  if (typeof cell === 'string') return JSON.stringify(cell);
  if ('digits' in cell) return cell.digits;
  if ('map' in cell) return `[${cell.map(jsonText).join(',')}]`;
  return `{${[...cell].map(([key, value]) => `${JSON.stringify(key)}:${jsonText(value)}`).join(',')}}`;
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0.0' : String(value);
}

/** As in a table: null is empty, strings are bare. */
function plainText(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number') return numberText(cell);
  return jsonText(cell);
}

/** RFC 4180 with a header, but for the ends of lines: LF, as every tool writes it here. Null is nothing, the empty string is `""`. */
async function writeCsv(result: RowStream, write: Write): Promise<void> {
  await write(`${result.columns.map(csvQuoted).join(',')}\n`);
  for await (const rows of result.rows) {
    await write(rows.map((row) => `${row.map(csvField).join(',')}\n`).join(''));
  }
}

/** Fields between tabs, a line a row, with a header: tab, LF, CR and backslash in a text are \\t, \\n, \\r and \\\\, null is \\N. */
async function writeTsv(result: RowStream, write: Write): Promise<void> {
  await write(`${result.columns.map(tsvText).join('\t')}\n`);
  for await (const rows of result.rows) {
    await write(rows.map((row) => `${row.map((cell) => (cell === null ? '\\N' : tsvText(plainText(cell)))).join('\t')}\n`).join(''));
  }
}

const TSV_ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\\': '\\\\' };

function tsvText(text: string): string {
  return text.replace(/[\t\n\r\\]/g, (character) => TSV_ESCAPES[character]!);
}

function csvField(cell: Cell): string {
  return cell === '' ? '""' : csvQuoted(plainText(cell));
}

function csvQuoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** An aligned table of the first rows; what is behind them is not read. Numbers stand at the right. */
async function writePretty(result: RowStream, write: Write): Promise<void> {
  const shown: (readonly Cell[])[] = [];
  let isMore = false;
  for await (const rows of result.rows) {
    isMore = shown.length + rows.length > prettyRowsMax;
    shown.push(...rows.slice(0, prettyRowsMax - shown.length));
    if (isMore) break;
  }
  const texts = shown.map((row) => row.map((cell) => shortText(cell === null ? 'null' : plainText(cell))));
  const header = result.columns.map(shortText);
  const widths = header.map((title, at) => texts.reduce((most, row) => Math.max(most, width(row[at] ?? '')), width(title)));
  const isNumber = (cell: Cell): boolean => typeof cell === 'number' || (typeof cell === 'object' && cell !== null && 'digits' in cell);
  const line = (row: readonly string[], atRight: (at: number) => boolean): string =>
    row.map((text, at) => pad(text, widths[at] ?? 0, atRight(at))).join('  ').trimEnd();
  await write(`${line(header, () => false)}\n${widths.map((wide) => '-'.repeat(wide)).join('  ')}\n`);
  for (const [at, row] of texts.entries()) {
    await write(`${line(row, (column) => isNumber(shown[at]?.[column] ?? null))}\n`);
  }
  const count = `${shown.length} ${shown.length === 1 ? 'row' : 'rows'}`;
  await write(isMore ? `(the first ${count}; --format csv or jsonl gives all)\n` : `(${count})\n`);
}

/** On one line, and not so long that it takes the whole screen. */
function shortText(text: string): string {
  const characters = [...text.replace(/\p{Cc}/gu, ' ')];
  return characters.length <= prettyCellMax ? characters.join('') : `${characters.slice(0, prettyCellMax - 1).join('')}…`;
}

function width(text: string): number {
  return [...text].length;
}

function pad(text: string, to: number, atRight: boolean): string {
  const space = ' '.repeat(Math.max(0, to - width(text)));
  return atRight ? space + text : text + space;
}

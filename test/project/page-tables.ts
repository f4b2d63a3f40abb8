/** The tables of a page in docs/, row by row. */
import { pageText } from '../clients/page.js';

/** Cells by the words at the head of their columns. */
export type PageRow = Readonly<Record<string, string>>;

/** Every row of those tables of a page that have all of these columns, in the order of the page. */
export function pageRows(page: string, ...columns: readonly string[]): PageRow[] {
  const tables = pageText(page).match(/(?:^\|.*\|\n)+/gm) ?? [];
  return tables.flatMap((table) => {
    const [head = [], , ...rows] = table.trimEnd().split('\n').map(cellsOf);
    if (!columns.every((column) => head.includes(column))) return [];
    return rows.map((cells) => Object.fromEntries(head.map((column, i) => [column, cells[i] ?? ''])));
  });
}

function cellsOf(line: string): string[] {
  return line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
}

/** The text of a cell that is one piece of code. @throws Error when it is not */
export function codeOf(cell: string): string {
  const [, code] = /^`([^`]+)`$/.exec(cell) ?? [];
  if (code === undefined) throw new Error(`${cell} is no code word`);
  return code;
}

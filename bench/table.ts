/** Tables of figures, as Markdown. */

export interface Row {
  readonly name: string;
  /** One text for each column after the first. */
  readonly cells: readonly string[];
  /** What two revisions are compared by: more is better. */
  readonly speed: number;
}

export interface Table {
  /** What the first column names. */
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** A part of the benchmarks: one file, whose `run` measures. */
export interface Part {
  /** What each figure is and how it was taken, in a few sentences. */
  readonly about: string;
  run(): readonly Table[] | Promise<readonly Table[]>;
}

export function markdown({ title, columns, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return line([title, ...columns]) + `|${'---|'.repeat(columns.length + 1)}\n` + rows.map(({ name, cells }) => line([name, ...cells])).join('');
}

/** With thousands separators. */
export function fixed(value: number, digits = 0): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Three digits that count. */
export function short(value: number): string {
  return fixed(value, value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

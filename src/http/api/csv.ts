/** CSV as InfluxDB writes it. Pure. */

function csvCell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]|^ /.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A line with its end. Cells are in quotes where they must be. */
export function csvLine(cells: readonly unknown[]): string {
  return `${cells.map(csvCell).join(',')}\n`;
}

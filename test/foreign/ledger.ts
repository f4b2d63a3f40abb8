/** What was written to a table and what became of it. Each row is a point of its own, written once. */

export interface Row {
  readonly n: number;
  readonly host: string | null;
  readonly v: number | null;
  /** ns since 1970. */
  readonly t: string;
  readonly later: number | null;
}

/** Rows of other writers have numbers from here on. */
const FOREIGN_FROM = 1000;
const BASE_NS = 1_700_000_000_000_000_000n;

/** What other writers have in a column `later` is theirs: it is not compared. */
export function rowOf(n: number, host: string | null, v: number | null, t: string, later: number | null): Row {
  return { n, host, v, t, later: n > FOREIGN_FROM ? null : later };
}

/** The row of a number, as sluice is sent it (or another writer makes it). */
export function makeRow(n: number, withLater = false): Row {
  const host = n > FOREIGN_FROM ? 'f' : n % 2 === 1 ? 'a' : 'b';
  const ns = BASE_NS + BigInt(n) * 1_000_000n + BigInt(n % 1000);
  return rowOf(n, host, n + 0.5, String(ns), withLater ? n + 0.25 : null);
}

/** A row as line protocol, in ns. */
export function lineOf(table: string, { n, host, v, t, later }: Row): string {
  return `${table},host=${host} n=${n}i,v=${v}${later === null ? '' : `,later=${later}`} ${t}`;
}

function textOf({ n, host, v, t, later }: Row): string {
  return JSON.stringify([n, host, v, t, later]);
}

/** Says how rows differ from those that there must be, as multisets; nothing when they do not. */
export function differences(what: string, got: readonly Row[], want: readonly Row[]): string[] {
  const left = want.map(textOf);
  const extra: string[] = [];
  for (const text of got.map(textOf)) {
    const at = left.indexOf(text);
    if (at < 0) extra.push(text);
    else left.splice(at, 1);
  }
  return [
    ...(left.length > 0 ? [`${what}: ${left.length} missing: ${shortened(left)}`] : []),
    ...(extra.length > 0 ? [`${what}: ${extra.length} that must not be there: ${shortened(extra)}`] : []),
  ];
}

/** Those of `rows` whose number is in none of the others. */
export function without(rows: readonly Row[], ...others: readonly (readonly Row[])[]): Row[] {
  const numbers = new Set(others.flat().map(({ n }) => n));
  return rows.filter(({ n }) => !numbers.has(n));
}

function shortened(texts: readonly string[]): string {
  return texts.slice(0, 4).join(' ') + (texts.length > 4 ? ' …' : '');
}

/** A table of ours, by where its rows must be. */
export class TableLedger {
  readonly name: string;
  /** Which of all tables a sentence is about. */
  readonly label: string;
  /** In the newest version, once what was acknowledged is flushed. */
  stored: Row[] = [];
  /** Acknowledged, not in files yet. */
  unflushed: Row[] = [];
  /** Answered by 400, since the table is set aside. */
  refused: Row[] = [];

  constructor(name: string, label = name) {
    this.name = name;
    this.label = label;
  }

  flushed(): void {
    this.stored.push(...this.unflushed);
    this.unflushed = [];
  }
}

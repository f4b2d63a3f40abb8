/** Judges what a server made of a damaged data folder. Each violation is a sentence that begins with its class. */
import { createHash } from 'node:crypto';
import type { Damage } from './corruption-damage.js';
import { filesBelow, type Layout } from './corruption-layout.js';
import type { Health, Shown } from './corruption-life.js';
import { isAsWritten, LOADED } from './corruption-rows.js';
import { unhurt, type Stake } from './corruption-stake.js';

/** One look at a server. */
export interface Look {
  readonly shown: Shown;
  readonly health: Health;
  /** Table by number of every row that was acknowledged before. */
  readonly acknowledged: ReadonlyMap<number, string>;
}

interface JudgeParts {
  readonly layout: Layout;
  readonly damage: Damage;
  readonly stake: Stake;
}

export class Judge {
  readonly violations: string[] = [];
  readonly #parts: JudgeParts;
  /** Rows that the last look missed, and those that it saw; null before the first. */
  #missingBefore: ReadonlySet<number> | null = null;
  #thereBefore: ReadonlySet<number> = new Set();
  #refused = 0;

  constructor(parts: JudgeParts) {
    this.#parts = parts;
  }

  add(violation: string): void {
    this.violations.push(violation);
  }

  /** A table that leans on what was hit may be set aside; another takes every line. */
  answered(table: string, status: number): void {
    if (status === 204) return;
    if (status === 400 && this.#parts.stake.tables.has(table)) this.#refused += 1;
    else this.add(`refused: a write to ${table} was answered ${status}`);
  }

  /** A damaged data file that can be read has all its rows, with whatever values. */
  fileGives(at: string, rows: number, shown: number): void {
    if (shown !== rows) this.add(`silent: ${at}: the data file gives ${shown} of its ${rows} rows and no error`);
  }

  /** Looks come in the order of time; a row that is missing once more costs nothing new. */
  look(at: string, { shown, health, acknowledged }: Look): void {
    const { layout: { folder }, stake } = this.#parts;
    if (shown.blocked !== null) this.add(`blocked: ${at}: \`sluice query\` gives nothing of any table: ${shown.blocked}`);
    for (const key of shown.strangers) this.add(`invented: ${at}: table ${key}`);
    const there = new Set<number>();
    for (const row of shown.rows) {
      const { id, place } = row;
      if (folder.dropped.has(id) && (!stake.mayResurrect || health.isWell)) this.add(`resurrected: ${at}: row ${id} of ${place} was dropped`);
      else if (stake.changed.has(id) || (stake.changed.size > 0 && stake.tables.has(place) && !acknowledged.has(id))) there.add(id);
      else if (acknowledged.get(id) !== place && !(place === LOADED.key && folder.importIds.includes(id))) this.add(`invented: ${at}: row ${id} of ${place}`);
      else if (!isAsWritten(row)) this.add(`changed: ${at}: row ${id} of ${place}: ${JSON.stringify(row).slice(0, 200)}`);
      else if (there.has(id)) this.add(`twice: ${at}: row ${id} of ${place}`);
      there.add(id);
    }
    const missing = [...acknowledged].filter(([id]) => !there.has(id));
    // Parquet pages have no checksum of ours: a changed number of a row is a changed value, and a page that cannot be read is
    // an error of the query. That a file of another size than its commit says is damaged can be seen without reading it.
    const isForQuery = missing.every(([id]) => stake.changed.has(id));
    this.#missing(at, missing, shown, health, isForQuery);
    this.#thereBefore = there;
  }

  #missing(at: string, missing: readonly (readonly [id: number, table: string])[], shown: Shown, health: Health, isForQuery: boolean): void {
    const { layout: { folder }, damage, stake } = this.#parts;
    // A table that is set aside keeps new rows in the log; one whose record was lost is made anew by them.
    const isAside = damage.path.startsWith('tables/');
    const lost = missing.filter(([id, table]) => !stake.ids.has(id) && !(stake.tables.has(table) && (isAside || folder.acknowledged.has(id))));
    for (const [table, ids] of byTable(lost)) {
      const why = shown.unreadable.get(table);
      const later = ids.filter((id) => !folder.acknowledged.has(id)).length;
      this.add(`lost: ${at}: ${ids.length} rows of ${table}${later > 0 ? `, ${later} of them written and answered 204 after the damage` : ''}${why === undefined ? '' : ` (${why})`}`);
    }
    // What only the log had is gone once it was said; what is set aside is said as long as it is.
    const isLasting = this.#missingBefore === null || isAside;
    if (missing.length > 0 && lost.length === 0 && isLasting && !stake.mayBeSilent && !isForQuery) this.#mustSay(at, health, `${missing.length} rows are missing`);
    if (this.#refused > 0) this.#mustSay(at, health, `${this.#refused} writes were refused`);
    const more = missing.filter(([id]) => this.#thereBefore.has(id));
    if (more.length > 0) this.add(`second: ${at}: ${more.length} rows are missing that were there before`);
    this.#missingBefore = new Set(missing.map(([id]) => id));
  }

  #mustSay(at: string, health: Health, what: string): void {
    const { names } = this.#parts.stake;
    if (health.isWell) this.add(`silent: ${at}: ${what} and /health is all well`);
    else if (!health.sentences.some((sentence) => names.some((name) => sentence.includes(name)))) {
      this.add(`vague: ${at}: ${what} and /health names none of ${names.join(', ')}: ${health.sentences.join('; ').slice(0, 300)}`);
    }
  }

  /**
   * Nothing that was whole is deleted, and what was put aside is said.
   * @param before the folder's files after the damage; missing rows are those of the last look
   * @param healths at the end of each life
   */
  folder(before: ReadonlyMap<string, Buffer>, dataDir: string, healths: readonly Health[]): void {
    const after = filesBelow(dataDir);
    const kept = new Set([...after.values()].map(digest));
    for (const [path, bytes] of before) {
      if (/^(tables|trash)\//.test(path) && bytes.length > 0 && !kept.has(digest(bytes))) this.add(`deleted: ${path} is nowhere any more`);
    }
    this.#logKept(after);
    const aside = [...after.keys()].filter((path) => path.startsWith('quarantine/') && !before.has(path));
    if (aside.length > 0 && healths.every(({ isWell }) => isWell)) this.add(`silent: ${aside.join(', ').slice(0, 200)} came and /health is all well`);
  }

  /** A record that was not hit and has a row that is not shown, and was in no file, must still be somewhere; and so must every later row. */
  #logKept(after: ReadonlyMap<string, Buffer>): void {
    const { layout, damage } = this.#parts;
    const missing = this.#missingBefore ?? new Set();
    const places = [...after].filter(([path]) => /^(log|quarantine)\//.test(path)).map(([, bytes]) => bytes);
    for (const { path, payload, seq, ids } of unhurt(layout, damage)) {
      if (!ids.some((id) => missing.has(id) && !layout.flushed.has(id)) || places.some((bytes) => bytes.includes(payload))) continue;
      this.add(`deleted: frame ${seq} of ${path} is nowhere any more, and its rows are not shown`);
    }
    const later = [...missing].filter((id) => !layout.folder.acknowledged.has(id) && !places.some((bytes) => bytes.includes(` id=${id}i,`)));
    if (later.length > 0) this.add(`deleted: ${later.length} rows answered 204 after the damage are nowhere any more, and are not shown`);
  }
}

function byTable(rows: readonly (readonly [id: number, table: string])[]): Map<string, number[]> {
  const tables = new Map<string, number[]>();
  for (const [id, table] of rows) tables.set(table, [...(tables.get(table) ?? []), id]);
  return tables;
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

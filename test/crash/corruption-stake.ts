/** What a damage may cost, and must not: the bounds that the oracle of the corruption matrix judges by. */
import type { Damage } from './corruption-damage.js';
import { SEGMENT_HEADER_BYTES, spokenName, type Layout, type LoggedRecord } from './corruption-layout.js';

export interface Stake {
  /** Rows whose own bytes were hit. They may be missing, when that is said. */
  readonly ids: ReadonlySet<number>;
  /** Tables that lean on what was hit. They may be set aside, when that is said: rows not shown, new lines rejected. */
  readonly tables: ReadonlySet<string>;
  /** Rows that may show other values: nothing in a Parquet page tells. */
  readonly changed: ReadonlySet<number>;
  /** What was dropped may be back: the record that says so was hit. */
  readonly mayResurrect: boolean;
  /** Nothing that is left tells that there was more: the loss may stay unsaid. */
  readonly mayBeSilent: boolean;
  /** One of these stands in the sentence that says a loss. */
  readonly names: readonly string[];
}

const NOTHING: ReadonlySet<never> = new Set<never>();

/** @param damage of a folder that had this layout */
export function stakeOf(layout: Layout, damage: Damage): Stake {
  const none: Stake = { ids: NOTHING, tables: NOTHING, changed: NOTHING, mayResurrect: false, mayBeSilent: false, names: [damage.path, spokenName(damage.path)] };
  if (layout.segments.includes(damage.path)) return { ...none, ...ofSegment(layout, damage) };
  const table = layout.tables.find(({ path }) => damage.path.startsWith(`${path}/`));
  if (table === undefined) return none;
  const names = [...none.names, table.path, table.path.slice('tables/'.length)];
  if (damage.path.startsWith(`${table.path}/_delta_log/`)) {
    // A stray file counts as a commit only under a commit's name.
    const isCommit = damage.before !== null || /\/\d{20}\.json$/.test(damage.path);
    return { ...none, tables: new Set(isCommit ? [table.key] : []), names };
  }
  const ids = new Set(table.files.get(damage.path) ?? []);
  const isAsLong = damage.after !== null && damage.after.length === damage.before?.length;
  return { ...none, ids, tables: new Set(ids.size > 0 ? [table.key] : []), changed: isAsLong ? ids : NOTHING, names };
}

function ofSegment(layout: Layout, { path, after, hit }: Damage): Partial<Stake> {
  const { folder, records, flushed, segments, snapshotUpTo, knownSeq } = layout;
  const lost = records.filter((record) => record.path === path && record.from < hit.to && record.to > hit.from);
  // What the snapshot holds does not need its record any more.
  const changes = lost.filter(({ seq }) => seq > snapshotUpTo);
  const isNewest = path === segments.at(-1);
  const endsWhole = after === null || after.length === 0 || after.length === SEGMENT_HEADER_BYTES || records.some((record) => record.path === path && record.to === after.length);
  return {
    ids: new Set(lost.flatMap(({ ids }) => ids).filter((id) => !flushed.has(id))),
    tables: new Set(changes.flatMap(({ tables }) => tables)),
    mayResurrect: changes.some(({ drops }) => drops),
    mayBeSilent: folder.ending === 'killed' && isNewest && endsWhole && lost.every(({ seq }) => seq > knownSeq),
  };
}

/** Records whose bytes a damage left as they were. */
export function unhurt(layout: Layout, damage: Damage): LoggedRecord[] {
  return layout.records.filter(({ path, from, to }) => path !== damage.path || from >= damage.hit.to || to <= damage.hit.from);
}

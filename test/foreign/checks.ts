/** What must be true of the tables of a scene. */
import { dropTable, healthOf, keptLines, listTables, quarantineFolder, queryTables, tableFolder, writeAgain, type Listed, type Shown } from './doors.js';
import { differences, without, type Row, type TableLedger } from './ledger.js';
import type { Change, Scene } from './scene.js';
import type { Reading } from './writer.js';

const WAIT_MS_MAX = 8_000;
const LOOK_AGAIN_MS = 100;

/** Each table holds for other readers what it must, and sluice shows that. */
export async function checkTables(scene: Scene, when: string): Promise<void> {
  const shown = await queryTables(scene.dataDir, scene.tables.map(({ name }) => name));
  const listed = await listTables(scene.dataDir);
  for (const table of scene.tables) {
    const says = (what: string): string => `${when}, ${what} of ${table.label}`;
    const isReadable = scene.changeOf(table)?.operation.unreadable !== true;
    const reading = await read(scene, says, table);
    scene.fault(...shownFaults(says('sluice query'), table, shown.get(table.name)!, isReadable));
    scene.fault(...listedFaults(says('sluice tables'), table, listed.get(table.name), isReadable ? reading : null));
    if (isReadable && !listed.has(table.name)) scene.fault(`${says('sluice tables')}: nothing`);
  }
}

/** The newest version as delta-rs reads it; null when it cannot. */
async function read(scene: Scene, says: (what: string) => string, table: TableLedger): Promise<Reading | null> {
  try {
    const reading = await scene.foreign.read(tableFolder(scene.dataDir, table.name));
    scene.fault(...differences(says('the newest version'), reading.rows, table.stored));
    return reading;
  } catch (error) {
    scene.fault(`${says('the newest version')} cannot be read by others: ${(error as Error).message}`);
    return null;
  }
}

/**
 * Rows that wait in the log or in quarantine, since their table cannot be flushed, may be shown or not. So may those of a
 * version that sluice cannot read, when it says so.
 */
function shownFaults(what: string, table: TableLedger, { rows, said }: Shown, isReadable: boolean): string[] {
  const isSaid = !isReadable && said.includes(table.name);
  if (rows === null) return isSaid ? [] : [`${what} fails: ${said}`];
  const optional = isSaid ? [...table.stored, ...table.unflushed] : table.unflushed;
  const seen = rows.filter(({ n }) => optional.some((row) => row.n === n));
  return differences(what, rows, [...without(table.stored, optional), ...without(optional, without(optional, seen))]);
}

function listedFaults(what: string, table: TableLedger, listed: Listed | undefined, reading: Reading | null): string[] {
  if (listed === undefined) return [];
  const { rows, unflushed } = listed;
  return [
    ...(reading !== null && rows !== reading.count ? [`${what}: ${rows} rows in files, there are ${reading.count}`] : []),
    ...(unflushed === null ? ['sluice tables does not tell unflushed rows'] : []),
    ...((unflushed ?? 0) > table.unflushed.length ? [`${what}: ${unflushed} unflushed rows, there are at most ${table.unflushed.length}`] : []),
  ];
}

/** At the end: what was acknowledged is in files, or the table is set aside as it must be. */
export async function checkEnds(scene: Scene): Promise<void> {
  for (const change of scene.changes) {
    if (change.isAside) await checkRefusal(scene, change);
    else scene.fault(...missingSentence(`acknowledged rows of ${change.victim.label} that are neither in files nor set aside`, change.victim.unflushed));
  }
}

/** Every new line is rejected and kept, /health says why, what was acknowledged goes to quarantine. */
async function checkRefusal(scene: Scene, { operation, victim }: Change): Promise<void> {
  const { label, name, refused, unflushed } = victim;
  if (!refused.some(({ n }) => n === scene.rowsMade)) scene.fault(`the last write to ${label} was acknowledged, though it was set aside`);
  const health = await healthOf(scene.url, name);
  if (!health.some((sentence) => operation.reason!.test(sentence))) scene.fault(`/health gives no reason ${operation.reason} for ${label}: ${health.join('; ')}`);
  const kept = await keptLines(scene.dataDir, name);
  if ('refusal' in kept) scene.fault(`sluice rejected fails: ${kept.refusal}`);
  else scene.fault(...missingSentence(`rejected lines of ${label} that are not kept`, refused.filter(({ n }) => !kept.numbers.has(n))));
  scene.fault(...missingSentence(`acknowledged rows that neither ${label} nor quarantine has`, await notInQuarantine(scene, unflushed)));
}

/** Waits until all of these rows are in files below quarantine/; gives those that are not after a while. */
async function notInQuarantine(scene: Scene, rows: readonly Row[]): Promise<Row[]> {
  const until = Date.now() + WAIT_MS_MAX;
  for (;;) {
    const missing = without(rows, await scene.foreign.readParquet(quarantineFolder(scene.dataDir)));
    if (missing.length === 0 || Date.now() > until) return missing;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** With the tables that are set aside dropped, all that was kept is written again and stands in tables made anew. */
export async function checkWrittenAgain(scene: Scene): Promise<void> {
  const aside = scene.changes.filter(({ isAside }) => isAside);
  if (aside.length === 0) return;
  for (const { victim, quiet } of aside) for (const { name } of [victim, quiet]) await dropTable(scene.url, name);
  await writeAgain(scene.dataDir);
  const shown = await queryTables(scene.dataDir, aside.map(({ victim }) => victim.name));
  for (const { victim: { label, name, refused, unflushed } } of aside) {
    const what = `after all was written again, sluice query of ${label}`;
    const { rows, said } = shown.get(name)!;
    if (rows === null) scene.fault(`${what} fails: ${said}`);
    else scene.fault(...differences(what, rows, [...unflushed, ...refused]));
    const health = await healthOf(scene.url, name);
    if (health.length > 0) scene.fault(`/health still names ${label}, which was dropped: ${health.join('; ')}`);
  }
}

function missingSentence(what: string, rows: readonly Row[]): string[] {
  return rows.length === 0 ? [] : [`${what}: n=${rows.map(({ n }) => n).join(', ')}`];
}

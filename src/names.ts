/** Every name on disk: columns, folders, files. A name is made once and then stands in the catalog; nothing derives it again. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';

const databaseBytesMax = { plain: 64, any: 255 } as const;
const columnBytesMax = 200;
const folderBytesMax = 120;
const folderBytesKept = 100;

/** Our own columns, which stand first in every file. */
export const OWN_COLUMNS = ['time', 'sluice_ns', 'sluice_seq'] as const;

/** Beside the columns in rows as JSON lines: the place in the memtable. No column has a space in its name. */
export const ROW_NUMBER = 'row number';

/**
 * What readers compare column names by: Unicode lower case, with the final sigma as any other.
 * Two columns that fold alike make Spark and every delta-kernel reader refuse the whole table.
 */
export function fold(name: string): string {
  return name.toLowerCase().replaceAll('ς', 'σ');
}

/** Of a table, by what stands before `~` in a folded name and how many digits follow it: the numbers below are taken. */
export type TriedNames = Map<string, number>;

/**
 * The column of a key in a table's files.
 * @param key tag or field key as sent
 * @param taken whether a folded name belongs to an earlier column of the table; our own columns are known here
 * @param tried of the table, changed: the name that is returned is taken from now on. Without it thousands of keys that differ in
 *   case alone would try each other's names, all of them each
 * @returns at most 200 bytes of UTF-8, unlike every taken name
 */
export function columnName(key: string, taken: (folded: string) => boolean, tried: TriedNames = new Map()): string {
  const parts = Array.from(key, escapeForColumn);
  const isFree = (name: string): boolean => Buffer.byteLength(name) <= columnBytesMax && !isOwn(fold(name)) && !taken(fold(name));
  const whole = parts.join('');
  if (isFree(whole)) return whole;
  for (let digits = 1; ; digits += 1) {
    const base = shortened(parts, columnBytesMax - 1 - digits);
    const place = `${digits}${fold(base)}`;
    const end = 10 ** digits;
    let n = tried.get(place) ?? Math.max(2, end / 10);
    while (n < end && !isFree(`${base}~${n}`)) n += 1;
    tried.set(place, n);
    if (n < end) return `${base}~${n}`;
  }
}

function isOwn(folded: string): boolean {
  return (OWN_COLUMNS as readonly string[]).includes(folded);
}

/** Delta allows none of `` ,;{}()=`` and white space in a name without column mapping; `%` is escaped to stay reversible. */
function escapeForColumn(character: string): string {
  const isControlOrSpace = character <= ' ' || character === '\u007f';
  return isControlOrSpace || ',;{}()=%'.includes(character) ? `%${hex(character.charCodeAt(0))}` : character;
}

/**
 * The folder of a database or table, one path segment.
 * @param name as sent, not empty
 * @param taken whether a folded folder was ever used beside it
 * @param anewId the table's id, when a table of this very name had a folder before
 * @returns ASCII letters, digits, `-`, `_` and `~`; no other set opens in every reader (`%` least of all)
 */
export function folderName(name: string, taken: (foldedFolder: string) => boolean, anewId?: number): string {
  if (name === '') throw new RangeError('an empty name has no folder');
  const parts = escapeForFolder(name);
  const plain = shorten(parts, name);
  const isTaken = (folder: string): boolean => taken(fold(folder));
  if (anewId === undefined) {
    if (!isTaken(plain)) return plain;
    const caseEscaped = shorten(escapeCase(parts), name);
    if (!isTaken(caseEscaped)) return caseEscaped;
  }
  for (let n = anewId ?? 2; ; n += 1) {
    if (!isTaken(`${plain}~${n}`)) return `${plain}~${n}`;
  }
}

/** Byte by byte. No leading `_` stays: readers take such folders for hidden ones. */
function escapeForFolder(name: string): string[] {
  return Array.from(Buffer.from(name), (byte, at) => {
    const character = String.fromCharCode(byte);
    return (at === 0 ? /[A-Za-z0-9-]/ : /[A-Za-z0-9_-]/).test(character) ? character : `~${hex(byte)}`;
  });
}

/** For a name that differs from an earlier one in case alone: its upper-case letters escaped, or else its first letter. */
function escapeCase(parts: readonly string[]): string[] {
  const escape = (letter: string): string => `~${hex(letter.charCodeAt(0))}`;
  if (parts.some((part) => /^[A-Z]$/.test(part))) {
    return parts.map((part) => (/^[A-Z]$/.test(part) ? escape(part) : part));
  }
  const first = parts.findIndex((part) => /^[a-z]$/.test(part));
  return parts.map((part, at) => (at === first ? escape(part) : part));
}

function shorten(parts: readonly string[], name: string): string {
  const whole = parts.join('');
  if (whole.length <= folderBytesMax) return whole;
  return `${shortened(parts, folderBytesKept)}~~${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}

/** The first parts that together take at most `bytesMax` bytes of UTF-8. */
function shortened(parts: readonly string[], bytesMax: number): string {
  let bytes = 0;
  let end = 0;
  for (const part of parts) {
    bytes += Buffer.byteLength(part);
    if (bytes > bytesMax) break;
    end += 1;
  }
  return parts.slice(0, end).join('');
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}

/**
 * Which names databases may have. `plain`: InfluxDB 3's, as they are safe in URLs and folders; `any`: spaces, dots and the
 * letters of every script too, as InfluxDB 1 and 2 take them.
 */
export const DATABASE_NAME_RULES = ['plain', 'any'] as const;
export type DatabaseNameRule = (typeof DATABASE_NAME_RULES)[number];

/** What is wrong with a database's name, or null. */
export function checkDatabaseName(name: string, rule: DatabaseNameRule): string | null {
  const bytes = Buffer.byteLength(name);
  const bytesMax = databaseBytesMax[rule];
  if (bytes > bytesMax) return `has ${bytes} bytes, the limit is ${bytesMax}`;
  const problem = rule === 'plain' ? plainProblem(name) : anyProblem(name);
  if (problem !== null) return problem;
  if (name.indexOf('/') !== name.lastIndexOf('/')) return 'holds more than one /';
  return name.endsWith('/') ? 'ends with /' : null;
}

function plainProblem(name: string): string | null {
  if (!/^[A-Za-z0-9]/.test(name)) return `does not start with an ASCII letter or digit${ANY_HINT}`;
  return /^[A-Za-z0-9_/-]*$/.test(name) ? null : `holds something else than ASCII letters, digits, _, - and one /${ANY_HINT}`;
}

const ANY_HINT = ' (sluice serve --database-names any takes more)';

function anyProblem(name: string): string | null {
  if (name === '') return 'is empty';
  // U+FFFD stands where bytes were no UTF-8.
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\uFFFD]/u.test(name)) return 'holds a control character, a line separator or bytes that are not UTF-8';
  if (name.includes('*')) return 'holds *, which stands for the rest of a name where tokens say what they allow';
  return /^[\s/]|\s$/u.test(name) ? 'begins with a space or /, or ends with a space' : null;
}

/** Name of a Delta commit below `_delta_log/`. */
export function commitName(version: number): string {
  return `${String(version).padStart(20, '0')}.json`;
}

/** Name of a checkpoint of ours below `_delta_log/`. */
export function checkpointName(version: number): string {
  return `${String(version).padStart(20, '0')}.checkpoint.parquet`;
}

/** Name of the file there that says which checkpoint is the newest; others may have made that one. */
export const lastCheckpointName = '_last_checkpoint';

/** Name of a data file in its table's folder. @param seq the seq its rows go up to */
export function dataFileName(node: string, seq: number, slot: number): string {
  return `${node}-${digits16(seq)}-${slot}.parquet`;
}

/** The parts of a name that `dataFileName` made, or null for any other. */
export function parseDataFileName(name: string): { node: string; seq: number; slot: number } | null {
  const match = /^([0-9a-f]{8})-(\d{16})-(0|[1-9]\d{0,9})\.parquet$/.exec(name);
  const seq = numberOf(match?.[2]);
  return match === null || seq === null ? null : { node: match[1] ?? '', seq, slot: Number(match[3]) };
}

/** Name of a data file whose rows other files of the table had before. @param seq the highest of its rows @param number unlike that of every other such file of the table */
export function mergedFileName(node: string, seq: number, number: number): string {
  return `${node}-${digits16(seq)}-c${number}.parquet`;
}

/** The parts of a name that `mergedFileName` made, or null for any other. */
export function parseMergedFileName(name: string): { node: string; seq: number; number: number } | null {
  const match = /^([0-9a-f]{8})-(\d{16})-c(0|[1-9]\d{0,15})\.parquet$/.exec(name);
  const [seq, number] = [numberOf(match?.[2]), numberOf(match?.[3])];
  return match === null || seq === null || number === null ? null : { node: match[1] ?? '', seq, number };
}

/** Whether a name is one of a data file of a sluice. */
export function isOwnFile(name: string): boolean {
  return (parseDataFileName(name) ?? parseMergedFileName(name)) !== null;
}

/** Name of a file of rows as JSON lines, in quarantine. Like `dataFileName` otherwise. */
export function plainFileName(node: string, seq: number, slot: number): string {
  return `${node}-${digits16(seq)}-${slot}.jsonl`;
}

/** Whether `plainFileName` made the last part of a path. */
export function isPlainFile(path: string): boolean {
  return /(?:^|\/)[0-9a-f]{8}-\d{16}-(?:0|[1-9]\d{0,9})\.jsonl$/.test(path);
}

/** Name of what describes the rows of a table in quarantine, beside their data files. @param seq the seq they go up to */
export function quarantinedName(node: string, seq: number): string {
  return `${node}-${digits16(seq)}.json`;
}

/** Whether `quarantinedName` made a name. */
export function isQuarantinedName(name: string): boolean {
  return /^[0-9a-f]{8}-\d{16}\.json$/.test(name);
}

/** Name of a log segment in `log/`. @param seq its first record's */
export function segmentName(seq: number): string {
  return `${digits16(seq)}.log`;
}

/** The first number of a log segment, or null when `segmentName` did not make the name. */
export function parseSegmentName(name: string): number | null {
  return numberOf(/^(\d{16})\.log$/.exec(name)?.[1]);
}

/** Name of the mark of a log segment that was let go of on purpose; like `segmentName` otherwise. */
export function goneName(seq: number): string {
  return `${digits16(seq)}.gone`;
}

/** Name of the mark of the newest log segment. */
export function newestName(seq: number): string {
  return `${digits16(seq)}.newest`;
}

/** The first number of the segment that a mark is for and what it says of it, or null for other names. */
export function parseMarkName(name: string): { says: 'gone' | 'newest'; first: number } | null {
  const match = /^(\d{16})\.(gone|newest)$/.exec(name);
  const first = numberOf(match?.[1]);
  return match === null || first === null ? null : { says: match[2] as 'gone' | 'newest', first };
}

/** Name of a file of rejected lines. @param number microseconds since 1970 of its making */
export function rejectsName(number: number): string {
  return `${digits16(number)}.jsonl`;
}

/** The number of a file of rejected lines, or null when `rejectsName` did not make the name. */
export function parseRejectsName(name: string): number | null {
  return numberOf(/^(\d{16})\.jsonl$/.exec(name)?.[1]);
}

function digits16(number: number): string {
  return String(number).padStart(16, '0');
}

/** The number of digits out of a name; null for none, and for one over 2^53 - 1: no number of ours has 17 digits, or is not exact. */
function numberOf(digits: string | undefined): number | null {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : null;
}

/** Name of a note in `retired/`. @param number milliseconds since 1970 of its making, or a few more: unlike every other there */
export function retiredName(number: number): string {
  return `${digits16(number)}.json`;
}

/** The number of a note, or null when `retiredName` did not make the name. */
export function parseRetiredName(name: string): number | null {
  return numberOf(/^(\d{16})\.json$/.exec(name)?.[1]);
}

/** Name of a note in `jobs/`. @param number the first of the numbers of the job's files */
export function jobNoteName(tableId: number, number: number): string {
  return `${tableId}-${number}`;
}

/** What `jobNoteName` made a name of, or null for any other. */
export function parseJobNoteName(name: string): { tableId: number; numberFirst: number } | null {
  const match = /^([1-9]\d{0,15})-(0|[1-9]\d{0,15})$/.exec(name);
  const [tableId, numberFirst] = [numberOf(match?.[1]), numberOf(match?.[2])];
  return tableId === null || numberFirst === null ? null : { tableId, numberFirst };
}

/** Name of the folder in `tmp/` for what a query has no memory for. @param pid of the process that queries */
export function spillName(pid: number, nowMs: number): string {
  return `query-${pid}-${nowMs}`;
}

/** What `spillName` makes. */
export const SPILL_NAME = /^query-(\d{1,10})-\d{1,15}$/;

/** The process of a folder that `spillName` named, or null for other names. */
export function parseSpillName(name: string): number | null {
  return numberOf(SPILL_NAME.exec(name)?.[1]);
}

/** What lies where in a data folder. */
export interface DataPaths {
  readonly socket: string;
  readonly adminToken: string;
  readonly tokens: string;
  readonly catalog: string;
  readonly catalogPrevious: string;
  readonly log: string;
  /** A folder a database. */
  readonly rejects: string;
  readonly quarantine: string;
  /** Rows that could not go into their tables: a folder a database, below it one a table. */
  readonly quarantinedTables: string;
  readonly trash: string;
  /** Notes of data files that left the logs of their tables and are still to be deleted. */
  readonly retired: string;
  /** Notes of jobs whose new files no commit names yet. */
  readonly jobs: string;
  /** What is noted of the clock. */
  readonly clock: string;
  /** How far imports came that were interrupted. */
  readonly imports: string;
  readonly tables: string;
  /** Stands there while a backup is being put back. */
  readonly restoring: string;
  /** Folder of unfinished files of one process. @param start names the process: a new one each start */
  tmp(start: string): string;
  /** Below it: rows that are in the log alone, in files for queries. */
  drafts(start: string): string;
  /** The folder of those folders. */
  readonly allTmp: string;
}

/** Paths in the data folder `dataDir`. */
export function dataPaths(dataDir: string): DataPaths {
  return {
    socket: join(dataDir, 'sluice.sock'),
    adminToken: join(dataDir, 'admin-token'),
    tokens: join(dataDir, 'tokens.json'),
    catalog: join(dataDir, 'catalog.json'),
    catalogPrevious: join(dataDir, 'catalog.previous.json'),
    log: join(dataDir, 'log'),
    rejects: join(dataDir, 'rejects'),
    quarantine: join(dataDir, 'quarantine'),
    quarantinedTables: join(dataDir, 'quarantine', 'tables'),
    trash: join(dataDir, 'trash'),
    retired: join(dataDir, 'retired'),
    jobs: join(dataDir, 'jobs'),
    clock: join(dataDir, 'clock.json'),
    imports: join(dataDir, 'imports'),
    tables: join(dataDir, 'tables'),
    restoring: join(dataDir, 'restore-unfinished'),
    tmp: (start) => join(dataDir, 'tmp', start),
    drafts: (start) => join(dataDir, 'tmp', start, 'drafts'),
    allTmp: join(dataDir, 'tmp'),
  };
}

/** What lies where in a folder of backups. */
export interface BackupPaths {
  /** Names the files of the newest backup; written last. */
  readonly manifest: string;
  /** What a backup that did not end has copied. */
  readonly progress: string;
  /** Files by their paths in the data folder. */
  readonly files: string;
  /** The process that makes a backup. */
  readonly running: string;
}

/** Paths in the folder of backups `folder`. */
export function backupPaths(folder: string): BackupPaths {
  return {
    manifest: join(folder, 'backup.json'),
    progress: join(folder, 'progress.jsonl'),
    files: join(folder, 'files'),
    running: join(folder, 'running'),
  };
}

// What the body at hand is parsed by: the arguments of parse (body.ts), read all over the parser and never changed until the
// next body. They are here rather than passed on because every line needs some of them, many calls below parse.
import { PARSE_DUMP, PARSE_REPLAY, RULE_SPLIT } from '../layout/codes';

/** Of the database's id, in a scope of series: ids are far below. */
const SPLIT_SCOPE: u32 = 1 << 31;

/** Counts the bodies parsed by this instance: tables, columns and series know by it what the body at hand gave them. */
export let bodySerial: u64 = 0;
/** Id of the database that its lines go to. */
export let database: u32 = 0;
/** Within what a text means one series: a database, and whether its tags may move to other columns (RULE_SPLIT). */
export let seriesScope: u32 = 0;
/** Nanoseconds of the unit of its timestamps, 0 for auto. */
export let unit: i64 = 0;
/** Nanoseconds since 1970 of its lines without a timestamp. */
export let defaultTime: i64 = 0;
/** Nanoseconds since 1970 of the oldest timestamp that is taken; the first time there is on replay, which judges no age. */
export let keptSince: i64 = i64.MIN_VALUE;
/** RULE_*, with flags that are none. */
export let rules: u32 = 0;
/** It is a frame of the log: its lines were accepted before, and no schema and no limit is judged. */
export let isReplay: bool = false;
/** Seq of that frame. */
export let replaySeq: f64 = 0;
/** Accepted lines are listed besides (dump.ts). */
export let isDumped: bool = false;
/** Tags and fields of a line that are kept, at most. */
export let cellsMax: u32 = 0;

/**
 * Begins a body.
 * @param unitNanos see unit
 * @param flags PARSE_*, RULE_*
 * @param sinceNanos see keptSince
 * @param columnsMax columns that a table may have: a line with more tags and fields is over the limit, whatever they are
 */
export function beginBody(databaseId: u32, unitNanos: i64, defaultNanos: i64, sinceNanos: i64, flags: u32, columnsMax: u32, number: f64): void {
  bodySerial++;
  database = databaseId;
  seriesScope = flags & RULE_SPLIT ? databaseId | SPLIT_SCOPE : databaseId;
  unit = unitNanos;
  defaultTime = defaultNanos;
  rules = flags;
  isReplay = (flags & PARSE_REPLAY) != 0;
  replaySeq = number;
  isDumped = (flags & PARSE_DUMP) != 0;
  keptSince = isReplay ? i64.MIN_VALUE : sinceNanos;
  cellsMax = isReplay ? u32.MAX_VALUE : columnsMax;
}

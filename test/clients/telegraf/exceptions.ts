/**
 * The recordings that sluice does not store as Telegraf meant them: with the rule and the answer. Everything else is
 * answered 204 and stored as expected.
 */
import type { ErrorCode } from '../../../src/errors.js';
import { expectedPoints, expectedSet, type ExpectedPoint } from './expected.js';
import type { Recording } from './recordings.js';

interface RefusedRequest {
  readonly scenario: RegExp;
  /** Of these requests of the run; absent: of all. */
  readonly path?: RegExp;
  readonly status: number;
  readonly code: ErrorCode;
  readonly rule: string;
}

const REFUSED_REQUESTS: readonly RefusedRequest[] = [
  {
    scenario: /^(v1|v2|v3)-url-with-path$/, status: 404, code: 'not-found',
    rule: 'a prefix in the configured URL belongs to a proxy, which takes it off',
  },
  {
    scenario: /^(v2-no-org-no-bucket|v3-no-database)$/, status: 400, code: 'database-missing',
    rule: 'a write names its database',
  },
  {
    scenario: /^(v1-database-name-special|v1-rp-special|v2-special-names|v3-special-database)$/, status: 400, code: 'bad-database-name',
    rule: 'InfluxDB 3: a database name has ASCII letters, digits, _ and -, and at most one /',
  },
  {
    scenario: /^(v1-(database|rp)|v2-bucket|v3-database)-tag(-excluded)?$/, path: /sshd\.service/, status: 400, code: 'bad-database-name',
    rule: 'as above: the tag value sshd.service has a dot',
  },
];

/** Names that CREATE DATABASE is refused for, by the rule of names above: the answer is 200 with the error in its result. */
export const REFUSED_DATABASES: readonly string[] = ['my "db" \\x 温度/é&?', 'sshd.service'];

/** A line that is not stored as it was meant. */
interface LineException {
  readonly set: RegExp;
  /** Of the point in its body, from 0. */
  readonly index: number;
  readonly rule: string;
  /** The line's code in the answer; null: the answer says nothing of it. */
  readonly code: string | null;
  /** How the stored point differs; null: nothing is stored. */
  readonly stored: Partial<ExpectedPoint> | null;
}

const LINE_EXCEPTIONS: readonly LineException[] = [
  { set: /^reserved$/, index: 0, rule: 'L5: time is no field key', code: 'reserved-name', stored: null },
  { set: /^reserved$/, index: 1, rule: 'L5: time is no tag key', code: 'reserved-name', stored: null },
  { set: /^nasty-/, index: 16, rule: 'L5: one name as tag and field (dup)', code: 'tag-and-field', stored: null },
  {
    set: /^nasty-/, index: 3, rule: 'two backslashes in a tag value are one, as InfluxDB 3 reads them', code: null,
    stored: { tags: [['dbl', 'a\\b']] },
  },
  { set: /^broken-lines$/, index: 1, rule: 'a backslash before = makes it part of the key', code: 'fields-missing', stored: null },
  {
    set: /^broken-lines$/, index: 2, rule: 'a backslash before the comma makes it part of the name', code: null,
    stored: { measurement: 'name_backslash,tag=x', tags: [] },
  },
  { set: /^broken-lines$/, index: 3, rule: 'a backslash before the space makes it part of the name', code: 'fields-missing', stored: null },
  { set: /^broken-lines$/, index: 4, rule: 'L4: a line that begins with # is a comment', code: null, stored: null },
];

/** Why sluice refuses a write as a whole, or null. */
export function refusedRequest({ scenario, path }: Recording): RefusedRequest | null {
  return REFUSED_REQUESTS.find((refused) => refused.scenario.test(scenario) && (refused.path?.test(path) ?? true)) ?? null;
}

function exceptionsOf(recording: Recording): LineException[] {
  const set = expectedSet(recording);
  return set === null ? [] : LINE_EXCEPTIONS.filter((exception) => exception.set.test(set));
}

/** The lines of a write that the answer names, in their order. */
export function rejectedLines(recording: Recording): { readonly index: number; readonly code: string }[] {
  return exceptionsOf(recording).flatMap(({ index, code }) => (code === null ? [] : [{ index, code }])).sort((a, b) => a.index - b.index);
}

/** The points of a body as sluice stores them. */
export function storedPoints(recording: Recording): ExpectedPoint[] {
  const exceptions = exceptionsOf(recording);
  return expectedPoints(recording).flatMap((point, index) => {
    const exception = exceptions.find((one) => one.index === index);
    if (exception === undefined) return [point];
    return exception.stored === null ? [] : [{ ...point, ...exception.stored }];
  });
}

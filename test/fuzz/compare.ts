/** Does a case with the oracle and every build of the parser, and says where they first differ. */
import { isDeepStrictEqual } from 'node:util';
import { ERRORS_MAX } from '../../assembly/layout/codes.js';
import type { Case, Outcome, Request, Step, Subject } from './case.js';

/** Characters shown of each side. */
const TEXT_MAX = 2000;

/** Steps between two looks at all rows of a database: those of earlier bodies must not change. */
const STATE_STEPS = 16;

/** Where a subject differs from the oracle or from another, with what each says; null when all agree on everything. */
export function difference(steps: Case, oracle: Subject, subjects: readonly Subject[]): string | null {
  for (const [index, step] of steps.entries()) {
    const looks = index % STATE_STEPS === STATE_STEPS - 1 || 'change' in step;
    const found = differenceOfStep(step, oracle, subjects) ?? (looks ? differenceOfState(step.database, oracle, subjects) : null);
    if (found !== null) return `step ${index}: ${found}`;
  }
  for (const database of new Set(steps.map((step) => step.database))) {
    const found = differenceOfState(database, oracle, subjects);
    if (found !== null) return found;
  }
  return null;
}

function differenceOfStep(step: Step, oracle: Subject, subjects: readonly Subject[]): string | null {
  if (!('change' in step)) return differenceOfRequest(step, oracle, subjects);
  oracle.change(step);
  return subjects.map((subject) => thrownBy(() => subject.change(step))).find((thrown) => thrown !== null) ?? null;
}

function differenceOfRequest(request: Request, oracle: Subject, subjects: readonly Subject[]): string | null {
  const expected = oracle.write(request);
  let first: Outcome | null = null;
  for (const subject of subjects) {
    let actual: Outcome | undefined;
    const thrown = thrownBy(() => void (actual = subject.write(request)));
    if (actual === undefined) return `the oracle says ${textOf(comparable(expected)).slice(0, TEXT_MAX)}\n  ${thrown}`;
    const lines = actual.lines === null ? null : expected.lines;
    const found = unequal(comparable({ ...expected, lines }), comparable(actual)) ?? unequal(first?.answers, actual.answers, first === null);
    if (found !== null) return found;
    first ??= actual;
  }
  return null;
}

/** Compares all rows and the schema of a database. */
function differenceOfState(database: number, oracle: Subject, subjects: readonly Subject[]): string | null {
  const expected = comparableState(oracle, database);
  for (const subject of subjects) {
    let actual: unknown;
    const found = thrownBy(() => void (actual = comparableState(subject, database))) ?? unequal(expected, actual);
    if (found !== null) return `state of database ${database}: ${found}`;
  }
  return null;
}

/** An exception of a subject is a difference, too. */
function thrownBy(action: () => void): string | null {
  try {
    action();
    return null;
  } catch (error) {
    return `the parser throws ${(error as Error).stack ?? String(error)}`;
  }
}

function comparableState(subject: Subject, database: number): unknown {
  const { rows, schema } = subject.state(database);
  return { rows: sorted(rows), schema: sorted(new Map([...schema].map(([measurement, kinds]) => [measurement, sorted(kinds)]))) };
}

function comparable({ status, errors, rejected, checksum, rows, lines }: Outcome): unknown {
  return { status, errors: errors.slice(0, ERRORS_MAX), rejected, checksum, rows: sorted(rows), lines };
}

function sorted<V>(map: ReadonlyMap<string, V>): [string, V][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

function unequal(expected: unknown, actual: unknown, isKnown = false): string | null {
  if (isKnown || isDeepStrictEqual(expected, actual)) return null;
  const texts = [textOf(expected), textOf(actual)] as const;
  let same = 0;
  while (same < texts[0].length && texts[0][same] === texts[1][same]) same++;
  const from = Math.max(0, same - TEXT_MAX / 4);
  const [said, found] = texts.map((text) => `${from > 0 ? '…' : ''}${text.slice(from, from + TEXT_MAX)}`);
  return `expected ${said}\n  the parser says ${found}`;
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part)) ?? 'nothing';
}

/** Runs a case on two subjects and says where they first differ. */
import { isDeepStrictEqual } from 'node:util';
import { ERRORS_MAX } from '../../assembly/abi.js';
import type { Case, Outcome, Request, Subject } from './case.js';

/** Where the subjects differ, with what each of them says; null when they agree on every request and on all state. */
export function difference(requests: Case, oracle: Subject, subject: Subject): string | null {
  for (const [index, request] of requests.entries()) {
    const found = differenceOfRequest(request, oracle, subject);
    if (found !== null) return `request ${index}: ${found}`;
  }
  for (const database of new Set(requests.map((request) => request.database))) {
    const found = differenceOfState(database, oracle, subject);
    if (found !== null) return found;
  }
  return null;
}

/** Lets both do a request. An exception of the subject is a difference, too. */
function differenceOfRequest(request: Request, oracle: Subject, subject: Subject): string | null {
  const expected = oracle.write(request);
  let actual: Outcome;
  try {
    actual = subject.write(request);
  } catch (error) {
    return `the oracle says ${shortened(comparable(expected))}\n  the parser throws ${(error as Error).stack ?? String(error)}`;
  }
  const lines = actual.lines === null ? null : expected.lines;
  return unequal(comparable({ ...expected, lines }), comparable(actual));
}

/** Compares all rows and the schema of a database. */
function differenceOfState(database: number, oracle: Subject, subject: Subject): string | null {
  const [expected, actual] = [oracle, subject].map((each) => {
    const { rows, schema } = each.state(database);
    return { rows: sorted(rows), schema: sorted(new Map([...schema].map(([measurement, kinds]) => [measurement, sorted(kinds)]))) };
  });
  const found = unequal(expected, actual);
  return found === null ? null : `state of database ${database}: ${found}`;
}

function comparable({ errors, rejected, rows, lines }: Outcome): unknown {
  return { errors: errors.slice(0, ERRORS_MAX), rejected, rows: sorted(rows), lines };
}

function sorted<V>(map: ReadonlyMap<string, V>): [string, V][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

function unequal(expected: unknown, actual: unknown): string | null {
  if (isDeepStrictEqual(expected, actual)) return null;
  return `the oracle says ${shortened(expected)}\n  the parser says ${shortened(actual)}`;
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 4000 ? text : `${text.slice(0, 4000)}… (${text.length} characters)`;
}

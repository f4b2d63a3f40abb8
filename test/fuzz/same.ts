/** Compares case after case with the oracle. Subjects are kept for some cases, each of which has a database of its own: to make new ones takes longer than most cases do. */
import assert from 'node:assert/strict';
import type { Request, Subject } from './case.js';
import { difference } from './compare.js';
import { OracleSubject } from './oracle-subject.js';

/** Cases of the same subjects. */
const CASES_MAX = 40;

/** Throws an AssertionError that names the case. Requests of one case are for one database, whichever they say. */
export type AssertSame = (requests: readonly Request[], what: string) => void;

/** @param subjects makes them anew */
export function sameAs(subjects: () => readonly Subject[]): AssertSame {
  let oracle = new OracleSubject();
  let kept: readonly Subject[] = [];
  let cases = 0;
  return (requests, what) => {
    if (cases % CASES_MAX === 0) {
      oracle = new OracleSubject();
      kept = subjects();
    }
    cases += 1;
    const database = cases;
    assert.equal(difference(requests.map((request) => ({ ...request, database })), oracle, kept), null, what);
  };
}

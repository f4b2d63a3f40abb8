/** The parser against the oracle on random cases. SEED repeats a run, FUZZ_SECONDS makes it longer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Case, OracleSubject, readCases, toStored } from './case.js';
import { randomCase } from './cases.js';
import { difference } from './compare.js';
import { minimised } from './minimise.js';
import { Random, seedOfRun } from './random.js';
import { WasmSubject } from './wasm-subject.js';

const FUZZ_SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 10);
/** Cases that share one parser, so that what it remembers of one meets the next. */
const CASES_A_PARSER = 100;

/** Compares a new parser, in both its ways, with the oracle. */
function differenceOfFresh(requests: Case): string | null {
  const ways = [false, true].map((thorough) => difference(requests, new OracleSubject(), new WasmSubject({ thorough })));
  return ways.find((found) => found !== null) ?? null;
}

/** The report of a failure: the smallest case that still fails, ready to be kept. */
function report(seed: number, requests: Case, found: string): string {
  const smallest = minimised(requests, (candidate) => differenceOfFresh(candidate) !== null);
  return `SEED=${seed}: ${differenceOfFresh(smallest) ?? `seen once and not again: ${found}`}\n`
    + `Keep this as a file of test/fuzz/cases/:\n${JSON.stringify(toStored('say here what was wrong', smallest), null, 1)}`;
}

test('the kept cases', () => {
  const cases = readCases();
  assert.ok(cases.length > 0);
  for (const { name, requests } of cases) assert.equal(differenceOfFresh(requests), null, name);
});

test('random cases', (t) => {
  const seed = seedOfRun();
  const random = new Random(seed);
  const end = performance.now() + FUZZ_SECONDS * 1000;
  let cases = 0, lines = 0, accepted = 0;
  while (performance.now() < end) {
    const oracle = new OracleSubject(), parser = new WasmSubject({ thorough: random.chance(0.5) });
    const history: Case[] = [];
    for (let database = 1; database <= CASES_A_PARSER && performance.now() < end; database++) {
      const requests = randomCase(random, database);
      history.push(requests);
      const found = difference(requests, oracle, parser);
      if (found !== null) assert.fail(report(seed, differenceOfFresh(requests) === null ? history.flat() : requests, found));
    }
    cases += history.length;
    lines += oracle.lines;
    accepted += oracle.accepted;
  }
  t.diagnostic(`seed ${seed}: ${cases} cases, ${lines} lines compared, ${accepted} of them accepted`);
  assert.ok(accepted > lines / 2, 'less than half of the lines were good: the fuzz is too rough');
});

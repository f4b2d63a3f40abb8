import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Case, fromStored, type Outcome, type Request, toStored } from './case.js';
import { difference } from './compare.js';
import { randomCase } from './cases.js';
import { minimised } from './minimise.js';
import { OracleSubject } from './oracle-subject.js';
import { Random } from './random.js';

/** A parser that is wrong about one thing: it forgets the last row of a body that says `host=b`. */
class WrongSubject extends OracleSubject {
  override write(request: Request): Outcome {
    const outcome = super.write(request);
    if (!request.body.includes('host=b')) return outcome;
    return { ...outcome, rows: new Map([...outcome.rows].map(([measurement, rows]) => [measurement, rows.slice(0, -1)])) };
  }
}

const fails = (requests: Case): boolean => difference(requests, new OracleSubject(), [new WrongSubject()]) !== null;

test('the fuzz finds a wrong parser, and what it shows is small', () => {
  const random = new Random(5);
  let found: Case = [];
  for (let tries = 0; tries < 500 && found.length === 0; tries++) {
    const requests = randomCase(random, 1);
    if (fails(requests)) found = requests;
  }
  const [request, ...others] = minimised(found, fails);
  assert.equal(others.length, 0);
  assert.ok(request !== undefined && 'body' in request && fails([request]));
  assert.match(request.body.toString(), /host=b/);
  assert.ok(request.body.length <= 16, `${JSON.stringify(request.body.toString())} is not small`);
});

test('a case is the same after being kept, whatever its bytes', () => {
  const requests: Case = [
    { database: 1, precision: 'ns', acceptPartial: true, body: Buffer.from('m f="é\r\n"') },
    { database: 2, precision: 'auto', acceptPartial: false, linesMax: 5, body: Buffer.from([0x6d, 0xff, 0x0a]) },
    { database: 2, change: 'flush', seed: 7 },
  ];
  assert.deepEqual(fromStored(JSON.parse(JSON.stringify(toStored('a test', requests)))), requests);
});

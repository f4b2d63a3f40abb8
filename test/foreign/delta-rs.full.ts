/**
 * Other writers beside the live server: what delta-rs does to a table of ours, and what Spark would. Nothing acknowledged
 * is lost, sluice shows what the newest version says, other tables do not notice, every refusal is a sentence.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { expectNoFaults } from './faults.js';
import { DOWN, OPERATIONS, PUT_TOGETHER, TAKEN_BACK, titleOf } from './operations.js';
import { pythonWithDeltalake } from './python/program.js';
import { changed, putTogether, raced, takenBack, uncommitted } from './story.js';
import { ForeignWriter } from './writer.js';

const found = pythonWithDeltalake();
const skip = 'missing' in found ? found.missing : false;

describe('another writer', { skip, concurrency: 2 }, () => {
  let foreign: ForeignWriter;
  before(() => {
    assert.ok('python' in found);
    foreign = new ForeignWriter(found.python);
  });
  after(() => foreign?.close());

  for (const [moment, title] of [['beside', 'beside the server'], ['down', 'while the server is down']] as const) {
    // Tables that must stay writable are changed together; one that need not has a server of its own, whose other tables must not notice.
    const chosen = OPERATIONS.filter((each) => moment === 'beside' || DOWN.includes(titleOf(each)));
    const writable = chosen.filter(({ outcome }) => outcome === 'writable');
    test(`${title}: ${writable.map(titleOf).join('; ')}`, async () => expectNoFaults(await changed(writable, foreign, moment)));
    for (const operation of chosen.filter(({ outcome }) => outcome !== 'writable')) {
      test(`${title}: ${titleOf(operation)}`, async () => expectNoFaults(await changed([operation], foreign, moment)));
    }
  }
  const refused = OPERATIONS.filter(({ outcome }) => outcome === 'refused');
  test('beside the server: all that must be refused, together', async () => expectNoFaults(await changed(refused, foreign, 'beside')));
  for (const operation of OPERATIONS.filter((each) => TAKEN_BACK.includes(titleOf(each)))) {
    test(`taken back: ${titleOf(operation)}`, async () => expectNoFaults(await takenBack(operation, foreign)));
  }
  test('[issue 14 3] put together with ours', async () => {
    const chosen = OPERATIONS.filter((each) => PUT_TOGETHER.has(titleOf(each)));
    expectNoFaults(await putTogether(chosen, foreign, PUT_TOGETHER));
  });
  test('a file that waits for its commit while the server starts', async () => expectNoFaults(await uncommitted(foreign)));
  test('appends and compactions while the server flushes', async () => {
    assert.ok('python' in found);
    const busy = new ForeignWriter(found.python);
    try {
      expectNoFaults(await raced(busy, 8));
    } finally {
      await busy.close();
    }
  });
});

/**
 * Other writers beside the live server: what delta-rs does to a table of ours, and what Spark would. Nothing acknowledged
 * is lost, sluice shows what the newest version says, other tables do not notice, every refusal is a sentence.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DOWN, OPERATIONS, titleOf } from './operations.js';
import { pythonWithDeltalake } from './python/program.js';
import { changed, raced, takenBack, uncommitted } from './story.js';
import { ForeignWriter } from './writer.js';

const found = pythonWithDeltalake();
const skip = 'missing' in found ? found.missing : false;

async function expectNoFaults(faults: Promise<readonly string[]>): Promise<void> {
  const sentences = await faults;
  if (sentences.length > 0) assert.fail(`\n${sentences.map((sentence) => `- ${sentence.replaceAll(/\s+/g, ' ')}`).join('\n')}`);
}

describe('another writer', { skip, concurrency: 2 }, () => {
  let foreign: ForeignWriter;
  before(() => {
    assert.ok('python' in found);
    foreign = new ForeignWriter(found.python);
  });
  after(() => foreign?.close());

  for (const operation of OPERATIONS) {
    test(`beside the server: ${titleOf(operation)}`, () => expectNoFaults(changed(operation, foreign, 'beside')));
  }
  for (const operation of OPERATIONS.filter((each) => DOWN.includes(titleOf(each)))) {
    test(`while it is down: ${titleOf(operation)}`, () => expectNoFaults(changed(operation, foreign, 'down')));
  }
  for (const operation of OPERATIONS.filter((each) => each.outcome === 'refused' && each.acts.length === 1 && each.leaves === undefined)) {
    test(`taken back: ${titleOf(operation)}`, () => expectNoFaults(takenBack(operation, foreign)));
  }
  test('a file that waits for its commit while the server starts', () => expectNoFaults(uncommitted(foreign)));
  test('appends and compactions while the server seals', async () => {
    assert.ok('python' in found);
    const busy = new ForeignWriter(found.python);
    try {
      await expectNoFaults(raced(busy, 8));
    } finally {
      await busy.close();
    }
  });
});

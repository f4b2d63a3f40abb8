/** What happens in a scene, from its first write to its end. Each gives the faults it found, a sentence each. */
import { LATE_ASIDE, SOON_ASIDE } from './doors.js';
import { makeRow } from './ledger.js';
import type { Operation } from './operations.js';
import { Scene } from './scene.js';
import type { ForeignWriter } from './writer.js';

/** When the other writer comes: while the server runs, or between a kill -9 and the next start. */
export type Moment = 'beside' | 'down';

type Faults = Promise<readonly string[]>;

async function play(scene: Scene, act: (scene: Scene) => Promise<void>): Faults {
  try {
    await scene.start();
    await scene.begin();
    await act(scene);
  } catch (error) {
    scene.fault(`the story broke off: ${(error as Error).message}`);
  } finally {
    scene.close();
  }
  return scene.faults;
}

/** Rows in files and in the log, the operation, more writes, kill -9, a restart, more writes. */
export function changed(operation: Operation, foreign: ForeignWriter, moment: Moment): Faults {
  return play(new Scene(operation, foreign, SOON_ASIDE), async (scene) => {
    if (moment === 'down') await scene.kill();
    await scene.change(operation.acts, operation.leaves);
    if (moment === 'down') await scene.start();
    await scene.write();
    const wasAside = await scene.flush();
    await scene.check('after the flush');
    await scene.kill();
    await scene.start();
    await scene.write();
    const isAside = await scene.flush();
    if (wasAside && !isAside) scene.fault('the table was set aside before the restart and is not any more');
    await scene.write();
    await scene.flush();
    if (isAside) await scene.checkRefusal();
    else scene.checkFlushed();
    await scene.check('after the restart');
    if (isAside) await scene.writeAgain();
  });
}

/** The table is refused; then the other writer takes its change back, and nothing is left of the refusal. */
export function takenBack(operation: Operation, foreign: ForeignWriter): Faults {
  return play(new Scene(operation, foreign, LATE_ASIDE), async (scene) => {
    await scene.change(operation.acts, operation.leaves);
    await scene.write();
    await scene.flush();
    await scene.change(['restore before the last commit'], operation.leaves);
    scene.isTakenBack = true;
    await scene.flush();
    await scene.write();
    await scene.flush();
    scene.checkFlushed();
    await scene.check('after it was taken back');
    if (scene.victim.refused.length > 0) scene.fault('a table that can be written again still refuses lines');
  });
}

/** The other writer appends and compacts all the time while the server seals. */
export function raced(foreign: ForeignWriter, flushesMin: number): Faults {
  const operation: Operation = { acts: [], outcome: 'writable' };
  return play(new Scene(operation, foreign, SOON_ASIDE), async (scene) => {
    let isOver = false;
    const over = scene.actOn(scene.victim, 'compact often').finally(() => {
      isOver = true;
    });
    for (let flushes = 0; flushes < flushesMin || !isOver; flushes += 1) {
      await scene.write();
      await scene.flush();
    }
    await over;
    scene.victim.stored.push(...Array.from({ length: 12 }, (_, i) => makeRow(2000 + i)));
    await scene.check('after the race');
  });
}

/** A file that another writer has made and not committed yet when the server starts: it must be there for its commit. */
export function uncommitted(foreign: ForeignWriter): Faults {
  const operation: Operation = { acts: [], outcome: 'writable' };
  return play(new Scene(operation, foreign, SOON_ASIDE), async (scene) => {
    await scene.kill();
    await scene.change(['put file'], undefined);
    await scene.start();
    await scene.flush();
    await scene.change(['commit file'], (rows) => [...rows, ...[1001, 1002, 1003].map((n) => makeRow(n))]);
    await scene.write();
    await scene.flush();
    await scene.check('after its commit');
  });
}

/** What happens in a scene, from its first write to its end. Each gives the faults it found, a sentence each. */
import { checkEnds, checkTables, checkWrittenAgain } from './checks.js';
import { livePaths } from '../compaction/foreign-table.js';
import { compact, LATE_ASIDE, SOON_ASIDE, tableFolder } from './doors.js';
import { makeRow } from './ledger.js';
import { titleOf, type Operation } from './operations.js';
import { Scene } from './scene.js';
import type { ForeignWriter } from './writer.js';

/** When the other writer comes: while the server runs, or between a kill -9 and the next start. */
export type Moment = 'beside' | 'down';

type Faults = Promise<readonly string[]>;

/** Nothing is done but what the story itself does. */
const NOTHING: Operation = { acts: [], outcome: 'writable' };

async function play(scene: Scene, act: () => Promise<void>): Faults {
  try {
    await scene.start();
    await scene.begin();
    await act();
  } catch (error) {
    scene.fault(`the story broke off: ${(error as Error).message}`);
  } finally {
    scene.close();
  }
  return scene.faults;
}

/** Rows in files and in the log, the operations, more writes, kill -9, a restart, more writes. */
export function changed(operations: readonly Operation[], foreign: ForeignWriter, moment: Moment): Faults {
  const scene = new Scene(operations, foreign, SOON_ASIDE);
  return play(scene, async () => {
    if (moment === 'down') await scene.kill();
    await scene.change();
    if (moment === 'down') await scene.start();
    await scene.write();
    await scene.flush();
    await checkTables(scene, 'after the flush');
    await scene.kill();
    await scene.start();
    await scene.write();
    await scene.flush();
    await scene.write();
    await scene.flush();
    await checkEnds(scene);
    await checkTables(scene, 'after the restart');
    await checkWrittenAgain(scene);
  });
}

/** The table is refused; then the other writer restores the version before, and nothing is left of the refusal. */
export function takenBack(operation: Operation, foreign: ForeignWriter): Faults {
  const scene = new Scene([operation], foreign, LATE_ASIDE);
  return play(scene, async () => {
    await scene.change();
    await scene.write();
    await scene.flush();
    const change = scene.changes[0]!;
    await scene.act(change, ['restore before the last commit'], operation.leaves);
    change.isTakenBack = true;
    await scene.flush();
    await scene.write();
    await scene.flush();
    await checkEnds(scene);
    await checkTables(scene, 'after it was taken back');
  });
}

/** What the other writer left is put together with what sluice flushes, twice and with a kill between. @param files that are left, by the title of the operation */
export function putTogether(operations: readonly Operation[], foreign: ForeignWriter, files: ReadonlyMap<string, number>): Faults {
  const scene = new Scene(operations, foreign, SOON_ASIDE);
  return play(scene, async () => {
    await scene.change();
    for (const when of ['after the first compaction', 'after a kill and another']) {
      await scene.write();
      await scene.flush();
      const { code, stderr } = await compact(scene.dataDir);
      if (code !== 0) scene.fault(`${when}: sluice compact ended with ${code}: ${stderr.trim()}`);
      for (const { operation, victim } of scene.changes) {
        const { length } = livePaths(tableFolder(scene.dataDir, victim.name));
        const expected = files.get(titleOf(operation));
        if (length !== expected) scene.fault(`${when}, ${victim.label} has ${length} files, and not ${expected}`);
      }
      await checkTables(scene, when);
      await scene.kill();
      await scene.start();
    }
    await checkEnds(scene);
  });
}

/** The other writer appends and compacts all the time while the server flushes, and puts files together too. */
export function raced(foreign: ForeignWriter, flushesMin: number): Faults {
  const scene = new Scene([NOTHING], foreign, SOON_ASIDE);
  return play(scene, async () => {
    const { victim } = scene.changes[0]!;
    let isOver = false;
    const failure = foreign.act('compact often', tableFolder(scene.dataDir, victim.name)).then(() => null, (error: Error) => error).finally(() => {
      isOver = true;
    });
    for (let flushes = 0; flushes < flushesMin || !isOver; flushes += 1) {
      await scene.write();
      await scene.flush();
      if (flushes % 3 === 2 && (await compact(scene.dataDir)).code !== 0) scene.fault('sluice compact failed');
    }
    const error = await failure;
    if (error !== null) throw error;
    victim.stored.push(...Array.from({ length: 12 }, (_, i) => makeRow(2000 + i)));
    await checkEnds(scene);
    await checkTables(scene, 'after the race');
  });
}

/** A file that another writer has made and not committed yet when the server starts: it must be there for its commit. */
export function uncommitted(foreign: ForeignWriter): Faults {
  const scene = new Scene([NOTHING], foreign, SOON_ASIDE);
  return play(scene, async () => {
    const change = scene.changes[0]!;
    await scene.kill();
    await scene.act(change, ['put file'], undefined);
    await scene.start();
    await scene.flush();
    await scene.act(change, ['commit file'], (rows) => [...rows, ...[1001, 1002, 1003].map((n) => makeRow(n))]);
    await scene.write();
    await scene.flush();
    await checkEnds(scene);
    await checkTables(scene, 'after its commit');
  });
}

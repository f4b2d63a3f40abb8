/** A clock that was set back, and a log that lost its end: a commit may be of a seq that a row gets only now. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../src/config.js';
import { systemDisk } from '../../src/disk.js';
import { openFolder } from '../../src/folder.js';
import { makeLogger } from '../../src/logging.js';
import { MaintenanceTroubles } from '../../src/maintenance-troubles.js';
import { commitName } from '../../src/names.js';
import { appendOf } from '../../src/tables/delta/actions.js';
import { commitText } from '../../src/tables/delta/commit-text.js';
import { need } from '../catalog/harness.js';
import { makeDataDir, removeDataDir } from '../e2e/server.js';
import { FakeClock } from '../http/fake-clock.js';
import { frameHeader } from '../log/harness.js';

test('rows that are written while the ends of logs are read count as flushed by no commit that was there', async () => {
  const dataDir = makeDataDir();
  try {
    const clock = new FakeClock();
    const config = parseConfig({ 'data-dir': dataDir }, {});
    const opened = () => openFolder(config, { disk: systemDisk, clock, logger: makeLogger('silent'), troubles: new MaintenanceTroubles(clock), report: () => undefined });
    const before = await opened();
    const { id } = await before.catalog.ensureDatabase('db');
    const [table] = await before.catalog.decide(id, [need('cpu', 'v')]);
    await before.log.appendFrame(frameHeader({ tableIds: [table!.id] }), 0, () => undefined).synced;
    await before.snapshots.publish(before.catalog.snapshot());
    await before.log.close();
    const seq = clock.nowMs() * 1000 + 2_000_000;
    const folder = join(dataDir, 'tables', table!.folder, '_delta_log');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, commitName(0)), commitText([], appendOf([]), { node: before.log.node, seq, previous: 0, commitId: 'x', timeMs: 1 }));

    const { catalog, log, takeUp } = await opened();
    clock.advance(1000);
    const live = log.appendFrame(frameHeader({ tableIds: [table!.id] }), 0, () => undefined);
    await live.synced;
    clock.advance(2000);
    const troubles: string[] = [];
    await takeUp.flushedTo({ onFlushed: () => undefined, onTrouble: (_, { message }) => troubles.push(message) });
    assert.match(troubles.join(), /was never given/);
    assert.ok(catalog.table(table!.id)!.flushedTo < live.seq);
    await log.close();
  } finally {
    removeDataDir(dataDir);
  }
});

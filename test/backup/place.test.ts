/** A backup within its data, or data within its backup, are refused before anything is made. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeDataDir, removeDataDir, sluice } from '../e2e/server.js';

test('[issue 14 4] a backup lies apart from its data', () => {
  const dataDir = makeDataDir();
  try {
    const home = join(dataDir, '..');
    mkdirSync(dataDir);
    assert.equal(sluice(['database', 'create', 'home', '--data-dir', dataDir]).code, 0);
    symlinkSync(dataDir, join(home, 'link'));
    const before = readdirSync(dataDir).sort();
    for (const target of [dataDir, join(dataDir, 'backup'), join(dataDir, 'tables/../a/b'), join(home, 'link/backup')]) {
      const { code, stderr } = sluice(['backup', target, '--data-dir', dataDir]);
      assert.deepEqual([code, stderr], [1, `sluice: ${target} lies within ${dataDir}: a backup belongs on another disk than the data, or at least beside it\n`]);
    }
    assert.deepEqual(readdirSync(dataDir).sort(), before);
    const kept = join(home, 'kept');
    assert.equal(sluice(['backup', kept, '--data-dir', dataDir]).code, 0);
    const { code, stderr } = sluice(['restore', kept, '--data-dir', join(kept, 'data')]);
    assert.deepEqual([code, stderr], [1, `sluice: ${join(kept, 'data')} lies within ${kept}: a data folder belongs outside of its backup\n`]);
    assert.deepEqual(readdirSync(kept).sort(), ['backup.json', 'files']);
    mkdirSync(join(home, 'empty'));
    writeFileSync(join(home, 'file'), '');
    assert.match(sluice(['restore', join(home, 'empty'), '--data-dir', join(home, 'new')]).stderr, /holds no backup/);
    assert.match(sluice(['restore', join(home, 'file'), '--data-dir', join(home, 'new')]).stderr, /^sluice: /);
  } finally {
    removeDataDir(dataDir);
  }
});

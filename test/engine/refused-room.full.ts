/** A body that is refused leaves nothing behind, not even the room that its rows took: no flush would ever free it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeDataDir, removeDataDir } from '../e2e/server.js';
import type { Engine } from '../../src/engine.js';
import { open } from './harness.js';
import { REQUEST, write } from './write.js';

const MiB = 1024 * 1024;
const ALL_OR_NOTHING = { ...REQUEST, acceptPartial: false };
const LINES = 300_000;

function heldBytes(engine: Engine): number {
  return engine.metrics().find(({ name }) => name === 'sluice_unflushed_bytes')!.samples[0]!.value;
}

const SHAPES: Readonly<Record<string, (i: number) => string>> = {
  numbers: (i) => `m v=1,w=2i ${i}`,
  strings: (i) => `m s="${'x'.repeat(40)}" ${i}`,
  series: (i) => `m,t=x${i} v=1 ${i}`,
  sparse: (i) => `m f${i % 100}=1 ${i}`,
};

for (const [name, line] of Object.entries(SHAPES)) {
  for (const before of ['', 'm,t=a v=1,w=2i,s="x" 1\nm,t=b v=1 2']) {
    test(`${name}, ${before === '' ? 'into a table of no rows' : 'behind rows that stay'}`, { timeout: 60_000 }, async () => {
      const dataDir = makeDataDir();
      const engine = await open(dataDir, { 'max-memory': '64MiB' });
      try {
        // All columns are there, so that the body's rows are stored before its last line refuses it.
        const columns = `m,t=0 v=1,w=2i,s="x",${Array.from({ length: 100 }, (_, i) => `f${i}=1`).join()} 0`;
        assert.deepEqual(await write(engine, REQUEST, columns), { kind: 'stored' });
        await engine.control.run('flush', { database: null });
        if (before !== '') assert.deepEqual(await write(engine, REQUEST, before), { kind: 'stored' });
        const held = heldBytes(engine);
        const outcome = await write(engine, ALL_OR_NOTHING, `${Array.from({ length: LINES }, (_, i) => line(i)).join('\n')}\nbad`);
        assert.equal(outcome.kind === 'partial' && outcome.stored, false);
        // The series cache is spare, and bounded by itself.
        const most = held + (name === 'series' ? 14 : 1) * MiB;
        assert.ok(heldBytes(engine) < most, `${heldBytes(engine)} bytes are held, ${held} before`);
        if (before !== '') assert.deepEqual(await write(engine, REQUEST, 'm,t=a v=3 3\nm,t=c v=3 3'), { kind: 'stored' });
        await engine.control.run('flush', { database: null });
        const [table] = await engine.control.run('tables', { database: null });
        assert.equal(table!.rows, before === '' ? 1 : 5);
      } finally {
        await engine.stop();
        removeDataDir(dataDir);
      }
    });
  }
}

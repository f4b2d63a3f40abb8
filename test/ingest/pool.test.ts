/** Threads that end while they have no task. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Disk } from '../../src/disk.js';
import { systemClock } from '../../src/clock.js';
import { Admission, FULL_WORKER_BYTES } from '../../src/ingest/admission.js';
import { idleOf, Pool, type Slot } from '../../src/ingest/pool.js';
import type { ToWorker } from '../../src/worker/protocol.js';

test('a task for a thread that has just ended fails at once and holds up no other', async () => {
  const slots: Slot[] = [];
  const deaths: number[] = [];
  let nextSlot: (slot: Slot) => void = () => {};
  const limits = { bodyBytesMax: 1024, bodyLinesMax: 10, tablesMax: 1, columnsMax: 1, columnNameBytesMax: 1024, namesBytesMax: 0xffffffff, seriesBytesMax: 1024 };
  const failures: Promise<void>[] = [];
  const pool: Pool = new Pool({
    threads: 1,
    clock: systemClock,
    settings: { bodyMemory: new SharedArrayBuffer(4096), blockBytes: 4096, limits, memoryBytesMax: 1 << 20, rowBytesMax: 1 << 20, linearBytesMax: 1 << 28, dataDir: 'unused', start: 'unused', inflate: 'zlib' },
    seqsLength: 8,
    taskMsMax: 60_000,
  });
  pool.start({
    onSlot: (slot) => {
      slots.push(slot);
      nextSlot(slot);
    },
    onMessage: () => {},
    onStall: () => {},
    onDeath: (slot) => deaths.push(slot.number),
    // The pool has let go of the thread, its port has not closed yet.
    onError: () => failures.push(assert.rejects(pool.parse(slots[0]!, []), /has ended/)),
  });
  try {
    const slot = (): Promise<Slot> => new Promise((resolve) => (nextSlot = resolve));
    const first = await slot();
    first.tell({ say: 'define', tables: null } as unknown as ToWorker);
    const second = await slot();
    await Promise.all(failures);
    assert.equal(failures.length, 1);
    assert.deepEqual(deaths, [0]);
    assert.deepEqual(await pool.parse(second, []), { slot: 1, outcomes: [] });
  } finally {
    await pool.close();
  }
});

test('[issue 13 B9] bodies go to a worker that is full only when all idle ones are', () => {
  const slot = (number: number, busy: boolean, memtableBytes: number): Slot => ({ number, busy, memtableBytes }) as Slot;
  const full = FULL_WORKER_BYTES + 1;
  assert.equal(idleOf([slot(0, false, full), slot(1, true, 0), slot(2, false, 5), slot(3, false, 0)])?.number, 2);
  assert.equal(idleOf([slot(0, false, full), slot(1, true, 0), slot(2, false, full)])?.number, 0);
  assert.equal(idleOf([slot(0, true, 0)]), undefined);
});

test('[issue 13 B9] one full worker is as good as full memory for whoever flushes', () => {
  let fullest = 0;
  const admission = new Admission({
    disk: {} as Disk, clock: systemClock, dataDir: '', diskReserveBytes: 0, memtableBytesMax: 16 * FULL_WORKER_BYTES,
    memtableBytes: () => 1000, fullestBytes: () => fullest, logFailed: () => false, tidy: () => undefined,
    logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  assert.equal(admission.pressureBytes(), 1000);
  fullest = FULL_WORKER_BYTES + 1;
  assert.equal(admission.pressureBytes(), Infinity);
});

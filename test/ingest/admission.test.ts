/** What the log is told when writes are refused, and when they are taken again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Disk } from '../../src/disk.js';
import { Admission } from '../../src/ingest/admission.js';
import { FakeClock } from '../http/fake-clock.js';

function bench() {
  const clock = new FakeClock();
  const said: string[] = [];
  const take = (sentence: string): void => void said.push(sentence);
  const state = { clock, said, freeBytes: 1000, memtableBytes: 0, logFailed: false };
  const admission = new Admission({
    clock, dataDir: '', diskReserveBytes: 100, memtableBytesMax: 50, tidy: () => undefined,
    disk: { freeBytes: async () => state.freeBytes } as unknown as Disk,
    memtableBytes: () => state.memtableBytes, fullestBytes: () => 0, logFailed: () => state.logFailed,
    logger: { debug: take, info: take, warn: take, error: take },
  });
  return { ...state, state, admission };
}

test('a disk that is nearly full is said once, and once when writes are taken again', async () => {
  const { admission, said, state } = bench();
  await admission.look();
  assert.equal(admission.refuse(), null);
  state.freeBytes = 99;
  await admission.look();
  for (let i = 0; i < 10; i += 1) assert.equal(admission.refuse()?.code, 'disk-full');
  await admission.look();
  assert.deepEqual(said, ['writes are refused (503): the disk is nearly full; send again later: 99 bytes are free and 100 are kept for flushing']);
  state.freeBytes = 1000;
  await admission.look(); // some were refused since the last look
  await admission.look();
  await admission.look();
  assert.deepEqual(said.slice(1), ['writes are taken again']);
});

test('memory that is over its limit now and then is said once a minute; a failed log and a stop say so themselves', async () => {
  const { admission, clock, said, state } = bench();
  for (let second = 0; second < 120; second += 1) {
    state.memtableBytes = second % 2 === 0 ? 51 : 0;
    admission.refuse();
    await admission.look();
    clock.advance(1000);
  }
  assert.equal(said.filter((sentence) => /^writes are refused \(503\): too much .* unflushed rows take 51 of 50 bytes$/.test(sentence)).length, 2);
  assert.ok(said.filter((sentence) => sentence === 'writes are taken again').length <= 2);
  said.length = 0;
  state.memtableBytes = 0;
  await admission.look();
  await admission.look();
  said.length = 0;
  state.logFailed = true;
  assert.equal(admission.refuse()?.code, 'log-failed');
  state.logFailed = false;
  admission.stop();
  assert.equal(admission.refuse()?.code, 'stopping');
  assert.deepEqual(said, []);
});

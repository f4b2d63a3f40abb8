/** What becomes of rejected lines, from the parser to the files of their database, and the counts of lines. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import { systemDisk } from '../../src/disk.js';
import type { Engine } from '../../src/engine.js';
import type { WriteOutcome } from '../../src/ingest/request.js';
import { dataPaths } from '../../src/names.js';
import { RejectReader, type FoundReject } from '../../src/rejects/reader.js';
import { open, requestTo, store } from './harness.js';
import { write } from './write.js';

/** Between two tries; the log is tried once a second. */
const TRY_AGAIN_MS = 5;

async function start(t: TestContext, flags: Record<string, string> = {}) {
  const dataDir = join(mkdtempSync(join(tmpdir(), 'sl-')), 'd');
  const engine = await open(dataDir, flags);
  let isOpen = true;
  const stop = async (): Promise<void> => {
    if (isOpen) await engine.stop();
    isOpen = false;
  };
  t.after(async () => {
    await stop();
    rmSync(join(dataDir, '..'), { recursive: true });
  });
  return { dataDir, engine, stop };
}

async function kept(dataDir: string): Promise<FoundReject[]> {
  const found: FoundReject[] = [];
  for await (const one of new RejectReader(systemDisk, dataPaths(dataDir).rejects, assert.fail).next()) found.push(one);
  return found;
}

function value(engine: Engine, name: string): number {
  const metric = engine.metrics().find((one) => one.name === name);
  assert.ok(metric !== undefined, name);
  return metric.samples[0]!.value;
}

function partialOf(outcome: WriteOutcome) {
  assert.equal(outcome.kind, 'partial');
  return outcome as Extract<WriteOutcome, { kind: 'partial' }>;
}

test('every rejected line of a body is kept, and the answer knows the first 100 and numbers behind them', async (t) => {
  const { dataDir, engine, stop } = await start(t);
  const lines = Array.from({ length: 10_000 }, (_, i) => (i % 5 === 0 ? `m v=${i}` : `m v=${i}x`));
  const outcome = partialOf(await write(engine, { ...requestTo('a'), precision: abi.PRECISION_S }, lines.join('\n')));
  assert.deepEqual([outcome.accepted, outcome.rejected, outcome.errors.length], [2000, 8000, 100]);
  assert.deepEqual(outcome.rejectedLines!.codes, [[abi.LINE_TRAILING_CONTENT, 8000]]);
  assert.equal(outcome.rejectedLines!.more.length, 300);
  assert.deepEqual(outcome.rejectedLines!.more[0], [127, abi.LINE_TRAILING_CONTENT]);
  await stop();
  const found = await kept(dataDir);
  assert.deepEqual(found.map(({ record }) => [record.line, record.source]), lines.flatMap((line, i) => (i % 5 === 0 ? [] : [[i + 1, line]])));
  assert.ok(found.every(({ record }) => record.precision === 's' && record.default_time.endsWith('000000000')));
  assert.deepEqual(
    ['parsed', 'accepted', 'rejected', 'given_up'].map((what) => value(engine, `sluice_lines_${what}_total`)), [10_000, 2000, 8000, 0],
  );
});

test('lines of a body that was refused as a whole are kept; its good ones are given up', async (t) => {
  const { dataDir, engine, stop } = await start(t);
  await store(engine, 'a', 'm v=1 1');
  assert.equal(partialOf(await write(engine, { ...requestTo('a'), acceptPartial: false }, 'm v=2 2\nm v="x" 3\nm v=3 4')).stored, false);
  await stop();
  assert.deepEqual((await kept(dataDir)).map(({ database, record: { code, source } }) => [database, code, source]), [['a', 'type-conflict', 'm v="x" 3']]);
  assert.deepEqual(['parsed', 'accepted', 'rejected', 'given_up'].map((what) => value(engine, `sluice_lines_${what}_total`)), [4, 1, 1, 2]);
});

test('a body whose lines are all refused is kept too, and one without rejected lines costs no file', async (t) => {
  const { dataDir, engine, stop } = await start(t);
  await store(engine, 'good', 'm v=1 1');
  assert.equal(partialOf(await write(engine, requestTo('bad'), 'nothing')).accepted, 0);
  await stop();
  assert.deepEqual((await kept(dataDir)).map(({ record }) => record.source), ['nothing']);
  assert.equal(existsSync(join(dataPaths(dataDir).rejects, 'good')), false);
});

test('replay keeps no line again, and counts none', async (t) => {
  const { dataDir, engine, stop } = await start(t, { 'flush-rows-max': '1000000' });
  partialOf(await write(engine, requestTo('a'), 'm v=1 1\nbad'));
  await stop();
  const again = await open(dataDir);
  await again.recovered();
  await again.stop();
  assert.equal((await kept(dataDir)).length, 1);
  assert.equal(value(again, 'sluice_lines_parsed_total'), 0);
});

test('with its database the rejected lines go', async (t) => {
  const { dataDir, engine, stop } = await start(t);
  partialOf(await write(engine, requestTo('a'), 'm v=1 1\nbad'));
  partialOf(await write(engine, requestTo('b'), 'm v=1 1\nbad'));
  await engine.schema.dropDatabase('a');
  await stop();
  assert.deepEqual((await kept(dataDir)).map(({ database }) => database), ['b']);
});

test('a list of bodies hands over as much as there is room for, and the rest is counted', async (t) => {
  const { dataDir, engine, stop } = await start(t);
  const line = 'x'.repeat(1 << 20);
  const outcome = partialOf(await write(engine, requestTo('a'), Array.from({ length: 20 }, () => line).join('\n')));
  assert.equal(outcome.rejected, 20);
  assert.equal(outcome.rejectedLines!.kept, 15);
  await stop();
  assert.equal((await kept(dataDir)).length, 15);
  assert.equal(value(engine, 'sluice_rejected_lines_dropped_total'), 5);
});

test('a line that is too long to be kept does not stand in the way of others', async (t) => {
  const { dataDir, engine, stop } = await start(t);
  const outcome = partialOf(await write(engine, requestTo('a'), `${'x'.repeat(17 << 20)}\nbad`));
  assert.deepEqual([outcome.rejected, outcome.rejectedLines!.kept], [2, 1]);
  await stop();
  assert.deepEqual((await kept(dataDir)).map(({ record: { line, source } }) => [line, source]), [[2, 'bad']]);
});

test('of very many rejected lines each is counted by its code', async (t) => {
  const { dataDir, engine, stop } = await start(t);
  const outcome = partialOf(await write(engine, requestTo('a'), 'x\n'.repeat(200_000)));
  assert.deepEqual(outcome.rejectedLines!.codes, [[abi.LINE_FIELDS_MISSING, 200_000]]);
  await stop();
  const { length } = await kept(dataDir);
  assert.ok(length > 50_000 && length <= abi.REJECTED_MAX, `${length} lines are kept`);
  assert.deepEqual(['kept', 'dropped'].map((what) => value(engine, `sluice_rejected_lines_${what}_total`)), [length, 200_000 - length]);
});

test('lines of a body that the log did not take are not kept: they come again', async (t) => {
  let fails = false;
  const { open: openFile } = systemDisk;
  t.mock.method(systemDisk, 'open', async (...args: Parameters<typeof openFile>) => {
    const file = await openFile(...args);
    return args[0].endsWith('.log') ? { ...file, sync: () => (fails ? Promise.reject(new Error('EIO')) : file.sync()) } : file;
  });
  const { dataDir, engine, stop } = await start(t);
  await store(engine, 'a', 'm v=1 1');
  fails = true;
  const refused = await write(engine, requestTo('a'), 'm v=2 2\nbad');
  assert.equal(refused.kind === 'failed' && refused.code, 'log-failed');
  fails = false;
  while ((await write(engine, requestTo('a'), 'm v=3 3')).kind !== 'stored') await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
  await stop();
  assert.deepEqual(await kept(dataDir), []);
  assert.deepEqual(['rejected', 'given_up'].map((what) => value(engine, `sluice_lines_${what}_total`)), [1, 1]);
});

test('A5: the counts of a database go with it, so that databases made and dropped make no series for ever', async (t) => {
  const { engine } = await start(t);
  const points = () => engine.metrics().find(({ name }) => name === 'sluice_points_total')!.samples;
  await store(engine, 'stays', 'm v=1');
  for (let i = 0; i < 3; i++) {
    await store(engine, `passing${i}`, 'm v=1');
    await engine.schema.dropDatabase(`passing${i}`);
  }
  assert.deepEqual(points(), [{ labels: { database: 'stays' }, value: 1 }]);
  await store(engine, 'passing0', 'm v=1', 'm v=2');
  assert.deepEqual(points().map(({ labels, value: lines }) => [labels['database'], lines]), [['stays', 1], ['passing0', 2]]);
});

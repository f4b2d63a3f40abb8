/** A worker dies with rows that are in the log alone: its requests are told, its rows come back, writes go on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessagePort } from 'node:worker_threads';
import { parseConfig } from '../../src/config.js';
import type { Engine } from '../../src/engine.js';
import { opened } from './harness.js';
import type { WriteOutcome } from '../../src/ingest/request.js';
import { makeDataDir, removeDataDir } from '../e2e/server.js';
import { DEADLY, REQUEST, write } from './write.js';

async function rowCount(engine: Engine): Promise<number> {
  await engine.control.run('flush', { database: null });
  const tables = await engine.control.run('tables', { database: 'deaths' });
  return tables.reduce((sum, { rows }) => sum + rows!, 0);
}

test('rows of a dead worker come back from the log, and writes go on', async () => {
  const dataDir = makeDataDir();
  try {
    const engine = await opened(parseConfig({ 'data-dir': dataDir, 'workers': '2', 'log-level': 'silent' }, {}), { holder: 'command' });
    for (let i = 0; i < 100; i += 1) assert.deepEqual(await write(engine, REQUEST, `m,host=h${i % 7} v=${i}i ${i}`), { kind: 'stored' });
    const outcome = await write(engine, DEADLY, 'm v=1i 1');
    assert.equal(outcome.kind === 'failed' && outcome.code, 'worker-died');
    for (let i = 100; i < 200; i += 1) assert.deepEqual(await write(engine, REQUEST, `m,host=h${i % 7} v=${i}i ${i}`), { kind: 'stored' });
    await engine.recovered();
    assert.equal(await rowCount(engine), 200);
    // Both at once, and the slots that took their place.
    await Promise.all([write(engine, DEADLY, 'm v=1i 1'), write(engine, DEADLY, 'm v=1i 1'), write(engine, REQUEST, 'm v=1i 1000')]);
    const after = await write(engine, REQUEST, 'm v=2i 2000');
    assert.deepEqual(after, { kind: 'stored' });
    assert.ok((await rowCount(engine)) >= 201);
    assert.deepEqual(engine.problems(), []);
    await engine.stop();
    const again = await opened(parseConfig({ 'data-dir': dataDir, 'workers': '1', 'log-level': 'silent' }, {}), { holder: 'command' });
    await again.recovered();
    assert.ok((await rowCount(again)) >= 201);
    await again.stop();
  } finally {
    removeDataDir(dataDir);
  }
});

test('rows of a worker that dies while it flushes them come back and get into files', async (t) => {
  const dataDir = makeDataDir();
  try {
    const engine = await opened(parseConfig({ 'data-dir': dataDir, 'workers': '1', 'log-level': 'silent' }, {}), { holder: 'command' });
    for (let i = 0; i < 50; i += 1) assert.deepEqual(await write(engine, REQUEST, `m,host=h${i % 7} v=${i}i ${i}`), { kind: 'stored' });
    // The body that kills the worker follows the order to flush at once.
    const { postMessage } = MessagePort.prototype;
    const deaths: Promise<WriteOutcome>[] = [];
    const mock = t.mock.method(MessagePort.prototype, 'postMessage', function (this: MessagePort, ...args: Parameters<typeof postMessage>) {
      postMessage.apply(this, args);
      if ((args[0] as { say?: string }).say === 'flush' && deaths.length === 0) deaths.push(write(engine, DEADLY, 'm v=1i 1'));
    });
    assert.match((await engine.control.run('flush', { database: null })).failed.map(({ reason }) => reason).join(), /died/);
    mock.mock.restore();
    assert.equal(deaths.length, 1);
    await deaths[0];
    await engine.recovered();
    assert.equal(await rowCount(engine), 50);
    await engine.stop();
  } finally {
    removeDataDir(dataDir);
  }
});

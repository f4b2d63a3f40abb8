/** A worker dies with rows that are in the log alone: its requests are told, its rows come back, writes go on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/config.js';
import { openEngine, type Engine } from '../../src/engine.js';
import type { Body, WriteOutcome, WriteRequest } from '../../src/ingest/request.js';
import { ENCODING_IDENTITY } from '../../src/worker/protocol.js';
import * as abi from '../../assembly/abi.js';
import { makeDataDir, removeDataDir } from '../e2e/server.js';

const REQUEST: WriteRequest = {
  dialect: 'v3', database: 'deaths', precision: abi.PRECISION_NS, encoding: ENCODING_IDENTITY, acceptPartial: true, noSync: false,
};
/** A value that no caller of ours passes and that the WASM border refuses: the nearest thing to a trap. */
const DEADLY: WriteRequest = { ...REQUEST, precision: 1n as unknown as number };

function write(engine: Engine, request: WriteRequest, text: string): Promise<WriteOutcome> {
  const body: Body = { blocks: [], bytes: 0 };
  assert.ok(engine.bodyMemory.append(body, Buffer.from(text)));
  return engine.writer.write(request, body, 0);
}

async function rowCount(engine: Engine): Promise<number> {
  await engine.control.run('flush', { database: null });
  const tables = await engine.control.run('tables', { database: 'deaths' });
  return tables.reduce((sum, { rows }) => sum + rows, 0);
}

test('rows of a dead worker come back from the log, and writes go on', async () => {
  const dataDir = makeDataDir();
  try {
    const engine = await openEngine(parseConfig({ 'data-dir': dataDir, 'workers': '2', 'log-level': 'silent' }, {}));
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
    const again = await openEngine(parseConfig({ 'data-dir': dataDir, 'workers': '1', 'log-level': 'silent' }, {}));
    await again.recovered();
    assert.ok((await rowCount(again)) >= 201);
    await again.stop();
  } finally {
    removeDataDir(dataDir);
  }
});

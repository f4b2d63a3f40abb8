/** Bodies that were admitted still find their rows' room one by one: what does not fit waits, and is sent again when that is in vain. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { makeDataDir, removeDataDir } from '../e2e/server.js';
import type { Engine } from '../../src/engine.js';
import type { Body, WriteOutcome, WriteRequest } from '../../src/ingest/request.js';
import { ENCODING_GZIP } from '../../src/model/encoding.js';
import { open } from './harness.js';
import { REQUEST, write } from './write.js';

const MiB = 1024 * 1024;
const PACKED: WriteRequest = { ...REQUEST, encoding: ENCODING_GZIP };

function heldBytes(engine: Engine): number {
  return engine.metrics().find(({ name }) => name === 'sluice_unflushed_bytes')!.samples[0]!.value;
}

function writePacked(engine: Engine, packed: Buffer): Promise<WriteOutcome> {
  const body: Body = { blocks: [], bytes: 0 };
  assert.ok(engine.bodyMemory.append(body, packed));
  return engine.writer.write(PACKED, body, 0);
}

async function withEngine(flags: Record<string, string>, use: (engine: Engine) => Promise<void>): Promise<void> {
  const dataDir = makeDataDir();
  const engine = await open(dataDir, flags);
  try {
    await use(engine);
  } finally {
    await engine.stop();
    removeDataDir(dataDir);
  }
}

test('many bodies at once that unpack to far more than the memory: each is stored or 503, and rows never hold much more', { timeout: 120_000 }, () => (
  withEngine({ 'workers': '2', 'max-memory': '32MiB' }, async (engine) => {
    assert.deepEqual(await write(engine, REQUEST, 'm,t=a s="x" 0'), { kind: 'stored' });
    const packed = gzipSync(Buffer.from(Array.from({ length: 3000 }, (_, i) => `m,t=a s="${'x'.repeat(2500)}" ${i}`).join('\n')));
    assert.ok(packed.length < MiB / 8);
    let most = 0;
    const look = setInterval(() => (most = Math.max(most, heldBytes(engine))), 5);
    const outcomes = await Promise.all(Array.from({ length: 60 }, () => writePacked(engine, packed)));
    clearInterval(look);
    const codes = new Set(outcomes.map((outcome) => (outcome.kind === 'failed' ? outcome.code : outcome.kind)));
    for (const code of codes) assert.ok(['stored', 'overloaded', 'too-slow'].includes(code), code);
    assert.ok(codes.has('overloaded') || codes.has('too-slow'), [...codes].join());
    assert.ok(most < 48 * MiB, `${most} bytes were held`);
  })
));

test('a body that finds no room has rows moved into files, though no flush was due, and is stored', { timeout: 120_000 }, () => (
  withEngine({ 'max-memory': '64MiB' }, async (engine) => {
    const rows = (from: number, count: number): string => Array.from({ length: count }, (_, i) => `m s="${'x'.repeat(1000)}" ${from + i}`).join('\n');
    assert.deepEqual(await write(engine, REQUEST, rows(0, 15_000)), { kind: 'stored' });
    assert.ok(heldBytes(engine) < 32 * MiB, 'less than a flush waits for');
    assert.deepEqual(await write(engine, REQUEST, rows(100_000, 25_000)), { kind: 'stored' });
  })
));

test('a body whose rows are more than the whole memory is refused for good, and short lines are not', { timeout: 120_000 }, () => (
  withEngine({ 'max-memory': '16MiB' }, async (engine) => {
    const lines = (count: number): string => Array.from({ length: count }, () => 'm v=1').join('\n');
    assert.deepEqual(await write(engine, REQUEST, lines(200_000)), { kind: 'stored' }, 'ten times its bytes');
    await engine.control.run('flush', { database: null });
    const outcome = await write(engine, REQUEST, lines(1_500_000));
    assert.equal(outcome.kind === 'failed' && outcome.code, 'body-too-large', JSON.stringify(outcome));
    assert.ok(heldBytes(engine) < MiB, `${heldBytes(engine)} bytes stay`);
    assert.deepEqual(await write(engine, REQUEST, 'm v=1 1'), { kind: 'stored' });
  })
));

/** Who does what of the housekeeping, and what becomes of its failures. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Control } from '../../src/control/server.js';
import { turnOf } from '../../src/engine/housekeeping.js';
import type { Parts } from '../../src/engine/parts.js';
import { encodeChecked } from '../../src/json.js';
import { MaintenanceTroubles } from '../../src/maintenance-troubles.js';
import { dataPaths, retiredName } from '../../src/names.js';
import { makeDataDir, removeDataDir } from '../e2e/server.js';
import { FakeClock } from '../http/fake-clock.js';
import { open, store } from './harness.js';

/** Parts that note what is asked of them; those that are named fail. */
function scene() {
  const called = new Set<string>();
  const failing = new Set<string>();
  const said: string[] = [];
  const troubles = new MaintenanceTroubles(new FakeClock());
  const part = (name: string): unknown => new Proxy({}, {
    get: (_, method) => async () => {
      called.add(`${name}.${String(method)}`);
      if (failing.has(name)) throw new Error('EIO');
    },
  });
  const known: Readonly<Record<string, unknown>> = { troubles, logger: { error: (sentence: string) => said.push(sentence) }, folder: new Proxy({}, { get: (_, name) => part(String(name)) }) };
  const parts = new Proxy({}, { get: (_, name) => known[String(name)] ?? part(String(name)) }) as Parts;
  return { called, control: part('control') as Control, failing, parts, said, troubles };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a command without a server takes no files out of tables, deletes none and puts none together', async () => {
  const { called, control, parts } = scene();
  turnOf(parts, control, 'command')();
  await settled();
  const byCommand = new Set(called);
  turnOf(parts, control, 'server')();
  await settled();
  assert.ok(byCommand.has('flusher.tick') && byCommand.has('logTrimmer.trim') && byCommand.has('tokens.heal'));
  assert.deepEqual([...called].filter((name) => !byCommand.has(name)).toSorted(), ['cleanup.emptyTrash', 'compactor.tick', 'expiredFiles.tick', 'retiring.tick']);
});

test('what fails again and again is said once, stands in /health meanwhile, and is said anew when it comes back', async () => {
  const { control, failing, parts, said, troubles } = scene();
  const turn = turnOf(parts, control, 'server');
  for (const isFailing of [true, true, false, true]) {
    if (isFailing) failing.add('cleanup').add('tokens');
    else failing.clear();
    turn();
    await settled();
    assert.equal(troubles.sentences().filter((sentence) => /^housekeeping of the trash fails since .*: EIO$/.test(sentence)).length, isFailing ? 1 : 0);
    assert.equal(troubles.sentences().length, isFailing ? 1 : 0, 'tokens say it themselves');
  }
  assert.equal(said.filter((sentence) => /the trash fails/.test(sentence)).length, 2);
  assert.equal(said.filter((sentence) => /the tokens fails/.test(sentence)).length, 2);
});

test('without a server, `compact` alone deletes files that left their tables an hour ago', async () => {
  const dataDir = makeDataDir();
  try {
    const first = await open(dataDir);
    await store(first, 'db', 'm v=1i 1');
    await first.stop();
    const paths = dataPaths(dataDir);
    const left = join(paths.tables, 'db/m/left.parquet');
    writeFileSync(left, 'PAR1');
    mkdirSync(paths.retired, { recursive: true });
    writeFileSync(join(paths.retired, retiredName(1)), encodeChecked({ format: 1, table: 1, files: ['left.parquet'], ran: 0 }));
    writeFileSync(paths.clock, encodeChecked({ format: 1, trusted: 0, waited: 0, ran: 3_600_000 }));
    const engine = await open(dataDir);
    await engine.recovered();
    await engine.control.run('tables', { database: null });
    await engine.control.run('flush', { database: null });
    assert.ok(existsSync(left));
    await engine.control.run('compact', { database: null });
    assert.deepEqual([existsSync(left), readdirSync(paths.retired)], [false, []]);
    await engine.stop();
  } finally {
    removeDataDir(dataDir);
  }
});

/**
 * Tables of others that stand below tables/ where a measurement's folder would be: sluice leaves them as they are, byte
 * for byte, and the rows of the measurement are stored elsewhere, or refused with a sentence.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { makeDataDir, removeDataDir, snapshotIn, TestServer } from '../e2e/server.js';
import { flush, healthOf, queryTables, SET_ASIDE_CODE, SOON_ASIDE, tableFolder, writeRows } from './doors.js';
import { expectNoFaults } from './faults.js';
import { differences, makeRow, TableLedger, type Row } from './ledger.js';
import { pythonWithDeltalake } from './python/program.js';
import { ForeignWriter } from './writer.js';

const found = pythonWithDeltalake();
const skip = 'missing' in found ? found.missing : false;
/** A folder of tables that others wrote, each in a folder of its own. */
const golden = process.env['SLUICE_GOLDEN_TABLES'];
const goldenSkip = golden === undefined ? 'SLUICE_GOLDEN_TABLES names no folder of Delta tables' : false;
const BYSTANDER = 'bystander';

/** Every file below a folder by path, with a hash of its bytes. */
function hashes(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(files.map(({ parentPath, name }) => join(parentPath, name)).sort()
    .map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('hex')]));
}

/** A folder with a catalog, in which the server has run. */
async function begin(dataDir: string): Promise<void> {
  const server = await TestServer.start(dataDir, ['--without-auth'], SOON_ASIDE);
  assert.equal((await writeRows(server.url, BYSTANDER, [makeRow(9)])).status, 204);
  await snapshotIn(dataDir);
  await server.kill();
}

/** Writes to a measurement of the name of each table, before and after a kill -9, and says what is wrong then. */
async function writeBeside(dataDir: string, names: readonly string[], ofBystander: readonly Row[]): Promise<string[]> {
  const faults: string[] = [];
  const before = new Map(names.map((name) => [name, hashes(tableFolder(dataDir, name))]));
  const ledgers = [...names, BYSTANDER].map((name) => new TableLedger(name));
  ledgers.at(-1)!.unflushed.push(...ofBystander);
  for (const n of [1, 2]) {
    const server = await TestServer.start(dataDir, ['--without-auth'], SOON_ASIDE);
    for (const ledger of ledgers) {
      const { status, codes, body } = await writeRows(server.url, ledger.name, [makeRow(n)]);
      if (status === 204) ledger.unflushed.push(makeRow(n));
      else if (ledger.name === BYSTANDER || codes[0] !== SET_ASIDE_CODE) faults.push(`a write to ${ledger.name} was answered ${status}: ${body}`);
    }
    const { code, stderr } = await flush(dataDir);
    if (code !== 0) faults.push(`flush failed: ${stderr.trim()}`);
    const shown = await queryTables(dataDir, ledgers.map(({ name }) => name));
    for (const { name, unflushed } of ledgers) {
      const seen = shown.get(name)!;
      if (unflushed.length === 0) {
        if ((await healthOf(server.url, name)).length === 0) faults.push(`lines for ${name} are refused, and /health does not say why`);
        continue;
      }
      faults.push(...(seen.rows === null ? [`sluice query of ${name} fails: ${seen.said}`] : differences(`sluice query of ${name}`, seen.rows, unflushed)));
    }
    await server.kill();
  }
  for (const [name, files] of before) {
    const now = hashes(tableFolder(dataDir, name));
    const changed = [...new Set([...files.keys(), ...now.keys()])].filter((path) => files.get(path) !== now.get(path));
    if (changed.length > 0) faults.push(`files of ${name} were changed, made or deleted: ${changed.slice(0, 3).join(', ')}`);
  }
  return faults;
}

/** @param isNew the tables stand there before the server has ever run */
async function expectLeftAlone(isNew: boolean, names: readonly string[], put: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = makeDataDir();
  try {
    if (!isNew) await begin(dataDir);
    mkdirSync(tableFolder(dataDir, '.'), { recursive: true });
    await put(dataDir);
    expectNoFaults(await writeBeside(dataDir, names, isNew ? [] : [makeRow(9)]));
  } finally {
    removeDataDir(dataDir);
  }
}

for (const isNew of [true, false]) {
  describe(`a table of others in the folder of a measurement, ${isNew ? 'before the first start' : 'later'}`, () => {
    for (const make of ['make plain', 'make partitioned', 'make newer', 'make alike']) {
      test(`of delta-rs: ${make}`, { skip }, () => expectLeftAlone(isNew, ['theirs'], async (dataDir) => {
        assert.ok('python' in found);
        const foreign = new ForeignWriter(found.python);
        try {
          await foreign.make(make, tableFolder(dataDir, 'theirs'));
        } finally {
          await foreign.close();
        }
      }));
    }

    const names = golden === undefined ? [] : readdirSync(golden).sort();
    test('golden tables', { skip: goldenSkip }, () => expectLeftAlone(isNew, names, async (dataDir) => {
      for (const name of names) cpSync(join(golden!, name), tableFolder(dataDir, name), { recursive: true });
    }));
  });
}

/** Opening an engine in this process, and its tables after a flush. */
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { after } from 'node:test';
import { parseConfig } from '../../src/config.js';
import type { TableListing } from '../../src/control/commands.js';
import { openEngine, type Engine } from '../../src/engine.js';
import type { WriteRequest } from '../../src/ingest/request.js';
import { REQUEST, write } from './write.js';

/** Engines that no test has stopped yet: one that a failed test left behind would keep the process alive. */
const running = new Set<Engine>();
after(async () => {
  for (const engine of running) await engine.stop();
});

/** Opens an engine as `openEngine` does; it is stopped when the file ends, should a test fail before. */
export async function opened(...args: Parameters<typeof openEngine>): Promise<Engine> {
  const engine = await openEngine(...args);
  const tracked = {
    ...engine,
    stop: (): Promise<void> => {
      running.delete(tracked);
      return engine.stop();
    },
  };
  running.add(tracked);
  return tracked;
}

export function open(dataDir: string, flags: Record<string, string> = {}): Promise<Engine> {
  return opened(parseConfig({ 'data-dir': dataDir, 'workers': '1', 'log-level': 'silent', 'maintenance-cpu': '0', ...flags }, {}), { holder: 'command' });
}

const COPIES_MAX = 20;

/** Copies the data folder of an engine that runs, as a crash would leave it. A file may go while it is copied: then all is copied again. */
export function copyLiving(dataDir: string, copy: string): void {
  for (let copies = 1; ; copies += 1) {
    try {
      return cpSync(dataDir, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || copies === COPIES_MAX) throw error;
      rmSync(copy, { recursive: true, force: true });
    }
  }
}

export function requestTo(database: string): WriteRequest {
  return { ...REQUEST, database };
}

/** Writes lines that must all be stored. */
export async function store(engine: Engine, database: string, ...lines: readonly string[]): Promise<void> {
  assert.deepEqual(await write(engine, requestTo(database), lines.join('\n')), { kind: 'stored' });
}

/** All tables by `database.measurement`, after all rows that wait went into files. */
export async function flushedTables(engine: Engine): Promise<Map<string, TableListing>> {
  await engine.recovered();
  await engine.control.run('flush', { database: null });
  const tables = await engine.control.run('tables', { database: null });
  return new Map(tables.map((table) => [`${table.database}.${table.measurement}`, table]));
}

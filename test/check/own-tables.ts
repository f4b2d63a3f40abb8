/** Tables that a real server wrote, copied for each damage, and the check of such a copy. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tablesOfData } from '../../src/check/data-folder.js';
import { checkTable } from '../../src/check/table.js';
import { crcOf } from '../../src/crc.js';
import { systemDisk } from '../../src/disk.js';
import type { Duck } from '../../src/query/duckdb.js';
import { post, writePath } from '../e2e/client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../e2e/server.js';

export const DATABASE = 'home';
export const MEASUREMENT = 'climate';

/** Lines of every type, at their extremes; each list is a flush. */
const FLUSHES: readonly (readonly string[])[] = [
  [
    'climate,room=a temperature=1.5,humidity=-9223372036854775808i,u=18446744073709551615u,ok=true,text="" -9223372036854775806',
    'climate,room=b,floor=1 temperature=-0.0,ok=false 1735689600000000999',
    'climate temperature=1e308,text="zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz" 9223372036854775806',
  ],
  ['climate,room=a humidity=9223372036854775807i,u=0u,later=5 1735689600000000001', 'climate,room=é text="\u{10ffff}\u{10ffff}" 1735689600000000002'],
  ['climate,room=a temperature=2 1735689600000000001'],
];

/** Writes a data folder with a catalog and stops the server. @param whileRunning is called before */
export async function makeOwnTables(whileRunning: (dataDir: string) => Promise<void> = async () => undefined): Promise<string> {
  const dataDir = makeDataDir();
  const server = await TestServer.start(dataDir);
  try {
    for (const lines of FLUSHES) {
      const { status, body } = await post(server.url, writePath('/write', DATABASE, 'ns'), Buffer.from(lines.join('\n')));
      if (status !== 204) throw new Error(`${status}: ${body}`);
      const { code, stderr } = sluice(['flush', '--data-dir', dataDir]);
      if (code !== 0) throw new Error(stderr);
    }
    await whileRunning(dataDir);
    await server.stop();
  } catch (error) {
    removeDataDir(dataDir);
    throw error;
  }
  return dataDir;
}

/** A copy of a data folder, to be damaged. */
export class Copy {
  readonly dataDir: string;

  constructor(from: string) {
    this.dataDir = makeDataDir();
    cpSync(from, this.dataDir, { recursive: true });
  }

  get folder(): string {
    return join(this.dataDir, 'tables', DATABASE, MEASUREMENT);
  }

  get files(): string[] {
    return readdirSync(this.folder).filter((name) => name.endsWith('.parquet')).sort();
  }

  commitPath(version: number): string {
    return join(this.folder, '_delta_log', `${String(version).padStart(20, '0')}.json`);
  }

  /** Changes the text of a file. */
  edit(path: string, change: (text: string) => string): void {
    const before = readFileSync(path, 'latin1');
    const changed = change(before);
    if (changed === before) throw new Error(`nothing of ${path} was changed`);
    writeFileSync(path, changed, 'latin1');
  }

  /** Changes a commit as a writer with a fault would: its checksum is right. */
  forge(version: number, change: (text: string) => string): void {
    this.edit(this.commitPath(version), (text) => {
      const changed = change(text).replace(/,"sluiceCrc":"[0-9a-f]{8}"\}\}\n$/, '');
      return `${changed},"sluiceCrc":"${crcOf(Buffer.from(changed, 'latin1'))}"}}\n`;
    });
  }

  /** Adds a commit of another writer. */
  commit(version: number, ...actions: readonly object[]): void {
    writeFileSync(this.commitPath(version), `${[...actions, { commitInfo: { engineInfo: 'other' } }].map((action) => JSON.stringify(action)).join('\n')}\n`);
  }

  /** What is wrong, as `code where`. */
  async check(duck: Duck): Promise<string[]> {
    const { problems, tables } = await tablesOfData(systemDisk, this.dataDir, null);
    const found = problems.map((problem) => `catalog: ${problem}`);
    for (const table of tables) found.push(...(await checkTable(systemDisk, duck, table)).problems.map(({ code, where, why }) => `${code} ${where ?? 'table'}: ${why}`));
    return found;
  }
}

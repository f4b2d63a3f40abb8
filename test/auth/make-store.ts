/** A token store on a disk in memory. */
import { TokenStore } from '../../src/auth/token-store.js';
import type { Clock } from '../../src/clock.js';
import { dataPaths } from '../../src/names.js';
import { MemoryDisk } from '../fault/memory-disk.js';
import { FakeClock } from '../http/fake-clock.js';

export const PATHS = dataPaths('/data');

interface Made {
  readonly store: TokenStore;
  /** Text of the admin token of the first start; '' when none was made. */
  readonly admin: string;
  readonly disk: MemoryDisk;
  /** What the start said of damage. */
  readonly reports: readonly string[];
}

/** Opens the store of a disk, a new one unless given. */
export async function makeStore(given: { disk?: MemoryDisk; clock?: Clock; adminTokenFile?: string } = {}): Promise<Made> {
  const { disk = new MemoryDisk(), clock = new FakeClock(), adminTokenFile = null } = given;
  await disk.makeFolder('/data');
  const reports: string[] = [];
  const { store, made } = await TokenStore.open({ disk, paths: PATHS, clock, adminTokenFile, report: (sentence) => reports.push(sentence) });
  return { store, admin: made ?? '', disk, reports };
}

/** A disk whose tokens.json holds none. */
export function diskWithoutTokens(): MemoryDisk {
  const disk = new MemoryDisk();
  disk.place(PATHS.tokens, Buffer.from('{"format":2,"nextId":1,"tokens":[]}\n'));
  return disk;
}

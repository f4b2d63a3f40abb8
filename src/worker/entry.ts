/** What a pool thread runs: `adopt` binds it to a slot, `parse` takes lists of bodies. Nothing here can fail at load. */
import { compile } from './wasm/wasm.js';
import { WorkerSlot } from './slot.js';
import { unpackBy } from './unpack/unpack.js';
import { localTableStore } from '../tables/local-store.js';
import type { TableStore } from '../tables/table-store.js';
import { systemClock } from '../clock.js';
import { dataPaths } from '../names.js';
import { readPackaged, systemDisk, withoutSyncs } from '../disk.js';
import type { Adoption, BodyTask, ParseResult } from './protocol.js';

let slot: WorkerSlot | undefined;

/** First task of a thread: takes a slot. Resolves once orders can be sent to its port. */
export function adopt(adoption: Adoption): number {
  if (slot?.isEnded === false) throw new Error(`this thread already is slot ${slot.number}`);
  const module = compile(readPackaged(new URL('../../assembly/sluice.wasm', import.meta.url)));
  const paths = dataPaths(adoption.dataDir);
  const storeAt = (root: string, disk = systemDisk): TableStore => localTableStore(disk, root, paths.tmp(adoption.start));
  const stores = { tables: storeAt(paths.tables), quarantine: storeAt(paths.quarantinedTables), drafts: storeAt(paths.drafts(adoption.start), withoutSyncs(systemDisk)) };
  slot = new WorkerSlot({ adoption, module, unpack: unpackBy(adoption.inflate), stores, clock: systemClock });
  return adoption.slot;
}

/**
 * Parses a list of bodies; see ParseResult.
 * @throws when the thread was not adopted, or for what should not happen (a WASM trap): the slot is gone with its memtables
 */
export function parse(list: readonly BodyTask[]): ParseResult {
  if (slot === undefined || slot.isEnded) throw new Error('this thread has no slot');
  try {
    return slot.parse(list);
  } catch (error) {
    slot.end();
    slot = undefined;
    throw error;
  }
}

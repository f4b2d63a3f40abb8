/** Who hears of what: where two parts lean on one another, each is made first, and told of the other here. */
import { FULL_WORKER_BYTES } from '../ingest/admission.js';
import type { PoolEvents, Slot } from '../ingest/pool.js';
import { stallText, type StalledAt } from '../ingest/stall.js';
import type { FromWorker } from '../worker/protocol.js';
import { newsOf } from './news.js';
import type { Parts } from './parts.js';
import { ToldTables } from './told-tables.js';

/** Connects the parts, and starts the workers last, so that whatever they say is heard. */
export function connect(parts: Parts): void {
  const told = new ToldTables(parts.folder.catalog);
  connectCatalog(parts, told);
  connectRecovery(parts);
  const { flusher, folder: { log }, pool, rollback } = parts;
  log.onFailure((lastSynced, reason) => {
    flusher.giveUpRows(lastSynced);
    rollback.onLogFailure(lastSynced, reason);
  });
  pool.start(poolEvents(parts, told));
}

/** Workers know every table before a body that needs it is dispatched. */
function connectCatalog({ compactor, expiredFiles, flusher, folder: { catalog, logCare }, logger, pool, troubles }: Parts, told: ToldTables): void {
  catalog.subscribe((applied) => {
    const { added, dropped } = applied;
    if (added.length > 0) told.add(pool.slots(), added);
    if (dropped.length > 0) pool.tellAll({ say: 'drop', tableIds: dropped });
    flusher.forgetTables(dropped);
    logCare.forget(dropped);
    compactor.forget(dropped);
    troubles.forget(dropped);
    compactor.noteDeletes(applied.news.deletes);
    for (const tableId of dropped) expiredFiles.forget(tableId);
    for (const sentence of newsOf(applied)) logger.info(sentence);
  });
}

/** Rows that come back are the flusher's; while memory is full they wait, as long as it can make room. */
function connectRecovery({ config, flusher, fullestBytes, memtableBytes, recovery }: Parts): void {
  recovery.connect({
    memoryFull: () => (memtableBytes() > config.memoryBytesMax || fullestBytes() > FULL_WORKER_BYTES) && flusher.firstUnflushed < recovery.floor,
    onBack: (rows, seq) => flusher.noteRows(rows, seq),
  });
}

function poolEvents(parts: Parts, told: ToldTables): PoolEvents {
  const { logger } = parts;
  return {
    onSlot: (slot) => void onSlot(parts, told, slot),
    onMessage: (slot, message) => onMessage(parts, slot, message),
    onStall: (slot, stalled) => onStall(parts, slot, stalled),
    onDeath: (slot) => {
      told.forget(slot);
      onDeath(parts, slot);
    },
    onError: (error) => logger.error(`a worker failed: ${error.message}`),
  };
}

/** A new worker gets bodies once it knows the catalog. */
async function onSlot({ dispatcher, flusher }: Parts, told: ToldTables, slot: Slot): Promise<void> {
  slot.busy = true;
  if (!(await told.introduce(slot))) return;
  slot.tell({ say: 'set-aside', tableIds: flusher.setAsideTables(), isSetAside: true });
  slot.busy = false;
  dispatcher.dispatch();
}

function onMessage({ flusher, logger, rollback }: Parts, slot: Slot, message: FromWorker): void {
  if (message.say === 'rolled-back') rollback.onRolledBack(slot, message.nextOrdinal);
  else if (message.say === 'memory') logger.info(`worker ${slot.number}: ${message.sentence}`);
  else flusher.onMessage(slot, message);
}

function onStall({ config, flusher, logger }: Parts, slot: Slot, stalled: StalledAt): void {
  logger.error(`worker ${slot.number} is ended: ${stallText(stalled)} did not end within ${config.taskMsMax} ms`);
  if (stalled.at !== 'flush') return;
  flusher.onMessage(slot, { say: 'flush-failed', tableId: stalled.tableId, reason: `it did not end within ${config.taskMsMax} ms`, isFatal: true });
}

function onDeath({ damage, flusher, folder: { log }, logger, recovery, rollback }: Parts, slot: Slot): void {
  logger.error(`worker ${slot.number} died; its rows are read back from the log`);
  rollback.onDeath(slot);
  flusher.onDeath(slot);
  recovery.onDeath(slot, flusher.firstUnflushed, log.settled()).then(
    (frames) => logger.info(`${frames} frames of worker ${slot.number} are back`),
    (error: Error) => damage.report(`frames of worker ${slot.number} could not be read back: ${error.message}`),
  );
}

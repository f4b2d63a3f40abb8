/** Who hears of what: where two parts lean on one another, each is made first, and told of the other here. */
import { FULL_WORKER_BYTES } from '../ingest/admission.js';
import type { PoolEvents, Slot } from '../ingest/pool.js';
import { stallText, type StalledAt } from '../ingest/stall.js';
import type { FromWorker } from '../worker/protocol.js';
import { newsOf } from './news.js';
import type { Parts } from './parts.js';

/** Connects the parts, and starts the workers last, so that whatever they say is heard. */
export function connect(parts: Parts): void {
  connectCatalog(parts);
  connectRecovery(parts);
  const { folder: { log }, pool, rollback } = parts;
  log.onFailure((lastSynced, reason) => rollback.onLogFailure(lastSynced, reason));
  pool.start(poolEvents(parts));
}

/** Workers know every table before a body that needs it is dispatched. */
function connectCatalog({ expiredFiles, flusher, folder: { catalog, logCare }, logger, pool }: Parts): void {
  catalog.subscribe((applied) => {
    const { added, dropped } = applied;
    if (added.length > 0) pool.tellAll({ say: 'define', tables: added });
    if (dropped.length > 0) pool.tellAll({ say: 'drop', tableIds: dropped });
    flusher.forgetTables(dropped);
    for (const tableId of dropped) expiredFiles.forget(tableId);
    logCare.forget(dropped);
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

function poolEvents(parts: Parts): PoolEvents {
  const { dispatcher, flusher, folder: { catalog }, logger } = parts;
  return {
    onSlot: (slot) => {
      slot.tell({ say: 'define', tables: catalog.tables() });
      slot.tell({ say: 'set-aside', tableIds: flusher.setAsideTables(), isSetAside: true });
      dispatcher.dispatch();
    },
    onMessage: (slot, message) => onMessage(parts, slot, message),
    onStall: (slot, stalled) => onStall(parts, slot, stalled),
    onDeath: (slot) => onDeath(parts, slot),
    onError: (error) => logger.error(`a worker failed: ${error.message}`),
  };
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

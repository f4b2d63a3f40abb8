/** Makes every part behind the front end, each out of those before it. Nothing runs yet: wiring.ts says who hears of what. */
import { dirname, join } from 'node:path';
import { DatabaseAdmin } from '../admin/databases.js';
import { systemClock as clock } from '../clock.js';
import { CompactionThread } from '../compaction/compaction-thread.js';
import { Compactor } from '../compaction/compactor.js';
import type { Config } from '../config.js';
import { systemDisk as disk, withoutSyncs } from '../disk.js';
import { DroppedTables } from '../flush/dropped-tables.js';
import { ExpiredFiles } from '../flush/expired-files.js';
import { Flusher } from '../flush/flusher.js';
import { LogHolds } from '../flush/log-holds.js';
import { LogTrimmer } from '../flush/log-trimmer.js';
import { Retiring } from '../flush/retiring.js';
import type { Folder } from '../folder.js';
import { Admission } from '../ingest/admission.js';
import { BODY_MEMORY_DEFAULTS, BodyMemory } from '../ingest/body-memory.js';
import { Dispatcher } from '../ingest/dispatch.js';
import { LineCounts } from '../ingest/line-counts.js';
import { LogRollback } from '../ingest/log-rollback.js';
import { Pool } from '../ingest/pool.js';
import { Recovery } from '../ingest/recovery.js';
import { StalledBodies } from '../ingest/stalled-bodies.js';
import { WritePath } from '../ingest/write.js';
import { keepFrame } from '../log/log-quarantine.js';
import type { ServerLogger } from '../logging.js';
import type { MaintenanceTroubles } from '../maintenance-troubles.js';
import { keptSinceNs } from '../retention.js';
import { RejectStore } from '../rejects/reject-store.js';
import { localTableStore } from '../tables/local-store.js';
import type { Damage } from './damage.js';
import { slotSettings } from './shares.js';

/** Clients give up at 5 s and send again: a later success would be written twice. */
const ANSWER_MS_MAX = 4000;
/** Of the memory for unflushed rows: past it tables are flushed; past all of it writes are refused. */
const FLUSH_MEMORY_SHARE = 0.5;

/** What the parts are made of. */
interface Ground {
  readonly config: Config;
  readonly logger: ServerLogger;
  readonly damage: Damage;
  readonly troubles: MaintenanceTroubles;
  readonly folder: Folder;
}

/** How a body gets in, from a client or out of the log: its memory, the workers that parse it, and what may refuse it. */
type Intake = ReturnType<typeof makeIntake>;
/** How rows get out again, into files. */
type Outflow = ReturnType<typeof makeOutflow>;

export type Parts = ReturnType<typeof makeParts>;

export function makeParts(ground: Ground) {
  const intake = makeIntake(ground);
  const outflow = makeOutflow(ground, intake);
  return { ...ground, ...intake, ...outflow, ...makeDoors(ground, intake, outflow) };
}

function makeIntake({ config, damage, folder, logger }: Ground) {
  const { catalog, log, paths } = folder;
  // A body that an earlier start took must fit, whatever the settings are now: it has to be read back.
  const { blockBytes } = BODY_MEMORY_DEFAULTS;
  const bodyMemory = new BodyMemory({ blockBytes, queueBytesMax: Math.max(config.queueBytesMax, folder.bodyBytesMax + blockBytes) });
  const pool = new Pool({
    threads: config.workers, settings: slotSettings(config, folder.start, bodyMemory), clock,
    seqsLength: 2 * bodyMemory.blockCount, taskMsMax: config.taskMsMax,
  });
  const dispatcher = new Dispatcher(pool);
  const recovery = new Recovery({
    log, dispatcher, bodyMemory, clock,
    onTrouble: (sentence) => logger.error(sentence),
    quarantine: async (frame, why) => {
      await keepFrame({ disk, folder: paths.quarantine }, frame, why);
      damage.report(`frame ${frame.seq} of the log is kept in quarantine: ${why}`);
    },
  }, catalog, folder);
  const memtableBytes = (): number => pool.memtableBytes + recovery.bytes;
  const fullestBytes = (): number => Math.max(0, ...pool.slots().map((slot) => slot.memtableBytes));
  const admission = new Admission({
    disk, clock, logger, dataDir: config.dataDir, diskReserveBytes: config.diskReserveBytes, memtableBytesMax: config.memoryBytesMax,
    memtableBytes, fullestBytes, logFailed: () => log.failed, tidy: () => pool.tellAll({ say: 'tidy' }),
  });
  const rejects = new RejectStore({ disk, clock, folder: paths.rejects, bytesMax: config.rejectsBytesMax, onTrouble: (sentence) => logger.error(sentence) });
  return { bodyMemory, pool, dispatcher, recovery, memtableBytes, fullestBytes, admission, rejects, rollback: new LogRollback({ log, pool, clock, logger }) };
}

function makeOutflow({ config, folder, logger, troubles }: Ground, { admission, pool, recovery, rejects }: Intake) {
  const { catalog, cleanup, jobNotes, log, logCare, openCommitter, quarantine, quarantineStore, paths, retired, snapshots, start, store, trustedClock } = folder;
  const compactionThread = new CompactionThread({ root: paths.tables, tmp: paths.tmp(start) }, clock);
  const logTrimmer = new LogTrimmer({ catalog, log, snapshots, holds: new LogHolds(clock) });
  const drafts = paths.drafts(start);
  const scratch = withoutSyncs(disk);
  const flusher = new Flusher({
    catalog, log, pool, stores: { tables: store, quarantine: quarantineStore, drafts: localTableStore(scratch, drafts, paths.tmp(start)) }, quarantine, clock, logger, node: log.node, openCommitter,
    publishCatalog: () => logTrimmer.publish(),
    onCommitted: (tableId, files) => {
      expiredFiles.noteFlushed(tableId, files);
      compactor.noteFlushed(tableId, files.length);
    },
    checkRoom: async () => {
      if ((await disk.freeBytes(config.dataDir)) < config.diskReserveBytes) throw new Error('the disk is nearly full, and what is left is for writes');
    },
    linkDraft: async (path, query) => {
      const link = join(paths.tmp(query), path);
      await scratch.makeFolder(dirname(link));
      await scratch.link(join(drafts, path), link);
      return link;
    },
    memtableBytes: () => admission.pressureBytes(),
    replayFloor: () => recovery.floor,
    limits: { ...config, memtableBytesMax: config.memoryBytesMax * FLUSH_MEMORY_SHARE },
  });
  const use: Flusher['use'] = (table, work) => flusher.use(table, work);
  const mustWait = ({ id }: { readonly id: number }): boolean => recovery.floor < Infinity || flusher.setAsideTables().includes(id);
  const retiring = new Retiring({ catalog, clock, logger, troubles, retired, store, use, mustWait });
  const expiredFiles = new ExpiredFiles({ catalog, clock, logger, troubles, retiring, trustedClock, use, mustWait });
  const compactor = new Compactor({
    catalog, clock, logger, troubles, node: log.node, store, retiring, jobNotes, use, mustWait,
    settings: { cpuShare: config.maintenanceCpuPercent / 100, memoryBytesMax: config.maintenanceMemoryBytesMax },
    compact: (order) => compactionThread.compact(order),
    firstUnflushed: (tableId) => flusher.firstUnflushedOf(tableId),
    freeBytes: async () => (await disk.freeBytes(config.dataDir)) - config.diskReserveBytes,
    hasOtherRows: ({ databaseName, folder, measurement }) => quarantine.lots()
      .some((lot) => lot.folder === folder || (lot.database === databaseName && lot.measurement === measurement)),
  });
  const isFlushing = (tableId: number): boolean => flusher.isFlushing(tableId) || logCare.isAt(tableId) || expiredFiles.isAt(tableId) || compactor.isAt(tableId);
  return { logTrimmer, flusher, retiring, expiredFiles, compactor, compactionThread, droppedTables: new DroppedTables({ catalog, cleanup, log, quarantine, isFlushing, forgetRejects: (name) => rejects.forget(name) }) };
}

/** Where writes and orders come in. */
function makeDoors({ config, folder, logger }: Ground, { admission, bodyMemory, dispatcher, rejects }: Intake, { flusher }: Outflow) {
  const { catalog, cleanup, log, trustedClock } = folder;
  const say = (sentence: string): void => logger.error(sentence);
  const lines = new LineCounts();
  const stalled = new StalledBodies(bodyMemory, clock, say);
  const writer = new WritePath({
    catalog, dispatcher, log, bodyMemory, stalled, clock,
    answerMsMax: ANSWER_MS_MAX,
    keptSince: ({ retentionS }) => keptSinceNs(retentionS, trustedClock.nowMs()),
    refuse: () => admission.refuse(),
    onNoRoom: () => admission.noteNoRoom(),
    onAppended: (body, { seq }) => flusher.noteRows(body.rows, seq),
    onEnd: (database, body, isStored) => {
      lines.note(database.name, body, isStored);
      // Whoever was told to send again will, bad lines too.
      if (body.rejectedLines !== null && (isStored || body.state === 'refused')) rejects.keep(database, body.rejectedLines, body.rejected);
    },
  });
  return { lines, stalled, writer, schema: new DatabaseAdmin({ catalog, cleanup, lines, rejects, databaseNames: config.databaseNames }) };
}

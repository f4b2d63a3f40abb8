/** Builds every part behind the front end, in the order of a start, and stops them in reverse. No logic of its own. */
import { engineMetrics } from './admin/server-metrics.js';
import { DatabaseAdmin } from './admin/databases.js';
import type { TokenStore } from './auth/token-store.js';
import { systemClock as clock } from './clock.js';
import type { Config } from './config.js';
import { controlHandlers } from './control/handlers.js';
import { bindControl, type Control } from './control/server.js';
import { nameWithoutFile } from './control/socket.js';
import { shareFolder } from './data-group.js';
import { identityOf, systemDisk as disk } from './disk.js';
import { openFolder } from './folder.js';
import { BODY_MEMORY_DEFAULTS, BodyMemory } from './ingest/body-memory.js';
import { LogRollback } from './ingest/log-rollback.js';
import { Dispatcher } from './ingest/dispatch.js';
import { Admission } from './ingest/admission.js';
import { LineCounts } from './ingest/line-counts.js';
import { Pool } from './ingest/pool.js';
import { Recovery } from './ingest/recovery.js';
import type { Writer } from './ingest/request.js';
import { stallText } from './ingest/stall.js';
import { StalledBodies } from './ingest/stalled-bodies.js';
import { WritePath } from './ingest/write.js';
import { keepFrame } from './log/log-quarantine.js';
import { makeLogger, type ServerLogger } from './logging.js';
import type { Metric } from './metrics.js';
import { dataPaths } from './names.js';
import { RejectStore } from './rejects/reject-store.js';
import { Flusher } from './flush/flusher.js';
import { LogTrimmer } from './flush/log-trimmer.js';
import { loadZlibSync } from './worker/unpack/inflate.js';
import { MOVE_BYTES_MIN } from './worker/memory.js';
import type { WorkerLimits } from './model/limits.js';
import { Undo } from './undo.js';

const TICK_MS = 1000;
/** Clients give up at 5 s and send again: a later success would be written twice. */
const ANSWER_MS_MAX = 4000;
/** A graceful stop gives flushing this long; what is not flushed stays in the log. */
const STOP_FLUSH_MS = 6000;
/** Of the memory for unflushed rows: past it tables are flushed; past all of it writes are refused. */
const FLUSH_MEMORY_SHARE = 0.5;
/** Of the same memory: for the series caches of all workers; and the bounds of one. */
const SERIES_MEMORY_SHARE = 1 / 8;
const SERIES_BYTES_LEAST = 1024 * 1024;
const SERIES_BYTES_MOST = 1024 * 1024 * 1024;
/** Bytes in the path of a table that delta-rs, Polars, Daft or ClickHouse decode or take for a pattern. */
const UNSAFE_PATH = /[^A-Za-z0-9/._~+@-]/;

export interface Engine {
  readonly writer: Writer;
  readonly bodyMemory: BodyMemory;
  /** Databases and measurements. */
  readonly schema: DatabaseAdmin;
  readonly logger: ServerLogger;
  readonly tokens: TokenStore;
  /** The admin token, if this was the first start. */
  readonly tokenMade: string | null;
  readonly control: Control;
  /** Sentences on what is wrong; empty when all is well. */
  problems(): string[];
  /** What is counted behind the front end. */
  metrics(): Metric[];
  /** Why no write is taken now, or null. */
  refusal(): string | null;
  /** Resolves when all rows of the log are back in memtables. */
  recovered(): Promise<void>;
  /** Ends what is under way, flushes what it can, and lets go of the data folder. */
  stop(): Promise<void>;
}

/**
 * Opens a data folder: takes its lock, reads the catalog and the log, and starts the workers. Writes can be taken
 * when it resolves; frames of the log come back into memtables behind them.
 * @throws Error with a sentence when another process holds the folder or a file cannot be read
 */
export async function openEngine(config: Config): Promise<Engine> {
  const logger = makeLogger(config.logLevel);
  if (config.inflate === 'zlib-sync' || config.inflate === 'zlib-sync-whole') requireZlibSync(config.inflate);
  if (UNSAFE_PATH.test(config.dataDir)) logger.warn(`some engines cannot open tables below ${config.dataDir}: use letters, digits and . _ ~ + @ - in its path`);
  await disk.makeFolder(config.dataDir);
  const control = await bindControl(dataPaths(config.dataDir).socket, disk, nameWithoutFile(await identityOf(config.dataDir)));
  const undo = new Undo();
  undo.add('the lock of the data folder', () => control.close());
  try {
    if (config.dataGroup !== null) await shareFolder(config.dataDir, config.dataGroup, disk);
    return await assemble(config, logger, control, undo);
  } catch (error) {
    await undo.run((sentence) => logger.error(sentence));
    throw error;
  }
}

async function assemble(config: Config, logger: ServerLogger, control: Control, undo: Undo): Promise<Engine> {
  const damage: string[] = [];
  const report = (sentence: string): void => {
    logger.warn(sentence);
    damage.push(sentence);
  };
  const folder = await openFolder(config, { disk, clock, logger, report, onLogFailure: (lastSynced, reason) => rollback.onLogFailure(lastSynced, reason) });
  const { catalog, cleanup, log, openCommitter, paths, quarantine, quarantineStore, snapshots, store, tokens } = folder;
  undo.add('the log', () => log.close());

  // The parts that move rows.
  // A body that an earlier start took must fit, whatever the settings are now: it has to be read back.
  const { blockBytes } = BODY_MEMORY_DEFAULTS;
  const bodyMemory = new BodyMemory({ blockBytes, queueBytesMax: Math.max(config.queueBytesMax, folder.bodyBytesMax + blockBytes) });
  const pool = new Pool({
    threads: config.workers,
    settings: {
      bodyMemory: bodyMemory.buffer, blockBytes: bodyMemory.blockBytes, limits: workerLimits(config),
      memoryBytesMax: config.memoryBytesMax / config.workers, rowBytesMax: config.memoryBytesMax,
      linearBytesMax: Math.max(config.memoryBytesMax, config.workers * MOVE_BYTES_MIN) + config.workers * config.bodyBytesMax, dataDir: config.dataDir, start: folder.start, inflate: config.inflate,
    },
    clock,
    numbersLength: 2 * bodyMemory.blockCount,
    taskMsMax: config.taskMsMax,
    onSlot: (slot) => {
      slot.tell({ say: 'define', tables: catalog.tables() });
      slot.tell({ say: 'set-aside', tableIds: flusher.setAsideTables(), isSetAside: true });
      dispatcher.dispatch();
    },
    onMessage: (slot, message) => {
      if (message.say === 'rolled-back') rollback.onRolledBack(slot, message.nextOrdinal);
      else if (message.say === 'memory') logger.info(`worker ${slot.number}: ${message.sentence}`);
      else flusher.onMessage(slot, message);
    },
    onStall: (slot, stalled) => {
      logger.error(`worker ${slot.number} is ended: ${stallText(stalled)} did not end within ${config.taskMsMax} ms`);
      if (stalled.at === 'flush') flusher.onMessage(slot, { say: 'flush-failed', tableId: stalled.tableId, reason: `it did not end within ${config.taskMsMax} ms`, isFatal: true });
    },
    onDeath: (slot) => {
      logger.error(`worker ${slot.number} died; its rows are read back from the log`);
      rollback.onDeath(slot);
      flusher.onDeath(slot);
      recovery.onDeath(slot, flusher.firstUnflushed, lastAppended.then(() => log.lastSynced)).then(
        (frames) => logger.info(`${frames} frames of worker ${slot.number} are back`),
        (error: Error) => report(`frames of worker ${slot.number} could not be read back: ${error.message}`),
      );
    },
    onError: (error) => logger.error(`a worker failed: ${error.message}`),
  });
  undo.add('the workers', () => pool.close());
  const memtableBytes = (): number => pool.slots().reduce((sum, slot) => sum + slot.memtableBytes, 0);
  const dispatcher = new Dispatcher(pool);
  const rollback = new LogRollback({ log, pool, clock, logger });
  const flusher = new Flusher({
    catalog, log, pool, stores: { tables: store, quarantine: quarantineStore }, quarantine, clock, logger, node: log.node, openCommitter,
    publishCatalog: () => logTrimmer.publish(),
    memtableBytes: () => admission.pressureBytes(),
    replayFloor: () => recovery.floor,
    limits: { ...config, memtableBytesMax: config.memoryBytesMax * FLUSH_MEMORY_SHARE },
  });
  const recovery = new Recovery({
    log, dispatcher, bodyMemory, clock,
    memoryFull: () => memtableBytes() > config.memoryBytesMax && flusher.firstUnflushed < recovery.floor,
    onTrouble: (sentence) => logger.error(sentence),
    onBack: (rows, number) => flusher.noteRows(rows, number),
    quarantine: async (frame, why) => {
      await keepFrame({ disk, folder: paths.quarantine }, frame, why);
      report(`frame ${frame.number} of the log is kept in quarantine: ${why}`);
    },
  }, catalog, folder.startNumber);
  const admission = new Admission({
    disk, clock, memtableBytes, dataDir: config.dataDir, diskReserveBytes: config.diskReserveBytes,
    memtableBytesMax: config.memoryBytesMax, logFailed: () => log.failed,
    tidy: () => pool.tellAll({ say: 'tidy' }),
  });
  const lines = new LineCounts();
  const rejects = new RejectStore({ disk, clock, folder: paths.rejects, bytesMax: config.rejectsBytesMax, onTrouble: (sentence) => logger.error(sentence) });
  const stalled = new StalledBodies(bodyMemory, clock, (sentence) => logger.error(sentence));
  let lastAppended: Promise<unknown> = Promise.resolve();
  const writer = new WritePath({
    catalog, dispatcher, log, bodyMemory, stalled, clock,
    answerMsMax: ANSWER_MS_MAX,
    refuse: () => admission.refuse(),
    onNoRoom: () => admission.noteNoRoom(),
    onAppended: (slot, body, appended) => {
      rollback.note(slot, body.ordinal, appended.number);
      flusher.noteRows(body.rows, appended.number);
      lastAppended = appended.synced.catch(() => undefined);
    },
    onEnd: (database, body, isStored) => {
      lines.note(database.name, body, isStored);
      // Whoever was told to send again will, bad lines too.
      if (body.rejectedLines !== null && (isStored || body.state === 'refused')) rejects.keep(database, body.rejectedLines, body.rejected);
    },
  });
  const logTrimmer = new LogTrimmer({ catalog, log, snapshots });
  const problems = (): string[] => [...damage, control.problem() ?? [], tokens.problem() ?? [], admission.problems(), flusher.problems(), quarantine.problems(), stalled.problems()].flat();

  // The order of a start: the catalog is safe, dropped tables go, replay begins, commands are answered.
  catalog.subscribe(({ defined, dropped }) => {
    if (defined.length > 0) pool.tellAll({ say: 'define', tables: defined });
    if (dropped.length > 0) pool.tellAll({ say: 'drop', tableIds: dropped });
    flusher.forgetTables(dropped);
  });
  for (const { tableId, error } of folder.troubled) flusher.noteTrouble(tableId, error);
  // What the log says of the catalog may have been read from memory that never reached the disk before the crash.
  if (folder.mustPublish) {
    await logTrimmer.publish().catch((error: Error) => logger.error(`the catalog could not be written and is tried again: ${error.message}`));
  }
  for (const table of catalog.droppedTables()) {
    await cleanup.toTrash(table).catch((error: Error) => report(`the folder of dropped table ${table.folder} could not go to trash: ${error.message}`));
  }
  await admission.look();
  recovery.start().then(
    (frames) => frames > 0 && logger.info(`${frames} frames of the log are back in memtables`),
    (error: Error) => report(`the log could not be replayed: ${error.message}`),
  );
  const schema = new DatabaseAdmin({ catalog, cleanup, rejects });
  control.serve(controlHandlers({ catalog, flusher, quarantine, recovery, schema, tokens, problems, paths, write: { writer, bodyMemory, log, clock, limits: config } }));
  const tick = clock.every(TICK_MS, () => {
    flusher.tick();
    recovery.forgetBelow(flusher.firstUnflushed);
    Promise.all([admission.look(), tokens.heal(), control.heal(), cleanup.emptyTrash(), logTrimmer.trim()])
      .catch((error: Error) => logger.error(`housekeeping failed: ${error.message}`));
  });

  return {
    writer, bodyMemory, schema, logger, control, problems,
    tokens, tokenMade: folder.tokenMade,
    metrics: () => engineMetrics({ lines, rejects, log, recovery, flusher, bodyMemory, pool, logger, memtableBytes }),
    refusal: () => admission.problems()[0] ?? null,
    recovered: () => recovery.done(),
    async stop() {
      admission.stop();
      tick.cancel();
      await writer.settled();
      const flushed = recovery.done().then(() => flusher.flush(catalog.tables().map(({ id }) => id)))
        .then((failures) => failures.forEach(({ reason, table }) => logger.warn(`rows of table ${table.folder} stay in the log: ${reason}`)));
      await within(STOP_FLUSH_MS, flushed).catch((error: Error) => logger.warn(`not all rows are in files yet; they stay in the log: ${error.message}`));
      await flusher.stop();
      await rejects.close();
      await logTrimmer.publish().then(() => logTrimmer.trim())
        .catch((error: Error) => logger.error(`the catalog could not be written; the log still has it: ${error.message}`));
      await log.close();
      await pool.close();
      await control.close();
    },
  };
}

/** Each worker loads it again; here its absence is a sentence and not a pool that never starts. */
function requireZlibSync(flag: string): void {
  try {
    loadZlibSync(false);
  } catch (error) {
    throw new Error(`--inflate ${flag}: the optional package zlib-sync is not installed (${(error as Error).message.split('\n')[0]})`);
  }
}

function workerLimits({ bodyBytesMax, bodyLinesMax, tablesMax, columnsMax, columnNameBytesMax, namesBytesMax, memoryBytesMax, workers }: Config): WorkerLimits {
  const share = Math.floor((memoryBytesMax * SERIES_MEMORY_SHARE) / workers);
  const seriesBytesMax = Math.min(Math.max(share, SERIES_BYTES_LEAST), SERIES_BYTES_MOST);
  return { bodyBytesMax, bodyLinesMax, tablesMax, columnsMax, columnNameBytesMax, namesBytesMax, seriesBytesMax };
}

/** Settles as `work` does, or rejects after `ms`. */
function within(ms: number, work: Promise<unknown>): Promise<unknown> {
  return Promise.race([work, new Promise((_, reject) => clock.after(ms, () => reject(new Error(`${ms} ms are over`))))]);
}

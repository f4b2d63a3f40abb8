/** The engine: all that is behind the front end. Here is the order of a start; src/engine/ has its steps. */
import { engineMetrics } from './admin/server-metrics.js';
import type { DatabaseAdmin } from './admin/databases.js';
import { Overview } from './admin/overview.js';
import type { TokenStore } from './auth/token-store.js';
import { systemClock as clock, wait } from './clock.js';
import type { Config } from './config.js';
import { takeBehindCommands } from './control/behind-commands.js';
import type { Holder } from './control/commands.js';
import { controlHandlers } from './control/handlers.js';
import { bindControl, type Control } from './control/server.js';
import { nameWithoutFile } from './control/socket.js';
import { shareFolder } from './data-group.js';
import { identityOf, systemDisk as disk } from './disk.js';
import { Damage } from './engine/damage.js';
import { startHousekeeping } from './engine/housekeeping.js';
import { makeParts, type Parts } from './engine/parts.js';
import { startReplay } from './engine/replay.js';
import { stopEngine } from './engine/stop.js';
import { connect } from './engine/wiring.js';
import { openFolder } from './folder.js';
import type { BodyMemory } from './ingest/body-memory.js';
import type { Writer } from './ingest/request.js';
import { makeLogger, type Logger, type ServerLogger } from './logging.js';
import { MaintenanceTroubles } from './maintenance-troubles.js';
import type { Metric } from './metrics.js';
import { dataPaths } from './names.js';
import { Undo } from './undo.js';
import { loadZlibSync } from './worker/unpack/inflate.js';

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
  /** What `sluice status` shows. */
  readonly overview: Overview;
  /** Sentences on what is wrong; empty when all is well. */
  problems(): string[];
  /** Sentences on maintenance that fails, while reads and writes go on. */
  maintenance(): string[];
  /** What is counted behind the front end. */
  metrics(): Metric[];
  /** Why no write is taken now, or null. */
  refusal(): string | null;
  /** Reads the rows of the log back into memtables, behind all else. For a server, once: as soon as it listens. */
  replay(): void;
  /** Resolves when all rows of the log are back in memtables. @throws Error with a sentence when none came back for a minute */
  recovered(): Promise<void>;
  /** Ends what is under way, flushes what it can, and lets go of the data folder. */
  stop(): Promise<void>;
}

interface StartOptions {
  /** What the folder is opened for. */
  readonly holder: Holder;
  /** Whether a start that waits is to give up. */
  readonly isStopAsked?: () => boolean;
  /** The catalog is made anew from the tables and the log. */
  readonly isCatalogMadeAnew?: boolean;
}

/**
 * Opens a data folder: takes its lock, reads the catalog and the log, and starts the workers. Writes can be taken
 * when it resolves. Frames of the log come back into memtables behind them: for a command at once, for a server when it
 * says so. A step that fails undoes those before it. A server waits for a command that holds the folder.
 * @throws FolderHeld when another process holds the folder, Error with a sentence when a file cannot be read
 */
export async function openEngine(config: Config, { holder, isCatalogMadeAnew = false, isStopAsked = () => false }: StartOptions): Promise<Engine> {
  const logger = makeLogger(config.logLevel);
  checkSettings(config, logger);
  const undo = new Undo();
  try {
    const control = await takeFolder(config, { holder, isStopAsked }, logger);
    undo.add('the lock of the data folder', () => control.close());
    if (config.dataGroup !== null) await shareFolder(config.dataDir, config.dataGroup, disk);
    const damage = new Damage(logger);
    const troubles = new MaintenanceTroubles(clock);
    const folder = await openFolder(config, { disk, clock, logger, troubles, report: (sentence) => damage.report(sentence), isCatalogMadeAnew });
    undo.add('the log', () => folder.log.close());
    undo.add('the thread for Delta logs', () => folder.logThread.close());
    const parts = makeParts({ config, logger, damage, troubles, folder });
    undo.add('the workers', () => parts.pool.close());
    connect(parts);
    await settle(parts);
    const engine = serve(parts, control, holder);
    if (holder === 'command') engine.replay();
    return engine;
  } catch (error) {
    await undo.run((sentence) => logger.error(sentence));
    throw error;
  }
}

/** @throws Error with a sentence for a setting that cannot be met */
function checkSettings({ dataDir, inflate }: Config, logger: Logger): void {
  if (inflate === 'zlib-sync' || inflate === 'zlib-sync-whole') requireZlibSync(inflate);
  if (UNSAFE_PATH.test(dataDir)) logger.warn(`some engines cannot open tables below ${dataDir}: use letters, digits and . _ ~ + @ - in its path`);
}

/** Each worker loads it again; here its absence is a sentence and not a pool that never starts. */
function requireZlibSync(flag: string): void {
  try {
    loadZlibSync(false);
  } catch (error) {
    throw new Error(`--inflate ${flag}: the optional package zlib-sync is not installed (${(error as Error).message.split('\n')[0]})`);
  }
}

/** Makes the data folder where there is none, and takes its lock. @throws FolderHeld */
async function takeFolder({ dataDir }: Config, { holder, isStopAsked }: Required<Omit<StartOptions, 'isCatalogMadeAnew'>>, logger: Logger): Promise<Control> {
  await disk.makeFolder(dataDir);
  const lockName = nameWithoutFile(await identityOf(dataDir));
  const take = (): Promise<Control> => bindControl(dataPaths(dataDir).socket, disk, lockName, holder);
  if (holder === 'command') return take();
  return takeBehindCommands(take, { monotonicMs: () => clock.monotonicMs(), pause: wait, say: (sentence) => logger.warn(sentence), isOver: isStopAsked });
}

/** Once the catalog is safe and the disk is known to have room, writes can be taken. */
async function settle({ admission, folder, logger, logTrimmer }: Parts): Promise<void> {
  // What the log says of the catalog may have been read from memory that never reached the disk before the crash.
  if (folder.mustPublish) {
    await logTrimmer.publish().catch((error: Error) => logger.error(`the catalog could not be written and is tried again: ${error.message}`));
  }
  await admission.look();
}

/** Commands are answered and the house is kept; nothing here fails. */
function serve(parts: Parts, control: Control, holder: Holder): Engine {
  const { admission, bodyMemory, config, damage, flusher, folder, logger, pool, recovery, retiring, schema, stalled, troubles, writer } = parts;
  const { catalog, log, paths, quarantine, tokens } = folder;
  const problems = (): string[] => [
    damage.problems(), control.problem() ?? [], tokens.problem() ?? [], admission.problems(), recovery.problems(), flusher.problems(), quarantine.problems(), stalled.problems(),
  ].flat();
  const maintenance = (): string[] => troubles.sentences();
  const metrics = (): Metric[] => engineMetrics({ ...parts, deletesPending: catalog.tombstones().length, log, logCare: folder.logCare });
  const refusal = (): string | null => admission.problems()[0] ?? null;
  const overview = new Overview({
    clock, dataDir: config.dataDir, memoryBytesMax: config.memoryBytesMax, refusal, metrics,
    problems: () => [...problems(), ...maintenance()],
    counts: () => ({ databases: catalog.databases().length, tables: catalog.tables().length }),
    workers: () => pool.slots(), firstUnflushed: () => flusher.firstUnflushed,
  });
  control.serve(controlHandlers({ overview, catalog, flusher, compactor: parts.compactor, retiring, quarantine, recovery, schema, tokens, problems, paths, logTrimmer: parts.logTrimmer, write: { writer, bodyMemory, log, clock, limits: config } }));
  const housekeeping = startHousekeeping(parts, control, holder);
  return {
    writer, bodyMemory, schema, logger, tokens, tokenMade: folder.tokenMade, control, overview, problems, maintenance, metrics, refusal,
    replay: () => startReplay(parts),
    recovered: () => recovery.done(),
    stop: () => stopEngine(parts, control, housekeeping),
  };
}

/** Builds every part behind the front end and the control socket, in the order of a start; stops them in reverse. */
import { randomBytes } from 'node:crypto';
import { Catalog } from './catalog/catalog.js';
import { loadSnapshot, publishSnapshot } from './catalog/snapshot.js';
import { systemClock as clock } from './clock.js';
import type { Config } from './config.js';
import { bindControl, type Control } from './control/server.js';
import { controlHandlers } from './control/handlers.js';
import { systemDisk as disk } from './disk.js';
import { Guard } from './guard.js';
import { BodyMemory } from './ingest/body-memory.js';
import { Cutter } from './ingest/cut.js';
import { Dispatcher } from './ingest/dispatch.js';
import { Pool } from './ingest/pool.js';
import { Recovery } from './ingest/recovery.js';
import type { Writer } from './ingest/request.js';
import { WritePath } from './ingest/write.js';
import { openLog } from './log/log.js';
import { makeLogger, type Logger } from './logging.js';
import { dataPaths } from './names.js';
import { TableCommitter } from './tables/commit.js';
import { Leftovers } from './tables/leftovers.js';
import { localTableStore } from './tables/local.js';
import { Sealer } from './tables/sealer.js';
import { loadTokens } from './tokens.js';

const TICK_MS = 1000;
/** A graceful stop gives sealing this long; what is not sealed stays in the log. */
const STOP_SEAL_MS = 6000;

export interface Engine {
  readonly writer: Writer;
  readonly bodyMemory: BodyMemory;
  readonly logger: Logger;
  readonly tokenHashes: readonly string[];
  /** The admin token, if this was the first start. */
  readonly tokenMade: string | null;
  readonly control: Control;
  /** Sentences on what is wrong; empty when all is well. */
  problems(): string[];
  /** Resolves when all rows of the log are back in builders. */
  recovered(): Promise<void>;
  /** Ends what is under way, seals what it can, and lets go of the data folder. */
  stop(): Promise<void>;
}

/**
 * Opens a data folder: takes its lock, reads the catalog and the log, and starts the workers. Writes can be taken
 * when it resolves; frames of the log come back into builders behind them.
 * @throws Error with a sentence when another process holds the folder or a file cannot be read
 */
export async function openEngine(config: Config): Promise<Engine> {
  const logger = makeLogger(config.logLevel);
  const paths = dataPaths(config.dataDir);
  const start = `${clock.nowMs()}-${process.pid}`;
  await disk.makeFolder(config.dataDir);
  const control = await bindControl(paths.socket, disk);
  const tokens = await loadTokens(disk, paths);

  const { snapshot, reports: snapshotReports } = await loadSnapshot(disk, paths);
  const node = snapshot?.node ?? randomBytes(4).toString('hex');
  const { log, scan } = await openLog(disk, paths.log, {
    node, clock,
    processStart: clock.nowMs() * 1000,
    numberFloor: snapshot?.upTo ?? 0,
    segmentBytesMax: config.logSegmentBytes,
    quarantineFolder: paths.quarantine,
  });
  const startNumber = log.lastNumber;
  const catalog = openCatalog(config, log, snapshot, scan.catalogChanges);

  const store = localTableStore(disk, paths, start);
  const bodyMemory = new BodyMemory(config.queueBytesMax);
  const pool = new Pool({
    threads: config.workers,
    settings: workerSettings(config, bodyMemory, node, start),
    numbersLength: 2 * bodyMemory.blocks,
    onSlot: (slot) => {
      slot.tell({ say: 'define', tables: catalog.tables().map((table) => catalog.definition(table.id)) });
      dispatcher.dispatch();
    },
    onMessage: (slot, message) => (message.say === 'cut' ? cutter.onCut(slot, message.nextOrdinal) : sealer.onMessage(slot, message)),
    onDeath: (slot) => slotDied(slot),
    onError: (error) => logger.error(`a worker failed: ${error.message}`),
  });
}

/** What a data folder holds, opened: tokens, catalog, log, and the store of the tables. Delta logs are not read here, but for a catalog that is lost. */
import { keepLostFrames } from './catalog/lost-frames.js';
import { Catalog, type Table } from './catalog/catalog.js';
import { lastSeqOf, SnapshotFiles } from './catalog/snapshot.js';
import type { Clock } from './clock.js';
import type { Config } from './config.js';
import type { Disk } from './disk.js';
import { openLog, type Log } from './log/log.js';
import type { LogScan } from './log/log-scan.js';
import type { Logger } from './logging.js';
import type { MaintenanceTroubles } from './maintenance-troubles.js';
import { dataPaths, type DataPaths } from './names.js';
import { TokenStore } from './auth/token-store.js';
import { TableCommitter, type CommitterOptions } from './tables/commit.js';
import { findTables, lastSeqIn, listFolders } from './tables/found.js';
import { Cleanup } from './tables/cleanup.js';
import type { OwnNode } from './tables/delta/table-state.js';
import { assertLinks, localTableStore } from './tables/local-store.js';
import { LogCare } from './tables/log-care.js';
import { JobNotes } from './tables/job-notes.js';
import { LogThread } from './tables/log-thread.js';
import { rebuildCatalog } from './tables/rebuild.js';
import { RetiredFiles } from './tables/retired-files.js';
import { RowQuarantine } from './tables/row-quarantine.js';
import type { TableStore } from './tables/table-store.js';
import { TakeUp } from './tables/take-up.js';
import { TrustedClock } from './trusted-clock.js';

export interface Folder {
  readonly paths: DataPaths;
  /** Names this process among those that had the folder. */
  readonly start: string;
  readonly tokens: TokenStore;
  /** The admin token, if this was the first start. */
  readonly tokenMade: string | null;
  readonly snapshots: SnapshotFiles;
  readonly store: TableStore;
  readonly log: Log;
  readonly catalog: Catalog;
  readonly cleanup: Cleanup;
  /** For rows that cannot go into their tables. */
  readonly quarantineStore: TableStore;
  readonly quarantine: RowQuarantine;
  /** Files that left the logs of their tables. */
  readonly retired: RetiredFiles;
  /** Jobs whose new files no commit names yet. */
  readonly jobNotes: JobNotes;
  readonly trustedClock: TrustedClock;
  /** Checkpoints, and the cleaning of logs behind them. */
  readonly logCare: LogCare;
  readonly logThread: LogThread;
  /** What is still to be found out of tables with rows in the log. */
  readonly takeUp: TakeUp;
  /** Seqs of this process are above it. */
  readonly startSeq: number;
  /** The largest body in the log. */
  readonly bodyBytesMax: number;
  /** Frames in the log, those whose rows are in files too. */
  readonly framesCount: number;
  /** Nothing of the log was damaged or missing. */
  readonly isLogWhole: boolean;
  /** The catalog is newer than its last snapshot: publish one before anything is written that leans on it. */
  readonly mustPublish: boolean;
  readonly openCommitter: (table: Table) => Promise<TableCommitter>;
}

interface FolderParts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly troubles: MaintenanceTroubles;
  /** Takes a sentence on what is damaged and what was done. */
  readonly report: (sentence: string) => void;
  /** The catalog is to be made anew from the tables and the log; the one that is there goes to quarantine. */
  readonly isCatalogMadeAnew?: boolean;
}

/** Reads the folder. Its lock must be held. @throws Error with a sentence when something cannot be read at all */
export async function openFolder(config: Config, { disk, clock, logger, troubles, report, isCatalogMadeAnew = false }: FolderParts): Promise<Folder> {
  const paths = dataPaths(config.dataDir);
  if (await disk.exists(paths.restoring)) throw new Error(`a backup was being put back into ${config.dataDir} and is not all there: run sluice restore again`);
  const start = `${clock.nowMs()}-${process.pid}`;
  const { store: tokens, made: tokenMade } = await TokenStore.open({ disk, paths, clock, adminTokenFile: config.adminTokenFile, report, say: (sentence) => logger.info(sentence) });
  const snapshots = new SnapshotFiles(disk, config.dataDir, paths);
  if (isCatalogMadeAnew) {
    const failed = await snapshots.putAway();
    if (failed.length > 0) throw new Error(failed.join('; '));
  }
  const saved = await snapshots.load();
  saved.reports.forEach(report);
  await assertLinks(disk, paths.tmp(start), report);
  const store = localTableStore(disk, paths.tables, paths.tmp(start));
  const logThread = new LogThread({ root: paths.tables, tmp: paths.tmp(start) }, clock);
  const readCheckpoint: OwnNode['readCheckpoint'] = (parts, version) => logThread.read(parts, version);
  const found = saved.snapshot === null ? await findTables(store, readCheckpoint) : null;
  const { log, scan } = await openLog(disk, paths.log, {
    clock,
    node: saved.snapshot?.node ?? null,
    processStart: clock.nowMs() * 1000,
    seqFloor: saved.snapshot !== null ? lastSeqOf(saved.snapshot) : lastSeqIn(found!),
    segmentBytesMax: config.logSegmentBytes,
    quarantineFolder: paths.quarantine,
    onReport: ({ file, offset, what }) => report(`log file ${file} at ${offset}: ${what}`),
  });
  if (saved.snapshot !== null && lastSeqOf(saved.snapshot) > scan.lastSeq) {
    report(`the catalog knows seq ${lastSeqOf(saved.snapshot)} and the log none above ${scan.lastSeq}: the newest part of the log is missing`);
  }
  scan.reports.forEach(({ file, offset, bytes, what }) => report(`log file ${file} at ${offset}, ${bytes} bytes: ${what}`));

  // Without a snapshot the tables tell what the log's own records do not.
  const rebuilt = found === null || found.databaseFolders.length === 0 ? null : rebuildCatalog({ node: log.node, found, scan, lastSeq: log.lastSynced });
  rebuilt?.reports.forEach(report);
  const catalog = openCatalog(config, log, scan, saved.snapshot ?? rebuilt?.snapshot, report);
  // Who puts a table of others there must not find it written into.
  if (found === null) catalog.reserveFolders(await listFolders(store, report));
  const lost = await keepLostFrames(catalog, log, { disk, folder: paths.quarantine });
  if (lost !== null) report(lost);

  const seqMaxNow = (): number => Math.max(log.lastSeq, clock.nowMs() * 1000 + 999);
  const logCare = new LogCare({ care: (order) => logThread.care(order), clock, logger, troubles, node: log.node, logAgeMs: config.tableLogAgeMs, seqMax: seqMaxNow });
  const optionsOf = (table: Table): CommitterOptions => ({
    store, node: log.node, readCheckpoint,
    onLong: (expected) => logCare.want({ tableId: table.id, folder: table.folder, expected }),
    seqMax: seqMaxNow, folder: table.folder,
    identity: { tableId: table.id, measurement: table.measurement, database: table.databaseName },
    committedTo: table.committedTo,
  });
  const cleanup = new Cleanup({ disk, paths, store, clock, logger, node: log.node });
  await cleanup.clearTmp(start).catch((error: Error) => report(`unfinished files of earlier starts stay for now: ${error.message}`));
  const quarantineStore = localTableStore(disk, paths.quarantinedTables, paths.tmp(start));
  const quarantine = await RowQuarantine.open(quarantineStore, log.node);
  const jobNotes = await JobNotes.open(disk, paths.jobs, (tableId) => catalog.table(tableId) !== undefined);
  const trustedClock = await TrustedClock.open({ disk, clock, path: paths.clock, report });
  const retired = await RetiredFiles.open({ disk, clock, trustedClock, folder: paths.retired, report });
  const lastInLog = new Map(log.segments().flatMap(({ lastByTable }) => [...lastByTable]));
  // Rows that are written meanwhile may get the seq of a commit that says more than the log: nothing is concluded from one.
  const seqMax = seqMaxNow();
  const takeUp = new TakeUp({
    catalog, clock, isLogWhole: scan.reports.length === 0, lastInLog, startSeq: log.lastSynced, cleanup, jobNotes, quarantine, report,
    optionsOf: (table) => ({ ...optionsOf(table), seqMax: () => seqMax }),
  });
  const openCommitter = async (table: Table): Promise<TableCommitter> => {
    const committer = await TableCommitter.open(optionsOf(table));
    await takeUp.clear(table, committer);
    return committer;
  };
  return {
    paths, start, tokens, tokenMade, snapshots, store, log, catalog, cleanup, openCommitter, quarantine, quarantineStore, retired, jobNotes, trustedClock, takeUp, logCare, logThread,
    startSeq: log.lastSynced,
    bodyBytesMax: scan.bodyBytesMax,
    framesCount: scan.framesCount,
    isLogWhole: scan.reports.length === 0,
    mustPublish: scan.catalogRecords.length > 0 || rebuilt !== null,
  };
}

function openCatalog(
  config: Config, log: Log, scan: LogScan, known: Parameters<typeof Catalog.fromSnapshot>[0] | undefined, report: (sentence: string) => void,
): Catalog {
  const commit = async (record: Buffer): Promise<number> => {
    const { seq, synced } = log.appendCatalog(record);
    await synced;
    return seq;
  };
  const options = { node: log.node, limits: config, rules: config, commit };
  const catalog = known === undefined ? new Catalog(options) : Catalog.fromSnapshot(known, options);
  for (const { seq, payload } of scan.catalogRecords) catalog.applyRecord(payload, seq).forEach(report);
  return catalog;
}

/** What the server counts behind its front end, as metrics. */
import type { BodyMemory } from '../ingest/body-memory.js';
import type { LineCounts } from '../ingest/line-counts.js';
import type { Pool } from '../ingest/pool.js';
import type { Recovery } from '../ingest/recovery.js';
import type { Log } from '../log/log.js';
import type { ServerLogger } from '../logging.js';
import type { MaintenanceTroubles } from '../maintenance-troubles.js';
import type { Compactor } from '../compaction/compactor.js';
import { labelled, single, type Metric } from '../metrics.js';
import type { RejectStore } from '../rejects/reject-store.js';
import type { ExpiredFiles } from '../flush/expired-files.js';
import type { Flusher } from '../flush/flusher.js';
import type { Retiring } from '../flush/retiring.js';
import type { LogCare } from '../tables/log-care.js';

interface Counted {
  readonly lines: LineCounts;
  readonly rejects: RejectStore;
  readonly log: Log;
  readonly logCare: LogCare;
  readonly recovery: Recovery;
  readonly flusher: Flusher;
  readonly expiredFiles: ExpiredFiles;
  readonly retiring: Retiring;
  readonly compactor: Compactor;
  readonly troubles: MaintenanceTroubles;
  readonly bodyMemory: BodyMemory;
  readonly pool: Pool;
  readonly logger: ServerLogger;
  readonly deletesPending: number;
  /** Bytes of the memtables of all workers. */
  readonly memtableBytes: () => number;
}

/** All values are of the moment of the call. */
export function engineMetrics({ lines, rejects, log, logCare, recovery, flusher, expiredFiles, retiring, compactor, troubles, bodyMemory, pool, logger, memtableBytes, deletesPending }: Counted): Metric[] {
  const kept = rejects.counts;
  const expired = expiredFiles.counts;
  const compaction = compactor.counts;
  const { flushes, files, commits, failures, quarantinedRows } = flusher.counts;
  return [
    single('counter', 'sluice_lines_parsed_total', 'Lines of bodies that were parsed and have ended', lines.parsed),
    single('counter', 'sluice_lines_accepted_total', 'Lines stored', lines.accepted),
    single('counter', 'sluice_lines_rejected_total', 'Lines found bad', lines.rejected),
    single('counter', 'sluice_lines_given_up_total', 'Good lines of bodies that were not stored: all or nothing was asked, or the log failed', lines.givenUp),
    labelled('counter', 'sluice_lines_rejected_by_code_total', 'Lines found bad, by what is wrong', 'code', lines.byCode()),
    labelled('counter', 'sluice_points_total', 'Points stored', 'database', lines.byDatabase),
    single('counter', 'sluice_rejected_lines_kept_total', 'Rejected lines written to the files of their database', kept.kept),
    single('counter', 'sluice_rejected_lines_dropped_total', 'Rejected lines that were not: too many at once, or the disk refused', kept.dropped),
    single('gauge', 'sluice_log_bytes', 'Bytes of the log', log.bytes),
    single('gauge', 'sluice_log_segments', 'Files of the log', log.segments().length),
    single('counter', 'sluice_log_syncs_total', 'Writes to the log that were synced', log.syncs),
    single('gauge', 'sluice_log_last_synced', 'The last number on disk: microseconds since 1970', log.lastSynced),
    single('gauge', 'sluice_log_failed', '1 while the log cannot be written', log.failed ? 1 : 0),
    single('counter', 'sluice_log_lines_dropped_total', 'Lines of the server\'s own log that stderr did not take', logger.linesDropped),
    single('gauge', 'sluice_replaying', '1 while rows are read back from the log', Number.isFinite(recovery.floor) ? 1 : 0),
    single('gauge', 'sluice_unflushed_rows', 'Rows in the log alone, those of bodies that are being synced among them', flusher.unflushed.rows),
    single('gauge', 'sluice_unflushed_tables', 'Tables with such rows', flusher.unflushed.tables),
    single('gauge', 'sluice_unflushed_bytes', 'Memory of the memtables that hold them', memtableBytes()),
    single('counter', 'sluice_flushes_total', 'Flushes of tables whose rows went into files', flushes),
    single('counter', 'sluice_flush_files_total', 'Files they made', files),
    single('counter', 'sluice_commits_total', 'Delta commits', commits),
    single('counter', 'sluice_checkpoints_total', 'Checkpoints of Delta logs', logCare.counts.checkpoints),
    single('counter', 'sluice_delta_log_files_removed_total', 'Commits and checkpoints that went from Delta logs, being older than the newest checkpoint and --table-log-age', logCare.counts.logFilesRemoved),
    single('counter', 'sluice_flush_failures_total', 'Flushes that failed and are tried again', failures),
    single('gauge', 'sluice_tables_set_aside', 'Tables that cannot be written to their files, and whose lines are rejected', flusher.setAsideTables().length),
    single('counter', 'sluice_quarantined_rows_total', 'Rows of such tables that went to quarantine', quarantinedRows),
    single('counter', 'sluice_compactions_total', 'Compactions: files of a table that were put together into others', compaction.jobs),
    single('counter', 'sluice_deleted_rows_total', 'Rows that deletes took out of files', compaction.rowsDeleted),
    single('gauge', 'sluice_deletes_pending', 'Deletes of which rows may still be in files: queries leave them out, other engines see them', deletesPending),
    single('counter', 'sluice_compaction_failures_total', 'Compactions that failed and are tried again', compaction.failures),
    labelled('counter', 'sluice_compaction_files_left_total', 'Files that are left as they are: damaged, of another writer in a form that is not ours, or too large for --maintenance-memory', 'reason', compactor.filesLeft()),
    single('counter', 'sluice_compaction_files_read_total', 'Files that were put together', compaction.filesRead),
    single('counter', 'sluice_compaction_files_written_total', 'Files that they became', compaction.filesWritten),
    single('counter', 'sluice_compaction_rows_read_total', 'Rows of files that were put together', compaction.rowsRead),
    single('counter', 'sluice_compaction_bytes_read_total', 'Bytes of files that were put together', compaction.bytesRead),
    single('counter', 'sluice_compaction_bytes_written_total', 'Bytes of the files that they became', compaction.bytesWritten),
    single('counter', 'sluice_expired_files_total', 'Files whose rows are all past retention and which left their tables', expired.files),
    single('counter', 'sluice_expired_rows_total', 'Rows in them', expired.rows),
    single('counter', 'sluice_retired_files_deleted_total', 'Files that had left their tables and were deleted an hour later', retiring.deleted),
    labelled('gauge', 'sluice_maintenance_failing', 'Tables, and other things, whose maintenance failed at the last try, by the work', 'work', Object.entries(troubles.counts)),
    single('gauge', 'sluice_retention_held_seconds', 'By how much the clock is ahead without being believed: nothing is refused or removed for its age by it', expired.heldSeconds),
    single('gauge', 'sluice_table_state_bytes', 'What is kept in memory of the Delta logs of tables, about', flusher.tableStateBytes),
    single('gauge', 'sluice_body_memory_bytes', 'Memory for bodies in flight', bodyMemory.blockCount * bodyMemory.blockBytes),
    single('gauge', 'sluice_body_memory_free_bytes', 'What of it is free', bodyMemory.freeBlocks * bodyMemory.blockBytes),
    single('gauge', 'sluice_workers', 'Workers that are up', pool.slots().length),
    single('gauge', 'sluice_workers_busy', 'Workers at work on bodies', pool.slots().filter(({ busy }) => busy).length),
  ];
}

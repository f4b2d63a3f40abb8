/** An overview of a server that does nothing. */
import type { OverviewNow } from '../../src/admin/overview.js';

export const OVERVIEW: OverviewNow = {
  version: '0.1.0', pid: 1, dataDir: '/data', upMs: 0, atMs: 0, listeners: [], refusal: null, problems: [], databases: 0, tables: 0, oldestRowMs: null,
  workers: [], memory: { rowsBytesMax: 1, residentBytes: 1, heapBytes: 1 }, metrics: [],
};

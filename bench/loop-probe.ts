/**
 * Loaded into every thread of a server (`NODE_OPTIONS=--import`): writes the longest turn of the thread's event loop, once
 * a second, into a file of its own in the folder SLUICE_LOOP_PROBE. The probe's timer is late by as long as a turn lasts.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { threadId } from 'node:worker_threads';

const NS_PER_MS = 1e6;
const RESOLUTION_MS = 1;
const WRITE_MS = 1000;

const folder = process.env['SLUICE_LOOP_PROBE'];
if (folder !== undefined) {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  setInterval(() => {
    writeFileSync(join(folder, `${threadId}.ms`), `${delays.max / NS_PER_MS} ${delays.percentile(99.9) / NS_PER_MS}`);
    delays.reset();
  }, WRITE_MS).unref();
}

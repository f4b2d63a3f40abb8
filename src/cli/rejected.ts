/** `sluice rejected`: rejected lines out of the files of their databases, with no help of the server. */
import { wait } from '../clock.js';
import { parseConfig, UsageError } from '../config.js';
import { systemDisk as disk } from '../disk.js';
import { LINE_ERRORS } from '../errors.js';
import { dataPaths } from '../names.js';
import { RejectReader, type FoundReject } from '../rejects/reader.js';
import { writeOut } from './io.js';

/** How soon a line that was rejected shows with --follow. */
const LOOK_AGAIN_MS = 250;

export interface RejectedFilter {
  /** null: of all databases. */
  readonly database: string | null;
  /** Name of a line error, or null for all. */
  readonly code: string | null;
}

/** Whether a filter lets a rejected line through. @throws UsageError for a code that does not exist */
export function rejectedTest({ database, code }: RejectedFilter): (found: FoundReject) => boolean {
  const names = LINE_ERRORS.slice(1).map(({ name }) => name);
  if (code !== null && !names.includes(code)) throw new UsageError(`--code is ${JSON.stringify(code)}: it must be one of ${names.join(', ')}`);
  return (found) => (database === null || found.database === database) && (code === null || found.record.code === code);
}

/** What of the rejected lines cannot be read; the others are. */
export function sayProblem(sentence: string): void {
  process.stderr.write(`sluice: ${sentence}\n`);
}

/** Prints rejected lines, a JSON object each. @param follow goes on with those to come, until it is stopped */
export async function printRejected(dataDir: string | undefined, filter: RejectedFilter, follow: boolean): Promise<void> {
  const isWanted = rejectedTest(filter);
  const config = parseConfig({ 'data-dir': dataDir }, process.env);
  if (!(await disk.exists(config.dataDir))) throw new Error(`there is no data folder ${config.dataDir}`);
  const reader = new RejectReader(disk, dataPaths(config.dataDir).rejects, sayProblem);
  for (;;) {
    for await (const found of reader.next()) {
      if (isWanted(found)) await writeOut(`${JSON.stringify({ database: found.database, ...found.record })}\n`);
    }
    if (!follow) return;
    await wait(LOOK_AGAIN_MS);
  }
}

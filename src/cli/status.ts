/** `sluice status` */
import type { OverviewNow } from '../admin/overview.js';
import { wait } from '../clock.js';
import { parseConfig } from '../config.js';
import { askServer, helloAt } from '../control/client.js';
import { dataPaths } from '../names.js';
import { writeOut } from './io.js';
import { screenOf, statusOf } from './status-screen.js';

/** Rates are of so long. */
const ONCE_MS = 1000;
const WATCH_MS = 2000;
/** Cursor home, and all behind it erased. */
const REDRAW = '\u001b[H\u001b[J';

interface StatusOptions {
  readonly format: 'pretty' | 'json';
  /** Go on until stopped: a terminal shows the newest screen, elsewhere one comes behind the other. */
  readonly watch: boolean;
}

/**
 * Says what the server of a data folder is at. Asks it alone: no folder is opened here.
 * @returns false when no server runs, or none any more
 * @throws Error with a sentence when one does not answer
 */
export async function printStatus(dataDir: string | undefined, { format, watch }: StatusOptions): Promise<boolean> {
  const config = parseConfig({ 'data-dir': dataDir }, process.env);
  const { socket } = dataPaths(config.dataDir);
  // One that hangs does not answer hello either, and that wait has an end.
  const ask = async (): Promise<OverviewNow | null> => ((await helloAt(socket)) === null ? null : askServer(socket, 'overview', {}));
  const { stdout } = process;
  const isScreen = stdout.isTTY && format === 'pretty';
  const isColored = isScreen && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
  let before = await ask();
  for (let shown = 0; before !== null; shown += 1) {
    await wait(watch && shown > 0 ? WATCH_MS : ONCE_MS);
    const now = await ask();
    if (now === null) break;
    // Of another process the counts begin anew.
    const status = statusOf(now.pid === before.pid ? before : now, now);
    if (format === 'json') {
      await writeOut(`${JSON.stringify(status)}\n`);
    } else {
      const screen = screenOf(status, { columns: isScreen ? stdout.columns : null, isColored });
      await writeOut(isScreen && watch ? `${REDRAW}${screen}` : `${shown > 0 ? '\n' : ''}${screen}`);
    }
    if (!watch) return true;
    before = now;
  }
  if (format === 'json') await writeOut(`${JSON.stringify({ running: false, data_dir: config.dataDir })}\n`);
  else process.stderr.write(`sluice: no server runs on ${config.dataDir}\n`);
  return false;
}

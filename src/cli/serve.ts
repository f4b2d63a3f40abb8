/** `sluice serve` */
import { systemClock } from '../clock.js';
import { parseConfig } from '../config.js';
import { outletOf } from '../outlet.js';
import { Signals } from '../signals.js';

const EXIT_FAILED = 1;

/**
 * Runs the server until it is told to stop. A start that fails says why and ends the process, whatever still runs in it.
 * @param flags by flag name
 * @throws UsageError for flags that cannot be used
 */
export async function serve(flags: Readonly<Record<string, string | boolean | undefined>>): Promise<void> {
  const config = parseConfig(flags, process.env);
  const signals = new Signals(systemClock);
  try {
    // Loaded after the signals are taken, for it takes a while.
    const { startServer } = await import('../server.js');
    await startServer(config, signals);
  } catch (error) {
    outletOf('stderr').write(`sluice: ${(error as Error).message}\n`);
    process.exit(EXIT_FAILED);
  }
}

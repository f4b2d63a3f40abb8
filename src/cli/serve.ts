/** `sluice serve` */
import { systemClock } from '../clock.js';
import { parseConfig } from '../config.js';
import { Signals } from '../signals.js';

/** Runs the server until it is told to stop. @param flags by flag name */
export async function serve(flags: Readonly<Record<string, string | boolean | undefined>>): Promise<void> {
  const config = parseConfig(flags, process.env);
  const signals = new Signals(systemClock);
  // Loaded after the signals are taken, for it takes a while.
  const { startServer } = await import('../server.js');
  await startServer(config, signals);
}

/** `sluice serve` */
import { parseConfig } from '../config.js';
import { startServer } from '../server.js';

/** Runs the server until it is told to stop. @param flags by flag name */
export async function serve(flags: Readonly<Record<string, string | boolean | undefined>>): Promise<void> {
  await startServer(parseConfig(flags, process.env));
}

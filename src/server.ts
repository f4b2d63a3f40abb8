/** The server: an engine behind a front end, from the first signal of life to the last. */
import { VERSION } from './version.js';
import { systemClock as clock } from './clock.js';
import type { Config } from './config.js';
import { openEngine, type Engine } from './engine.js';
import { makeAuthenticator } from './http/auth.js';
import type { Listener } from './http/listener.js';
import { makeListener } from './http/make.js';
import { createFrontEnd, FRONT_END_DEFAULTS } from './http/routes.js';
import type { HealthState } from './http/status-pages.js';

/** A stop that takes longer ends the process all the same; what was acknowledged is in the log. */
const STOP_MS_MAX = 9500;

/**
 * Starts the server and prints one line with its address once it can be written to. SIGTERM and SIGINT stop it: what
 * was admitted is answered, rows go into files as far as time allows, and the exit code is 0; a second signal ends it
 * at once. @throws Error with a sentence when the data folder or the address cannot be had
 */
export async function startServer(config: Config): Promise<void> {
  const engine = await openEngine(config);
  const { logger } = engine;
  let listener: Listener;
  let address: { host: string; port: number };
  try {
    const frontEnd = createFrontEnd({
      writer: engine.writer,
      bodyMemory: engine.bodyMemory,
      authenticator: makeAuthenticator(config.withoutAuth ? 'without-auth' : engine.tokenHashes),
      limits: { ...FRONT_END_DEFAULTS, bodyBytesMax: config.bodyBytesMax },
      dialect: { legacyPrecision: config.legacyPrecision },
      clock,
      health: () => healthOf(engine),
      version: VERSION,
      log: logger,
    });
    listener = await makeListener(config.http === 'node' ? 'node' : 'uws', frontEnd, { connectionsMax: config.connectionsMax }, logger);
    address = await listener.listen(config.httpHost, config.httpPort);
  } catch (error) {
    await engine.stop();
    throw error;
  }
  stopOnSignal(engine, listener);
  if (engine.tokenMade !== null && process.stdout.isTTY) process.stdout.write(`admin token (also in ${config.dataDir}/admin-token): ${engine.tokenMade}\n`);
  process.stdout.write(`sluice ${VERSION} takes writes on http://${address.host}:${address.port}, data in ${config.dataDir}\n`);
}

function healthOf(engine: Engine): HealthState {
  const refusal = engine.refusal();
  const checks = engine.problems().map((message) => ({ name: 'storage', status: 'fail' as const, message }));
  if (refusal !== null) return { status: 'fail', message: refusal, checks };
  return { status: 'pass', message: 'ready for queries and writes', checks };
}

function stopOnSignal(engine: Engine, listener: Listener): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1);
    stopping = true;
    engine.logger.info(`${signal}: stopping`);
    clock.after(STOP_MS_MAX, () => {
      engine.logger.warn(`the stop took more than ${STOP_MS_MAX} ms; what is not in files stays in the log`);
      process.exit(0);
    });
    listener.stopAccepting();
    engine.stop().then(() => listener.close()).then(
      () => process.exit(0),
      (error: Error) => {
        engine.logger.error(`the stop failed: ${error.message}`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** The server: an engine behind a front end, from the first signal of life to the last. */
import { VERSION } from './version.js';
import { hostAndPort, isLoopback, makeNetworks } from './addresses.js';
import { systemClock as clock, within } from './clock.js';
import type { Config } from './config.js';
import { FolderHeld } from './control/server.js';
import { isOpenToOthers, systemDisk as disk } from './disk.js';
import { openEngine, type Engine } from './engine.js';
import { makeAuthenticator, WITHOUT_AUTH } from './http/auth/auth.js';
import { readCertificate, type Certificate } from './http/listener/certificate.js';
import type { Handler } from './http/listener/listener.js';
import { IDLE_LIMITS } from './http/listener/idle-clients.js';
import { Ports } from './http/listener/ports.js';
import { createFrontEnd, FRONT_END_DEFAULTS } from './http/front/routes.js';
import type { HealthState } from './http/api/status-endpoints.js';
import { Observability } from './http/observe/observability.js';
import type { Logger } from './logging.js';
import { dataPaths } from './names.js';
import { ProcessMetrics } from './metrics.js';
import { outletOf } from './outlet.js';
import { tableOf } from './query/found-tables.js';
import { QueryProcesses } from './query/query-processes.js';
import { STOP_MS_MAX, type Signals } from './signals.js';

/**
 * Starts the server and prints one line with its address once it can be written to. SIGTERM and SIGINT stop it: what
 * was admitted is answered, rows go into files as far as time allows, and the exit code is 0; a second signal ends it
 * at once. One that came during the start stops it when the data folder is open, and lets go of that.
 * @throws Error with a sentence when the data folder or the address cannot be had
 */
export async function startServer(config: Config, signals: Signals): Promise<void> {
  const engine = await openEngine(config, { holder: 'server', isStopAsked: () => signals.stopAsked !== null }).catch((error: Error) => {
    if (error instanceof FolderHeld && signals.stopAsked !== null) process.exit(0); // it waited for a command, and was told not to
    throw error;
  });
  const { logger } = engine;
  if (signals.stopAsked !== null) return stopOnSignal(signals, engine, null, null);
  const queries = queriesOf(config, engine);
  let ports: Ports;
  try {
    const certificate = await certificateOf(config, logger);
    if (config.adminTokenFile !== null) await warnOfOpenSecret('the admin token file', config.adminTokenFile, logger);
    const observability = observabilityOf(config, engine);
    const frontEnd = frontEndOf(config, engine, observability, queries);
    ports = await Ports.open(config, frontEnd, { connectionsMax: config.connectionsMax, certificate, clock, idleTimeoutMs: config.idleTimeoutMs, idleLimits: IDLE_LIMITS }, logger);
    engine.overview.attach({ listeners: urlsOf(config, ports), metrics: () => observability.requestMetrics() });
  } catch (error) {
    await within(STOP_MS_MAX, engine.stop()).catch((late: Error) => logger.error(`what was started could not be stopped: ${late.message}`));
    throw error;
  }
  const open = ports.addresses.find(({ host }) => !isLoopback(host));
  if (config.withoutAuth && open !== undefined) {
    logger.warn(`--without-auth on ${open.host}: whoever reaches this address may write, read and drop everything`);
  }
  stopOnSignal(signals, engine, ports, queries);
  if (signals.stopAsked !== null) return;
  reloadOnSignal(signals, engine, ports, config);
  const stdout = outletOf('stdout');
  if (engine.tokenMade !== null && process.stdout.isTTY) stdout.write(`admin token (also in ${config.dataDir}/admin-token): ${engine.tokenMade}\n`);
  stdout.write(`sluice ${VERSION} takes writes on ${urlsOf(config, ports).join(' and, from old and slow clients, ')}, data in ${config.dataDir}\n`);
  engine.replay();
}

function urlsOf({ tls }: Config, { addresses }: Ports): string[] {
  return addresses.map(({ host, port }) => `${tls === null ? 'http' : 'https'}://${hostAndPort(host, port)}`);
}

function observabilityOf(config: Config, engine: Engine): Observability {
  const { logger } = engine;
  const processMetrics = new ProcessMetrics();
  const sayRequest = config.logLevel === 'debug' ? { sayRequest: (sentence: string) => logger.debug(sentence) } : {};
  return new Observability({
    clock, trustedProxies: makeNetworks(config.trustedProxies), log: logger, metrics: () => engine.metrics(), processText: () => processMetrics.text(), ...sayRequest,
  });
}

/** SQL over HTTP: in processes of their own, which ask the engine for the files of tables as commands do. */
function queriesOf(config: Config, { control, logger }: Engine): QueryProcesses {
  return new QueryProcesses({
    disk, clock, paths: dataPaths(config.dataDir), limits: config, say: (sentence) => logger.warn(sentence),
    tablesOf: async (database) => (await control.run('schema', {})).filter((table) => table.database === database),
    load: async (tables, query) => {
      const found = await control.run('tables-to-read', { tables, query });
      const unreadable = [...found.failed.map(({ reason }) => reason), ...found.tables.filter(({ rows }) => rows === null).flatMap(({ problems }) => problems)];
      if (unreadable.length > 0) throw new Error(unreadable.join('; '));
      return { tables: found.tables.map(tableOf), warnings: found.tables.flatMap(({ problems }) => problems) };
    },
  });
}

function frontEndOf(config: Config, engine: Engine, observability: Observability, queries: QueryProcesses): Handler {
  const { bodyMemory, logger, schema, tokens, writer } = engine;
  const trustedProxies = makeNetworks(config.trustedProxies);
  return createFrontEnd({
    writer, schema, queries, bodyMemory, tokens, clock, observability,
    authenticator: config.withoutAuth ? WITHOUT_AUTH : makeAuthenticator({ tokens, clock, trustedProxies, log: logger }),
    limits: { ...FRONT_END_DEFAULTS, bodyBytesMax: config.bodyBytesMax },
    dialect: { legacyPrecision: config.legacyPrecision, databaseNames: config.databaseNames },
    health: () => healthOf(engine),
    version: VERSION,
    log: logger,
    metricsOpen: config.metricsOpen || [config.httpBind, config.httpCompatBind].every((bind) => bind === null || isLoopback(bind.host)),
  });
}

/** The certificate of `--tls-cert`, null without. @throws Error with a sentence that names the file that is wrong */
async function certificateOf({ tls }: Config, logger: Logger): Promise<Certificate | null> {
  if (tls === null) return null;
  const certificate = await readCertificate(tls, disk, clock);
  await warnOfOpenSecret('the private key', tls.key, logger);
  certificate.warnings.forEach((sentence) => logger.warn(sentence));
  return certificate;
}

async function warnOfOpenSecret(what: string, path: string, logger: Logger): Promise<void> {
  if (await isOpenToOthers(path)) logger.warn(`${what} ${path} can be read by others than its owner: chmod 600 keeps them out`);
}

/** SIGHUP: tokens and the certificate are read again. What cannot be read is logged, and what was known goes on. */
function reloadOnSignal(signals: Signals, engine: Engine, ports: Ports, config: Config): void {
  const { logger, tokens } = engine;
  const certificate = async (): Promise<void> => {
    const renewed = await certificateOf(config, logger);
    if (renewed !== null) await ports.renew(renewed);
  };
  const attempt = (what: string, reload: () => Promise<void>): Promise<void> => reload().then(
    () => logger.info(`SIGHUP: ${what} read again`),
    (error: Error) => logger.error(`SIGHUP: ${what} kept as they were: ${error.message}`),
  );
  let last = Promise.resolve();
  signals.onReload(() => {
    last = last.then(() => attempt('tokens', () => tokens.reload()));
    if (config.tls !== null) last = last.then(() => attempt('certificates', certificate));
  });
}

function healthOf(engine: Engine): HealthState {
  const refusal = engine.refusal();
  const failed = (name: string, messages: readonly string[]): HealthState['checks'] => messages.map((message) => ({ name, status: 'fail', message }));
  const checks = [...failed('storage', engine.problems()), ...failed('maintenance', engine.maintenance())];
  if (refusal !== null) return { status: 'fail', message: refusal, checks };
  return { status: 'pass', message: 'ready for queries and writes', checks };
}

/** @param ports null: there are none yet @param queries null: as well */
function stopOnSignal(signals: Signals, engine: Engine, ports: Ports | null, queries: QueryProcesses | null): void {
  const stop = (signal: string): void => {
    engine.logger.info(`${signal}: stopping`);
    ports?.stopAccepting();
    Promise.all([queries?.stop(), engine.stop()]).then(() => ports?.close()).then(
      () => process.exit(0),
      (error: Error) => {
        engine.logger.error(`the stop failed: ${error.message}`);
        process.exit(1);
      },
    );
  };
  signals.onStop(stop, () => engine.logger.warn(`the stop took more than ${STOP_MS_MAX} ms; what is not in files stays in the log`));
}

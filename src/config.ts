/** Every setting of the server: its flag, its variable, default, unit and bounds; and how their text becomes a Config. */
import { availableParallelism, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { everyAddress, isNetwork } from './addresses.js';
import { LOG_LEVELS, type LogLevel } from './logging.js';
import { INSTANCE_ROW_BYTES_MAX } from './model/limits.js';
import { DATABASE_NAME_RULES, type DatabaseNameRule } from './names.js';
import { TAG_RULES, TYPE_RULES, type SchemaRules } from './schema-rules.js';

/** The settings a server runs with; the schema rules are those of new databases. */
export interface Config extends SchemaRules {
  readonly httpBind: Bind;
  /** Of the port for every client, on node:http; null: none. */
  readonly httpCompatBind: Bind | null;
  /** Absolute. */
  readonly dataDir: string;
  /** Name or number of a group that may read what is made in it, or null. */
  readonly dataGroup: string | null;
  readonly withoutAuth: boolean;
  /** /metrics asks for no token, on whichever address. */
  readonly metricsOpen: boolean;
  /** Absolute, or null. */
  readonly adminTokenFile: string | null;
  /** Networks of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** null: plain HTTP. */
  readonly tls: TlsFiles | null;
  readonly workers: number;
  readonly http: 'auto' | 'uws' | 'node';
  readonly inflate: 'wasm' | 'zlib' | 'zlib-sync' | 'zlib-sync-whole';
  readonly legacyPrecision: 'auto' | 'ns';
  readonly databaseNames: DatabaseNameRule;
  readonly queueBytesMax: number;
  readonly bodyBytesMax: number;
  readonly bodyLinesMax: number;
  /** For one body in a worker. */
  readonly taskMsMax: number;
  /** Of each port. */
  readonly connectionsMax: number;
  /** On the port for every client: a connection that is silent for so long is closed. */
  readonly idleTimeoutMs: number;
  readonly databasesMax: number;
  readonly tablesMax: number;
  readonly columnsMax: number;
  readonly columnNameBytesMax: number;
  /** Of all tables and columns, each with NAME_COST_BYTES besides. */
  readonly namesBytesMax: number;
  readonly logSegmentBytes: number;
  readonly logBytesMax: number;
  readonly logAgeMaxMs: number;
  /** Rows of a table that is set aside so long go to quarantine. */
  readonly setAsideAgeMs: number;
  readonly flushRowsMax: number;
  /** For rows that are not in files yet, over all workers. */
  readonly memoryBytesMax: number;
  /** Of the Delta logs of all tables together. */
  readonly tableStateBytesMax: number;
  readonly tableLogAgeMs: number;
  readonly diskReserveBytes: number;
  /** For the rejected lines of one database. */
  readonly rejectsBytesMax: number;
  /** Queries that run at once. */
  readonly queriesMax: number;
  /** For one query. */
  readonly queryMsMax: number;
  /** For all queries that run at once. */
  readonly queryMemoryBytesMax: number;
  /** Of a core, for compaction while the server is busy, in percent; 0: none. */
  readonly maintenanceCpuPercent: number;
  readonly maintenanceMemoryBytesMax: number;
  readonly logLevel: LogLevel;
}

/** Where a listener listens. */
export interface Bind {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** PEM files, absolute. */
export interface TlsFiles {
  /** The certificate, and those between it and the root. */
  readonly cert: string;
  readonly key: string;
  /** Roots of clients' certificates; null: none is asked for. */
  readonly clientCa: string | null;
}

/** A setting or command line that cannot be meant: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Unit = 'address' | 'address or none' | 'path' | 'file' | 'group' | 'networks' | 'yes or no' | 'word' | 'count' | 'bytes' | 'time';

/** A setting as the user meets it. */
export interface Setting {
  /** Without the dashes. */
  readonly flag: string;
  readonly unit: Unit;
  /** Text, as the user would write it; '' for none. */
  readonly default: string;
  /** Bounds of counts, bytes and times (ms), both allowed. */
  readonly min?: number;
  readonly max?: number;
  /** What a word may be. */
  readonly words?: readonly string[];
  readonly description: string;
}

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
const bytesUnits = { 'B': 1, '': 1, 'KiB': KiB, 'MiB': MiB, 'GiB': GiB } as const;
const timeUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** What DuckDB may hold: in `sluice query`, and for all queries of a server that run at once; default '' is a quarter of the machine's memory. */
export const QUERY_MEMORY: Setting = { flag: 'query-memory', unit: 'bytes', default: '', min: 64 * MiB, max: 1024 * GiB, description: 'memory for queries, for all that run at once, a quarter of the machine\'s unless said; what does not fit goes to tmp/ of the data folder meanwhile' };

const perField = {
  httpBind: { flag: 'http-bind', unit: 'address', default: '127.0.0.1:8181', description: 'listen here: :PORT means every address of IPv4 and IPv6; port 0 takes any free one' },
  httpCompatBind: { flag: 'http-compat-bind', unit: 'address or none', default: '127.0.0.1:8086', description: 'a second port, for old, slow and pipelining clients, served by node:http; one that is taken is left out with a warning; none: no such port' },
  dataDir: { flag: 'data-dir', unit: 'path', default: './data', description: 'folder of everything stored' },
  dataGroup: { flag: 'data-group', unit: 'group', default: '', description: 'name or number of a group that may read the tables and all else but secrets' },
  withoutAuth: { flag: 'without-auth', unit: 'yes or no', default: 'no', description: 'take requests without a token' },
  metricsOpen: { flag: 'metrics-open', unit: 'yes or no', default: 'no', description: 'show /metrics without a token on addresses that others than this machine reach; it names databases, tables and columns' },
  adminTokenFile: { flag: 'admin-token-file', unit: 'file', default: '', description: 'JSON with the keys token, name and expiry_millis of an admin token to start with' },
  trustedProxies: { flag: 'trusted-proxy', unit: 'networks', default: '', description: 'proxies whose X-Forwarded-For is believed, by commas, as in 10.0.0.0/8,fd00::/8' },
  tlsCert: { flag: 'tls-cert', unit: 'file', default: '', description: 'serve HTTPS with this certificate (PEM, with those up to the root)' },
  tlsKey: { flag: 'tls-key', unit: 'file', default: '', description: 'private key of the certificate (PEM)' },
  tlsClientCa: { flag: 'tls-client-ca', unit: 'file', default: '', description: 'ask clients for a certificate of one of these roots (PEM); served by node:https' },
  workers: { flag: 'workers', unit: 'count', default: String(availableParallelism()), min: 1, max: 256, description: 'threads that parse and encode; one a core unless said' },
  http: { flag: 'http', unit: 'word', default: 'auto', words: ['auto', 'uws', 'node'], description: 'HTTP server of --http-bind; auto takes uws where it loads' },
  inflate: { flag: 'inflate', unit: 'word', default: 'wasm', words: ['wasm', 'zlib', 'zlib-sync', 'zlib-sync-whole'], description: 'what unpacks gzip bodies: our own inflate beside the parser, node:zlib, or the optional addon zlib-sync' },
  legacyPrecision: { flag: 'legacy-precision', unit: 'word', default: 'auto', words: ['auto', 'ns'], description: 'precision of v1 and v2 writes that name none' },
  databaseNames: { flag: 'database-names', unit: 'word', default: 'plain', words: DATABASE_NAME_RULES, description: 'names that databases may have: ASCII letters, digits, _, - and one /, or any of InfluxDB 1 and 2, with spaces, dots and the letters of every script' },
  tags: { flag: 'tags', unit: 'word', default: 'grow', words: TAG_RULES, description: 'of new databases: a table may get tags at any time, or with its first write alone' },
  types: { flag: 'types', unit: 'word', default: 'strict', words: TYPE_RULES, description: 'of new databases: a value of another type than its column is refused, an integer may go into a float column, or it, and what is tag and field by one name, goes into a column of its own as <key>__<type>' },
  queueBytesMax: { flag: 'queue-bytes-max', unit: 'bytes', default: '64MiB', min: MiB, max: 2 * GiB, description: 'bodies in flight' },
  bodyBytesMax: { flag: 'body-bytes-max', unit: 'bytes', default: '64MiB', min: KiB, max: 256 * MiB, description: 'one body, unpacked' },
  bodyLinesMax: { flag: 'body-lines-max', unit: 'count', default: '2000000', min: 1, max: 100_000_000, description: 'lines of one body' },
  taskMsMax: { flag: 'task-time-max', unit: 'time', default: '10s', min: 100, max: 3_600_000, description: 'a worker that does not come back from one body for so long is ended' },
  connectionsMax: { flag: 'connections-max', unit: 'count', default: '10240', min: 1, max: 1_000_000, description: 'open connections, on each port' },
  idleTimeoutMs: { flag: 'idle-timeout', unit: 'time', default: '75s', min: 1000, max: 3_600_000, description: 'a connection to --http-compat-bind that is silent for so long is closed; the other port closes after 8 to 12 s' },
  databasesMax: { flag: 'databases-max', unit: 'count', default: '64', min: 1, max: 10_000, description: 'databases' },
  tablesMax: { flag: 'tables-max', unit: 'count', default: '10000', min: 1, max: 1_000_000, description: 'tables of all databases' },
  columnsMax: { flag: 'columns-max', unit: 'count', default: '4096', min: 1, max: 65_536, description: 'columns of one table' },
  columnNameBytesMax: { flag: 'column-name-bytes-max', unit: 'bytes', default: '1MiB', min: KiB, max: 64 * MiB, description: 'names of one table\'s columns together' },
  namesBytesMax: { flag: 'names-bytes-max', unit: 'bytes', default: '64MiB', min: 64 * KiB, max: GiB, description: 'names of all tables and columns together, each counted with 64 bytes more' },
  logSegmentBytes: { flag: 'log-segment-bytes', unit: 'bytes', default: '64MiB', min: 64 * KiB, max: GiB, description: 'a log file is closed at this size' },
  logBytesMax: { flag: 'log-bytes-max', unit: 'bytes', default: '1GiB', min: 64 * KiB, max: 1024 * GiB, description: 'past this the tables with the oldest rows go into files' },
  logAgeMaxMs: { flag: 'log-age-max', unit: 'time', default: '10m', min: 1000, max: 24 * 3_600_000, description: 'rows go into files after this time at the latest' },
  setAsideAgeMs: { flag: 'set-aside-age', unit: 'time', default: '10m', min: 1000, max: 24 * 3_600_000, description: 'rows of a table that cannot be written to its files go to quarantine after this time' },
  flushRowsMax: { flag: 'flush-rows-max', unit: 'count', default: '1000000', min: 1, max: 100_000_000, description: 'a table\'s rows go into files at this number' },
  memoryBytesMax: { flag: 'max-memory', unit: 'bytes', default: '1GiB', min: 16 * MiB, max: 1024 * GiB, description: 'rows not yet in files, in all workers' },
  tableStateBytesMax: { flag: 'table-state-bytes-max', unit: 'bytes', default: '64MiB', min: MiB, max: 64 * GiB, description: 'what is kept in memory of the Delta logs of all tables; of those used last' },
  tableLogAgeMs: { flag: 'table-log-age', unit: 'time', default: '24h', min: 0, max: 3650 * 24 * 3_600_000, description: 'versions of a table can be read this long; then commits before a checkpoint go' },
  diskReserveBytes: { flag: 'disk-reserve', unit: 'bytes', default: '256MiB', min: 0, max: 1024 * GiB, description: 'writes are refused with less free disk than this' },
  rejectsBytesMax: { flag: 'rejects-bytes-max', unit: 'bytes', default: '64MiB', min: MiB, max: 64 * GiB, description: 'rejected lines kept of each database, the oldest drop out' },
  queriesMax: { flag: 'queries-max', unit: 'count', default: '2', min: 1, max: 64, description: 'SQL queries over HTTP that run at once, each in a process of its own; others wait' },
  queryMsMax: { flag: 'query-time-max', unit: 'time', default: '60s', min: 100, max: 24 * 3_600_000, description: 'a query over HTTP is ended after this time' },
  queryMemory: QUERY_MEMORY,
  maintenanceCpuPercent: { flag: 'maintenance-cpu', unit: 'count', default: '25', min: 0, max: 100, description: 'percent of a core for compaction while the server is busy; all that is free while it is idle; 0: no compaction' },
  maintenanceMemory: { flag: 'maintenance-memory', unit: 'bytes', default: '512MiB', min: 64 * MiB, max: 4 * GiB, description: 'memory for compaction; files are no larger than it can put together' },
  logLevel: { flag: 'log-level', unit: 'word', default: 'info', words: LOG_LEVELS, description: 'what the server says on stderr' },
} as const satisfies Record<string, Setting>;

/** All settings, in the order of the help. */
export const SETTINGS: readonly Setting[] = Object.values(perField);

/** Bytes of QUERY_MEMORY. @throws UsageError with a sentence on a wrong value */
export function queryMemoryOf(flag: string | boolean | undefined, env: NodeJS.ProcessEnv): number {
  const source = sourceOf(QUERY_MEMORY, { [QUERY_MEMORY.flag]: flag }, env);
  if (source.text !== '' || flag !== undefined) return parseNumber(QUERY_MEMORY, source);
  const constrained = process.constrainedMemory(); // 0 or above all there is: no limit of a container
  const machine = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.max(Math.floor(machine / 4), QUERY_MEMORY.min!);
}

/** The environment variable of a setting; its flag wins. */
export function variableOf(setting: Setting): string {
  return `SLUICE_${setting.flag.toUpperCase().replaceAll('-', '_')}`;
}

/** Default, bounds and variable, as the help says them. */
export function helpOf(setting: Setting): string {
  const { min, max, words } = setting;
  const bounds = words !== undefined ? `, one of ${words.join(', ')}`
    : min !== undefined && max !== undefined ? `, ${unitText(setting, min)} to ${unitText(setting, max)}` : '';
  return `${setting.description} (${setting.unit}, ${setting.default === '' ? 'no default' : `default ${setting.default}`}${bounds}; ${variableOf(setting)})`;
}

/**
 * Makes the Config of a server.
 * @param flags values by flag name, `true` for a flag without value
 * @param env environment variables
 * @throws UsageError with a sentence on the first wrong value
 */
export function parseConfig(flags: Readonly<Record<string, string | boolean | undefined>>, env: NodeJS.ProcessEnv): Config {
  const read = (setting: Setting): Source => sourceOf(setting, flags, env);
  const number = (setting: Setting): number => parseNumber(setting, read(setting));
  const word = <W extends string>(setting: Setting & { readonly words: readonly W[] }): W => parseWord(setting, read(setting));
  const config: Config = {
    httpBind: parseAddress(read(perField.httpBind)),
    httpCompatBind: parseAddressOrNone(read(perField.httpCompatBind)),
    dataDir: parsePath(read(perField.dataDir)),
    dataGroup: parseGroup(read(perField.dataGroup)),
    withoutAuth: parseYesNo(read(perField.withoutAuth)),
    metricsOpen: parseYesNo(read(perField.metricsOpen)),
    adminTokenFile: parseFile(read(perField.adminTokenFile)),
    trustedProxies: parseProxies(read(perField.trustedProxies)),
    tls: parseTls(parseFile(read(perField.tlsCert)), parseFile(read(perField.tlsKey)), parseFile(read(perField.tlsClientCa))),
    workers: number(perField.workers),
    http: word(perField.http),
    inflate: word(perField.inflate),
    legacyPrecision: word(perField.legacyPrecision),
    databaseNames: word(perField.databaseNames),
    tags: word(perField.tags),
    types: word(perField.types),
    queueBytesMax: number(perField.queueBytesMax),
    bodyBytesMax: number(perField.bodyBytesMax),
    bodyLinesMax: number(perField.bodyLinesMax),
    taskMsMax: number(perField.taskMsMax),
    connectionsMax: number(perField.connectionsMax),
    idleTimeoutMs: number(perField.idleTimeoutMs),
    databasesMax: number(perField.databasesMax),
    tablesMax: number(perField.tablesMax),
    columnsMax: number(perField.columnsMax),
    columnNameBytesMax: number(perField.columnNameBytesMax),
    namesBytesMax: number(perField.namesBytesMax),
    logSegmentBytes: number(perField.logSegmentBytes),
    logBytesMax: number(perField.logBytesMax),
    logAgeMaxMs: number(perField.logAgeMaxMs),
    setAsideAgeMs: number(perField.setAsideAgeMs),
    flushRowsMax: number(perField.flushRowsMax),
    memoryBytesMax: number(perField.memoryBytesMax),
    tableStateBytesMax: number(perField.tableStateBytesMax),
    tableLogAgeMs: number(perField.tableLogAgeMs),
    diskReserveBytes: number(perField.diskReserveBytes),
    rejectsBytesMax: number(perField.rejectsBytesMax),
    queriesMax: number(perField.queriesMax),
    queryMsMax: number(perField.queryMsMax),
    queryMemoryBytesMax: queryMemoryOf(flags[QUERY_MEMORY.flag], env),
    maintenanceCpuPercent: number(perField.maintenanceCpuPercent),
    maintenanceMemoryBytesMax: number(perField.maintenanceMemory),
    logLevel: word(perField.logLevel),
  };
  atMost(config, 'bodyBytesMax', 'queueBytesMax', 'such a body could never be received');
  atMost(config, 'logSegmentBytes', 'logBytesMax', 'only closed files of the log can go');
  atMost(config, 'databasesMax', 'tablesMax', 'a database without a table is of no use');
  const heldMax = config.workers * INSTANCE_ROW_BYTES_MAX;
  if (config.memoryBytesMax > heldMax) {
    throw new UsageError(`--max-memory (${unitText(perField.memoryBytesMax, config.memoryBytesMax)}) is over what --workers (${config.workers}) can hold: ${unitText(perField.memoryBytesMax, INSTANCE_ROW_BYTES_MAX)} each`);
  }
  if (config.tls !== null && config.tls.clientCa !== null && config.http === 'uws') {
    throw new UsageError('--tls-client-ca needs --http node or auto: uWebSockets.js cannot insist on a certificate of the client');
  }
  return Object.freeze(config);
}

/** A value and who gave it, for the sentence when it is wrong. */
interface Source {
  readonly name: string;
  readonly text: string;
}

/**
 * Not commander's own `env()`: to that SLUICE_WITHOUT_AUTH=no would mean yes, and a variable that is empty would be a value; and
 * a default does not pass through its `argParser`, as it does here.
 */
function sourceOf(setting: Setting, flags: Readonly<Record<string, string | boolean | undefined>>, env: NodeJS.ProcessEnv): Source {
  const flag = flags[setting.flag];
  if (flag !== undefined) return { name: `--${setting.flag}`, text: String(flag) };
  const variable = variableOf(setting);
  const value = env[variable];
  if (value !== undefined && value !== '') return { name: variable, text: value };
  return { name: `the default of --${setting.flag}`, text: setting.default };
}

function wrong(source: Source, wanted: string): UsageError {
  return new UsageError(`${source.name} is ${JSON.stringify(source.text)}: it must be ${wanted}`);
}

function parseNumber(setting: Setting, source: Source): number {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = setting;
  const factors: Readonly<Record<string, number>> = setting.unit === 'bytes' ? bytesUnits : setting.unit === 'time' ? timeUnits : { '': 1 };
  const match = /^(\d+) ?([A-Za-z]*)$/.exec(source.text.trim());
  const value = Number(match?.[1]) * (factors[match?.[2] ?? ''] ?? NaN);
  if (value >= min && value <= max) return value;
  const example = setting.unit === 'bytes' ? 'bytes as in 65536, 64KiB, 64MiB or 1GiB' : setting.unit === 'time' ? 'a time as in 500ms, 30s, 10m or 1h' : 'a whole number';
  throw wrong(source, `${example}, from ${unitText(setting, min)} to ${unitText(setting, max)}`);
}

/** A bound in the largest unit that leaves it whole. */
function unitText(setting: Setting, value: number): string {
  if (setting.unit !== 'bytes' && setting.unit !== 'time') return String(value);
  const units = Object.entries(setting.unit === 'bytes' ? bytesUnits : timeUnits).filter(([name]) => name !== '');
  const [name, factor] = units.findLast(([, size]) => value % size === 0 && value >= size) ?? units[0]!;
  return `${value / factor}${name}`;
}

function parseWord<W extends string>(setting: { readonly words: readonly W[] }, source: Source): W {
  const word = setting.words.find((candidate) => candidate === source.text);
  if (word === undefined) throw wrong(source, `one of ${setting.words.join(', ')}`);
  return word;
}

function parseYesNo(source: Source): boolean {
  if (['yes', 'true', '1'].includes(source.text)) return true;
  if (['no', 'false', '0'].includes(source.text)) return false;
  throw wrong(source, 'yes or no');
}

/** `HOST:PORT`, `:PORT` for every address of IPv4 and IPv6, IPv6 in brackets. */
function parseAddress(source: Source): Bind {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(source.text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw wrong(source, 'HOST:PORT with a port from 0 to 65535, an IPv6 host in brackets');
  return { host: match[1] ?? (match[2] || everyAddress()), port };
}

function parseAddressOrNone(source: Source): Bind | null {
  return source.text === 'none' ? null : parseAddress(source);
}

function parsePath(source: Source, of = 'folder'): string {
  if (source.text === '' || source.text.includes('\0')) throw wrong(source, `the path of a ${of}`);
  return resolve(source.text);
}

function parseFile(source: Source): string | null {
  return source.text === '' ? null : parsePath(source, 'file');
}

function parseGroup(source: Source): string | null {
  if (!/^[^\s:,]*$/.test(source.text)) throw wrong(source, 'the name or number of a group');
  return source.text === '' ? null : source.text;
}

function parseProxies(source: Source): string[] {
  const list = source.text === '' ? [] : source.text.split(',').map((text) => text.trim());
  const bad = list.find((text) => !isNetwork(text));
  if (bad !== undefined) throw wrong(source, `addresses and networks by commas, as in 10.0.0.0/8,fd00::/8; ${JSON.stringify(bad)} is neither`);
  return list;
}

function parseTls(cert: string | null, key: string | null, clientCa: string | null): TlsFiles | null {
  if (cert !== null && key !== null) return { cert, key, clientCa };
  if (cert !== null || key !== null) throw new UsageError('--tls-cert and --tls-key go together');
  if (clientCa !== null) throw new UsageError('--tls-client-ca needs --tls-cert and --tls-key');
  return null;
}

type NumberField = { [K in keyof Config]: Config[K] extends number ? K : never }[keyof Config] & keyof typeof perField;

function atMost(config: Config, smaller: NumberField, larger: NumberField, because: string): void {
  if (config[smaller] <= config[larger]) return;
  const said = (field: NumberField): string => `--${perField[field].flag} (${unitText(perField[field], config[field])})`;
  throw new UsageError(`${said(smaller)} is over ${said(larger)}: ${because}`);
}

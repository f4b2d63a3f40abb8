import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { everyAddress } from '../src/addresses.js';
import { helpOf, parseConfig, QUERY_MEMORY, queryMemoryOf, SETTINGS, UsageError, variableOf } from '../src/config.js';

const MiB = 1024 * 1024;

/** The sentence of the usage error. */
function complaint(flags: Record<string, string | boolean>, env: Record<string, string> = {}): string {
  try {
    parseConfig(flags, env);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
  return 'no complaint';
}

test('defaults', () => {
  assert.deepEqual(parseConfig({}, {}), {
    httpBind: { host: '127.0.0.1', port: 8181 }, httpCompatBind: { host: '127.0.0.1', port: 8086 }, dataDir: resolve('data'), dataGroup: null, withoutAuth: false, metricsOpen: false, adminTokenFile: null, trustedProxies: [], tls: null, workers: availableParallelism(),
    http: 'auto', inflate: 'wasm', legacyPrecision: 'auto', databaseNames: 'plain', tags: 'grow', types: 'strict',
    queueBytesMax: 64 * MiB, bodyBytesMax: 64 * MiB, bodyLinesMax: 2_000_000, taskMsMax: 10_000, connectionsMax: 10_240, idleTimeoutMs: 75_000,
    databasesMax: 64, tablesMax: 10_000, columnsMax: 4096, columnNameBytesMax: MiB, namesBytesMax: 64 * MiB,
    logSegmentBytes: 64 * MiB, logBytesMax: 1024 * MiB, logAgeMaxMs: 600_000, setAsideAgeMs: 600_000,
    flushRowsMax: 1_000_000, memoryBytesMax: 1024 * MiB, tableStateBytesMax: 64 * MiB, tableLogAgeMs: 24 * 3_600_000, diskReserveBytes: 256 * MiB, rejectsBytesMax: 64 * MiB, logLevel: 'info',
    queriesMax: 2, queryMsMax: 60_000, queryMemoryBytesMax: queryMemoryOf(undefined, {}), maintenanceCpuPercent: 25, maintenanceMemoryBytesMax: 512 * MiB,
  });
});

test('a flag wins over its variable, a variable over the default', () => {
  const env = { SLUICE_TABLES_MAX: '100', SLUICE_WORKERS: '3', SLUICE_WITHOUT_AUTH: '1', SLUICE_HTTP: '' };
  const config = parseConfig({ 'tables-max': '200', 'queue-bytes-max': undefined }, env);
  assert.deepEqual([config.tablesMax, config.workers, config.withoutAuth, config.http], [200, 3, true, 'auto']);
  assert.equal(parseConfig({ 'without-auth': true }, {}).withoutAuth, true);
  for (const no of ['no', 'false', '0', '']) assert.equal(parseConfig({}, { SLUICE_WITHOUT_AUTH: no }).withoutAuth, false, no);
});

test('sizes and times take units', () => {
  const sizes: [text: string, bytes: number][] = [['65536', 65_536], ['64KiB', 65_536], ['1MiB', MiB], ['1 GiB', 1024 * MiB], ['70000B', 70_000]];
  for (const [text, bytes] of sizes) assert.equal(parseConfig({ 'log-segment-bytes': text }, {}).logSegmentBytes, bytes);
  const times: [text: string, ms: number][] = [['1500ms', 1500], ['30s', 30_000], ['10m', 600_000], ['2h', 7_200_000]];
  for (const [text, ms] of times) assert.equal(parseConfig({ 'log-age-max': text }, {}).logAgeMaxMs, ms);
});

test('addresses', () => {
  const addresses: [text: string, host: string, port: number][] = [
    ['0.0.0.0:0', '0.0.0.0', 0], ['localhost:8086', 'localhost', 8086], ['[::1]:8181', '::1', 8181], [':8181', everyAddress(), 8181], ['[::]:8181', '::', 8181],
  ];
  for (const [text, host, port] of addresses) {
    assert.deepEqual(parseConfig({ 'http-bind': text }, {}).httpBind, { host, port });
    assert.deepEqual(parseConfig({ 'http-compat-bind': text }, {}).httpCompatBind, { host, port });
  }
  assert.equal(parseConfig({ 'http-compat-bind': 'none' }, {}).httpCompatBind, null);
  for (const text of ['8181', 'localhost', 'localhost:', 'localhost:99999', '::1:8181', '[::1]', 'a:b']) {
    assert.match(complaint({ 'http-bind': text }), /^--http-bind is ".*": it must be HOST:PORT/);
  }
});

test('a wrong value is refused with who gave it, what it was and what it may be', () => {
  assert.equal(complaint({ 'queue-bytes-max': '12x' }), '--queue-bytes-max is "12x": it must be bytes as in 65536, 64KiB, 64MiB or 1GiB, from 1MiB to 2GiB');
  assert.equal(complaint({}, { SLUICE_LOG_AGE_MAX: '10' }), 'SLUICE_LOG_AGE_MAX is "10": it must be a time as in 500ms, 30s, 10m or 1h, from 1s to 24h');
  assert.equal(complaint({ workers: '0' }), '--workers is "0": it must be a whole number, from 1 to 256');
  assert.equal(complaint({ http: 'express' }), '--http is "express": it must be one of auto, uws, node');
  assert.equal(complaint({}, { SLUICE_WITHOUT_AUTH: 'maybe' }), 'SLUICE_WITHOUT_AUTH is "maybe": it must be yes or no');
  assert.equal(complaint({ 'data-group': 'a b' }), '--data-group is "a b": it must be the name or number of a group');
  assert.equal(complaint({ 'data-dir': '' }), '--data-dir is "": it must be the path of a folder');
  for (const text of ['', '-1', '1.5', '1e3', 'NaN', '99999999999999999999', '10 0', '1toString']) {
    assert.match(complaint({ 'tables-max': text }), /^--tables-max is/);
  }
});

test('files and networks', () => {
  const { tls, adminTokenFile, trustedProxies } = parseConfig({}, {});
  assert.deepEqual([tls, adminTokenFile, trustedProxies], [null, null, []]);
  const given = parseConfig({ 'tls-cert': '/c.pem', 'tls-key': 'k.pem', 'tls-client-ca': '/ca.pem', 'admin-token-file': '/a.json', 'trusted-proxy': '10.0.0.0/8, ::1' }, {});
  assert.deepEqual(given.tls, { cert: '/c.pem', key: resolve('k.pem'), clientCa: '/ca.pem' });
  assert.equal(given.adminTokenFile, '/a.json');
  assert.deepEqual(given.trustedProxies, ['10.0.0.0/8', '::1']);
  assert.equal(complaint({ 'trusted-proxy': '10.0.0.0/8,10.0.0.0/33' }), '--trusted-proxy is "10.0.0.0/8,10.0.0.0/33": it must be addresses and networks by commas, as in 10.0.0.0/8,fd00::/8; "10.0.0.0/33" is neither');
  assert.match(complaint({ 'tls-cert': '/c.pem' }), /--tls-cert and --tls-key go together/);
  assert.match(complaint({ 'tls-key': '/k.pem' }), /--tls-cert and --tls-key go together/);
  assert.match(complaint({ 'tls-client-ca': '/ca.pem' }), /--tls-client-ca needs --tls-cert and --tls-key/);
  assert.match(complaint({ 'tls-cert': '/c', 'tls-key': '/k', 'tls-client-ca': '/ca', http: 'uws' }), /--tls-client-ca needs --http node or auto/);
});

test('limits that contradict each other are refused', () => {
  assert.match(complaint({ 'log-segment-bytes': '1GiB', 'log-bytes-max': '512MiB' }), /^--log-segment-bytes \(1GiB\) is over --log-bytes-max \(512MiB\)/);
  assert.match(complaint({ 'queue-bytes-max': '32MiB' }), /^--body-bytes-max \(64MiB\) is over --queue-bytes-max \(32MiB\)/);
  assert.equal(complaint({ 'max-memory': '3GiB', 'workers': '2' }), '--max-memory (3GiB) is over what --workers (2) can hold: 1GiB each');
  assert.equal(complaint({ 'max-memory': '2GiB', 'workers': '2' }), 'no complaint');
  assert.match(complaint({ 'body-bytes-max': '512MiB', 'queue-bytes-max': '1GiB' }), /from 1KiB to 256MiB/);
  assert.match(complaint({ 'tables-max': '10' }), /^--databases-max \(64\) is over --tables-max \(10\)/);
});

test('every default is within its bounds, and the help names default, unit, bounds and variable', () => {
  for (const setting of SETTINGS) {
    // That of queries' memory is a share of the machine's, which has no text.
    assert.equal(complaint(setting === QUERY_MEMORY ? {} : { [setting.flag]: setting.default }), 'no complaint');
    const help = helpOf(setting);
    for (const part of [setting.unit, setting.default === '' ? 'no default' : `default ${setting.default}`, variableOf(setting)]) assert.ok(help.includes(part), help);
    if (setting.min !== undefined) assert.match(help, /, \d+\w* to \d+\w*/);
  }
  assert.equal(new Set(SETTINGS.map((setting) => setting.flag)).size, SETTINGS.length);
});

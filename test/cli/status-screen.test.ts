import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OverviewNow } from '../../src/admin/overview.js';
import { screenOf, statusOf } from '../../src/cli/status-screen.js';
import { labelled, single, type Metric } from '../../src/metrics.js';

const ESCAPE = '\u001b';

function metrics(accepted: number, conflicts: number, shed: number): Metric[] {
  return [
    single('counter', 'sluice_lines_accepted_total', '', accepted),
    labelled('counter', 'sluice_lines_rejected_by_code_total', '', 'code', [['type-conflict', conflicts], ['fields-missing', 5]]),
    single('counter', 'sluice_requests_received_total', '', 100 + accepted / 1000),
    single('gauge', 'sluice_requests_in_flight', '', 3),
    labelled('counter', 'sluice_requests_shed_total', '', 'reason', shed === 0 ? [] : [['overloaded', shed]]),
    single('gauge', 'sluice_log_bytes', '', 12_900_000),
    single('gauge', 'sluice_log_segments', '', 1),
    single('gauge', 'sluice_unflushed_rows', '', 1234),
    single('gauge', 'sluice_unflushed_tables', '', 1),
    single('gauge', 'sluice_unflushed_bytes', '', 10 * 1024 * 1024),
    single('counter', 'sluice_flushes_total', '', 1),
    single('counter', 'sluice_flush_files_total', '', 2),
    single('counter', 'sluice_flush_failures_total', '', 0),
    single('gauge', 'sluice_tables_set_aside', '', 1),
    single('gauge', 'sluice_body_memory_bytes', '', 64 * 1024 * 1024),
    single('gauge', 'sluice_body_memory_free_bytes', '', 63.5 * 1024 * 1024),
  ];
}

const before: OverviewNow = {
  version: '0.1.0', pid: 77, dataDir: '/srv/data', upMs: 273_605_000, atMs: 1000, listeners: ['http://127.0.0.1:8181'], refusal: null,
  problems: ['table db/m is set aside, its new lines are rejected and 2 acknowledged rows wait in the log: it is read-only'],
  databases: 1, tables: 1200, oldestRowMs: 61_500, workers: [{ number: 0, busy: true, memtableBytes: 9_000_000 }, { number: 3, busy: false, memtableBytes: 1000 }],
  memory: { rowsBytesMax: 1024 ** 3, residentBytes: 300_000_000, heapBytes: 30_000_000 }, metrics: metrics(1_000_000, 10, 0),
};
const now: OverviewNow = { ...before, atMs: 3000, metrics: metrics(1_005_001, 20, 3) };

test('D19: one screen says it all, with rates of what two moments differ by', () => {
  assert.equal(screenOf(statusOf(before, now), { columns: null, isColored: false }), [
    'sluice      0.1.0 · pid 77 · up 3 d 4 h',
    'writes      taken',
    'listening   http://127.0.0.1:8181',
    'data        /srv/data',
    'lines       2,500.5/s · 1,005,001 stored since the start',
    'requests    2.5/s · 3 in flight',
    'refused     lines type-conflict 5/s · requests overloaded 1.5/s',
    'log         12.3 MiB in 1 file · oldest row 1 min 1 s',
    'in log only 1,234 rows of 1 table',
    'files       2 made since the start · 1 table flush',
    'memory      rows 10.0 MiB of 1.0 GiB · bodies 512.0 KiB of 64.0 MiB · JavaScript 28.6 MiB · process 286 MiB',
    'workers     0 busy 8.6 MiB · 3 idle 1000 B',
    'tables      1,200 in 1 database · 1 set aside',
    'trouble     table db/m is set aside, its new lines are rejected and 2 acknowledged rows wait in the log: it is read-only',
    '',
  ].join('\n').replace('512.0 KiB', '512 KiB'));
});

test('D19: a narrow terminal has lines that fit, and no word is lost', () => {
  const status = statusOf(before, { ...now, dataDir: `/srv/${'long'.repeat(20)}` });
  const words = (text: string): string => text.replace(/[\s·]/g, '');
  for (const columns of [30, 40, 57, 80]) {
    const screen = screenOf(status, { columns, isColored: false });
    for (const line of screen.split('\n')) assert.ok(line.length <= columns, `${columns}: ${line}`);
    assert.equal(words(screen), words(screenOf(status, { columns: null, isColored: false })));
  }
});

test('D19: colours say no more than the words, and stand only where they are asked for', () => {
  const plain = screenOf(statusOf(before, now), { columns: 60, isColored: false });
  const colored = screenOf(statusOf(before, now), { columns: 60, isColored: true });
  assert.ok(!plain.includes(ESCAPE));
  assert.ok(colored.includes(`${ESCAPE}[32mtaken${ESCAPE}[0m\n`));
  assert.ok(colored.includes(`${ESCAPE}[31mtable db/m is set aside`));
  assert.equal([31, 32, 0].reduce((text, code) => text.replaceAll(`${ESCAPE}[${code}m`, ''), colored), plain);
});

test('D19: what is well, and what is not there, is said as well', () => {
  const quiet: OverviewNow = { ...now, atMs: 5000, problems: [], listeners: [], workers: [], oldestRowMs: null, refusal: 'the disk has 0 bytes free', upMs: 999, metrics: [] };
  const screen = screenOf(statusOf(quiet, quiet), { columns: null, isColored: false });
  for (const line of ['writes      refused: the disk has 0 bytes free', 'listening   on no address', 'refused     nothing', 'in log only no row', 'workers     none is up', 'trouble     none']) {
    assert.ok(screen.split('\n').includes(line), line);
  }
  assert.match(screen, /up 0 s/);
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const logging = new URL('../src/logging.js', import.meta.url).href;

test('the log goes to stderr, a line of JSON an event, from its level on', () => {
  const script = `import('${logging}').then(({ makeLogger }) => {
    const logger = makeLogger('warn');
    logger.debug('a'); logger.info('b'); logger.warn('c "quoted"'); logger.error('d');
    process.exit(3);
  })`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  assert.deepEqual([status, stdout], [3, '']);
  const events = stderr.trimEnd().split('\n').map((line) => JSON.parse(line) as { level: string; msg: string; time: string });
  assert.deepEqual(events.map(({ level, msg }) => [level, msg]), [['warn', 'c "quoted"'], ['error', 'd']]);
  assert.match(events[0]?.time ?? '', /^\d{4}-\d\d-\d\dT/);
});

test('where stderr is a terminal the log is text: time in UTC, level, sentence', () => {
  const script = `import('${logging}').then(({ makeLogger }) => {
    const logger = makeLogger('debug', true);
    logger.debug('a'); logger.info('b "quoted"'); logger.warn('c'); logger.error('d');
    process.exit(0);
  })`;
  const { stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  const lines = stderr.trimEnd().split('\n');
  for (const line of lines) assert.match(line, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d /);
  assert.deepEqual(lines.map((line) => line.slice(20)), ['DEBUG: a', 'b "quoted"', 'WARN: c', 'ERROR: d']);
});

/** Where the server's log goes: files, pipes and full disks, none of which may stall or end it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Outlet } from '../src/outlet.js';
import { FakeClock } from './http/fake-clock.js';

const folder = mkdtempSync(join(tmpdir(), 'sl-'));
after(() => rmSync(folder, { recursive: true }));
const outlet = new URL('../src/outlet.js', import.meta.url).href;

let made = 0;
/** A pipe: its path, and an end that reads what is there. */
function pipe(): { path: string; reader: number; read: () => string } {
  made += 1;
  const path = join(folder, `pipe${made}`);
  assert.equal(spawnSync('mkfifo', [path]).status, 0);
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const read = (): string => {
    const into = Buffer.alloc(1 << 20);
    try {
      return into.toString('utf8', 0, readSync(reader, into));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
      return '';
    }
  };
  return { path, reader, read };
}

test('a full disk costs the lines that it does not take, and they are counted', () => {
  const full = openSync('/dev/full', 'w');
  const out = new Outlet(full, new FakeClock());
  for (let i = 0; i < 5; i += 1) out.write('a line\n');
  assert.equal(out.linesDropped, 5);
  out.flush();
  closeSync(full);
});

test('a pipe that nobody reads holds nothing up: lines wait, then are dropped whole; a reader that comes back gets the rest', () => {
  const { path, reader, read } = pipe();
  const clock = new FakeClock();
  const end = openSync(path, 'w');
  const out = new Outlet(end, clock);
  const lines = 40_000;
  for (let i = 0; i < lines; i += 1) out.write(`line ${i} ${'.'.repeat(90)}\n`);
  assert.ok(out.linesDropped > 20_000, `${out.linesDropped} dropped`);
  const dropped = out.linesDropped;
  let text = '';
  for (let piece = ''; (piece = read()) !== ''; clock.advance(20)) text += piece;
  out.write('last\n');
  text += read();
  const got = text.split('\n');
  assert.equal(got.pop(), '');
  assert.equal(got.pop(), 'last');
  assert.deepEqual(got, Array.from({ length: lines - dropped }, (_, i) => `line ${i} ${'.'.repeat(90)}`));
  assert.equal(out.linesDropped, dropped);
  closeSync(end);
  closeSync(reader);
});

test('a pipe whose reader is gone costs the lines alone', () => {
  const { path, reader } = pipe();
  const end = openSync(path, 'w');
  const out = new Outlet(end, new FakeClock());
  out.write('read by nobody\n');
  closeSync(reader);
  out.write('a\n');
  out.write('b\n');
  assert.equal(out.linesDropped, 2);
  closeSync(end);
});

test('behind a line that was written in part and lost the next one stands on a line of its own', () => {
  const { path, reader } = pipe();
  const end = openSync(path, 'w');
  const clock = new FakeClock();
  const out = new Outlet(end, clock);
  out.write(`${'x'.repeat(200_000)}\n`);
  closeSync(reader);
  clock.advance(20);
  assert.equal(out.linesDropped, 1);
  const again = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const into = Buffer.alloc(1 << 20);
  let got = into.toString('latin1', 0, readSync(again, into));
  out.write('next\n');
  got += into.toString('latin1', 0, readSync(again, into));
  assert.match(got, /^x+\nnext\n$/);
  closeSync(again);
  closeSync(end);
});

test('at the end of the process all lines come to a slow reader, and one that reads nothing is not waited for', () => {
  const script = `import('${outlet}').then(({ outletOf }) => {
    for (let i = 0; i < 9000; i += 1) outletOf('stderr').write(i + ' ' + '.'.repeat(90) + '\\n');
    process.exit(3);
  })`;
  const program = `${process.execPath} -e "$SCRIPT"`;
  const env = { ...process.env, SCRIPT: script };
  const slow = spawnSync('bash', ['-c', `set -o pipefail; ${program} 2>&1 >/dev/null | (sleep 0.3; wc -l)`], { env, encoding: 'utf8', timeout: 20_000 });
  assert.deepEqual([slow.stdout.trim(), slow.status], ['9000', 3]);
  const { path, reader } = pipe();
  const stuck = spawnSync('bash', ['-c', `${program} 2>${path}`], { env, encoding: 'utf8', timeout: 20_000 });
  assert.equal(stuck.status, 3);
  closeSync(reader);
});

test('a file gets every line, also where another writes into it', () => {
  const path = join(folder, 'file');
  const script = `import('${outlet}').then(({ outletOf }) => {
    outletOf('stderr').write('one\\n'); process.stderr.write('two\\n'); outletOf('stderr').write('three\\n');
  })`;
  spawnSync('bash', ['-c', `echo zero >${path}; ${process.execPath} -e "$SCRIPT" 2>>${path}`], { env: { ...process.env, SCRIPT: script } });
  assert.equal(readFileSync(path, 'utf8'), 'zero\none\ntwo\nthree\n');
});

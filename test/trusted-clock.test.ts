import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TrustedClock } from '../src/trusted-clock.js';
import { MemoryDisk } from './fault/memory-disk.js';
import { FakeClock } from './http/fake-clock.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const PATH = 'data/clock.json';

async function scene() {
  const disk = new MemoryDisk();
  await disk.makeFolder('data');
  const clock = new FakeClock();
  const reports: string[] = [];
  const open = (): Promise<TrustedClock> => TrustedClock.open({ disk, clock, path: PATH, report: (sentence) => reports.push(sentence) });
  /** Lets time go by as housekeeping sees it. */
  const pass = (trusted: TrustedClock, ms: number): void => {
    for (let left = ms; left > 0; left -= MINUTE_MS) {
      clock.advance(Math.min(left, MINUTE_MS));
      trusted.nowMs();
    }
  };
  /** A start after the server was stopped for so long. */
  const restart = async (stoppedMs: number): Promise<TrustedClock> => {
    clock.advance(stoppedMs);
    return open();
  };
  return { disk, clock, reports, open, pass, restart };
}

test('[issue 14 4] the clock is believed as it goes, set back at once, and ahead by minutes', async () => {
  const { clock, open, pass } = await scene();
  const trusted = await open();
  assert.equal(trusted.nowMs(), clock.nowMs());
  pass(trusted, 3 * DAY_MS);
  assert.equal(trusted.nowMs(), clock.nowMs());
  clock.jump(-400 * DAY_MS);
  assert.equal(trusted.nowMs(), clock.nowMs());
  pass(trusted, HOUR_MS);
  clock.jump(10 * MINUTE_MS);
  assert.deepEqual([trusted.nowMs(), trusted.heldMs()], [clock.nowMs(), 0]);
});

test('[issue 14 4] a leap ahead is believed when the clock has stayed there for a day, and not at all when it came back', async () => {
  const { clock, open, pass } = await scene();
  const trusted = await open();
  const before = clock.nowMs();
  clock.jump(365 * DAY_MS);
  pass(trusted, DAY_MS - MINUTE_MS);
  assert.equal(trusted.nowMs(), before + DAY_MS - MINUTE_MS, 'it goes on by the other clock');
  assert.equal(trusted.heldMs(), 365 * DAY_MS);
  clock.jump(-365 * DAY_MS);
  assert.deepEqual([trusted.nowMs(), trusted.heldMs()], [clock.nowMs(), 0]);
  clock.jump(365 * DAY_MS);
  pass(trusted, DAY_MS - MINUTE_MS);
  assert.notEqual(trusted.nowMs(), clock.nowMs(), 'waiting begins anew');
  pass(trusted, MINUTE_MS);
  assert.deepEqual([trusted.nowMs(), trusted.heldMs()], [clock.nowMs(), 0]);
});

test('[issue 14 4] a restart does not make a wrong clock right, and waiting goes on behind it', async () => {
  const { clock, open, pass, restart } = await scene();
  const first = await open();
  pass(first, HOUR_MS);
  const before = clock.nowMs();
  await first.note(true);
  clock.jump(365 * DAY_MS);
  let trusted = await restart(0);
  for (let hour = 0; hour < 23; hour += 1) {
    pass(trusted, HOUR_MS);
    assert.equal(trusted.nowMs(), before + (hour + 1) * HOUR_MS);
    await trusted.note(true);
    trusted = await restart(0);
  }
  pass(trusted, HOUR_MS);
  assert.equal(trusted.nowMs(), clock.nowMs());
});

test('[issue 14 4] after a stop of less than a day the clock is believed, after a longer one a day later', async () => {
  const { clock, open, pass, restart } = await scene();
  const first = await open();
  await first.note(true);
  const second = await restart(DAY_MS - HOUR_MS);
  assert.deepEqual([second.nowMs(), second.heldMs()], [clock.nowMs(), 0]);
  await second.note(true);
  const third = await restart(5 * DAY_MS);
  assert.equal(third.heldMs(), 5 * DAY_MS);
  pass(third, DAY_MS);
  assert.equal(third.heldMs(), 0);
});

test('[issue 14 4] it is noted every five minutes, and at the end', async () => {
  const { disk, clock, open, pass } = await scene();
  const trusted = await open();
  await trusted.note();
  const first = disk.content(PATH)!;
  assert.match(first.toString(), new RegExp(`^\\{"format":1,"trusted":${clock.nowMs()},"waited":0,"ran":0,"crc":"[0-9a-f]{8}"\\}\\n$`));
  pass(trusted, 4 * MINUTE_MS);
  await trusted.note();
  assert.deepEqual(disk.content(PATH), first);
  await trusted.note(true);
  assert.notDeepEqual(disk.content(PATH), first);
});

test('[issue 14 4] a note that is damaged, or missing, means that the clock is believed', async () => {
  const { disk, clock, open, reports } = await scene();
  const first = await open();
  await first.note(true);
  const bytes = disk.content(PATH)!;
  for (let at = 0; at < bytes.length; at += 1) {
    const other = Buffer.from(bytes);
    other[at]! ^= 1;
    disk.place(PATH, other);
    clock.jump(100 * DAY_MS);
    const trusted = await open();
    assert.equal(trusted.nowMs(), clock.nowMs(), `byte ${at}`);
  }
  assert.equal(reports.length, bytes.length);
  assert.match(reports[0]!, /clock\.json cannot be read, and the clock is believed: /);
});

test('[issue 14 4] the time that servers ran grows by what truly went by while one ran, whatever the clock says', async () => {
  const { clock, open, pass, restart } = await scene();
  const first = await open();
  pass(first, 10 * MINUTE_MS);
  clock.jump(365 * DAY_MS);
  pass(first, 10 * MINUTE_MS);
  assert.equal(first.ranMs(), 20 * MINUTE_MS);
  await first.note(true);
  clock.jump(-400 * DAY_MS);
  const second = await restart(5 * DAY_MS);
  assert.equal(second.ranMs(), 20 * MINUTE_MS, 'a server that was stopped did not run');
  second.hasRan(15 * MINUTE_MS);
  assert.equal(second.ranMs(), 20 * MINUTE_MS);
  second.hasRan(HOUR_MS);
  assert.equal(second.ranMs(), HOUR_MS, 'somebody wrote down more than was noted');
});

/** Of each table one committer, however many ask for it at once (of two the stale one would stay), and of all a bounded memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Table } from '../../src/catalog/catalog.js';
import { Committers } from '../../src/flush/committers.js';
import type { TableCommitter } from '../../src/tables/commit.js';

const tableOf = (id: number): Table => ({ id }) as Table;
const TABLE = tableOf(1);
const STATE_BYTES = 10;
const FILES_BYTES = 100;

/** A committer that holds a list of files once someone looked at them. */
class FakeCommitter {
  readonly tableId: number;
  holdsFiles = false;

  constructor(tableId: number) {
    this.tableId = tableId;
  }

  get bytes(): number {
    return STATE_BYTES + (this.holdsFiles ? FILES_BYTES : 0);
  }

  letGo(evenIfWanted = false): void {
    if (evenIfWanted) this.holdsFiles = false;
  }
}

const made = (tableId = 1): TableCommitter => new FakeCommitter(tableId) as unknown as TableCommitter;
const itself = async (committer: TableCommitter): Promise<TableCommitter> => committer;

function opener(): { committers: Committers; ends: { resolve: (made: TableCommitter) => void; reject: (error: Error) => void }[] } {
  const ends: { resolve: (made: TableCommitter) => void; reject: (error: Error) => void }[] = [];
  const committers = new Committers(() => new Promise((resolve, reject) => ends.push({ resolve, reject })), 1e6);
  return { committers, ends };
}

test('who asks while a log is read waits for the same committer, and gets it ever after', async () => {
  const { committers, ends } = opener();
  const asked = [committers.use(TABLE, itself), committers.use(TABLE, itself)];
  assert.equal(ends.length, 1);
  const committer = made();
  ends[0]!.resolve(committer);
  for (const each of [...asked, committers.use(TABLE, itself)]) assert.equal(await each, committer);
  assert.equal(ends.length, 1);
});

test('a log that could not be read is read again, and so is one that is to be forgotten, also while it is read', async () => {
  const { committers, ends } = opener();
  const failing = [committers.use(TABLE, itself), committers.use(TABLE, itself)];
  ends[0]!.reject(new Error('EIO'));
  for (const each of failing) await assert.rejects(each, /EIO/);
  const stale = committers.use(TABLE, itself);
  committers.forget(TABLE.id);
  const fresh = committers.use(TABLE, itself);
  assert.equal(ends.length, 3);
  const [first, second] = [made(), made()];
  ends[2]!.resolve(second);
  ends[1]!.resolve(first);
  assert.equal(await stale, first);
  assert.equal(await fresh, second);
  assert.equal(await committers.use(TABLE, itself), second, 'the one that was asked for last stays');
});

test('of 1,000 tables what fits the memory is kept, of those used last; one that is at work stays', async () => {
  const opened: number[] = [];
  const committers = new Committers(async ({ id }) => {
    opened.push(id);
    return made(id);
  }, 50 * STATE_BYTES);
  let release = (): void => undefined;
  const atWork = committers.use(tableOf(1), () => new Promise<void>((resolve) => (release = resolve)));
  for (let id = 2; id <= 1000; id += 1) await committers.use(tableOf(id), itself);
  assert.equal(committers.bytes, 50 * STATE_BYTES);
  opened.length = 0;
  await committers.use(tableOf(1), itself);
  for (let id = 1000; id > 950; id -= 1) await committers.use(tableOf(id), itself);
  assert.ok(!opened.includes(1) && opened.length <= 1, `${opened.join()} were read again`);
  await committers.use(tableOf(2), itself);
  assert.equal(opened.at(-1), 2, 'what was not used for long is read again');
  release();
  await atWork;
  committers.forget(1);
  for (let id = 1; id <= 1000; id += 1) committers.forget(id);
  assert.equal(committers.bytes, 0, 'what is forgotten is counted no more');
});

test('lists of files go before what a commit needs', async () => {
  const opened: number[] = [];
  const committers = new Committers(async ({ id }) => {
    opened.push(id);
    return made(id);
  }, 10 * STATE_BYTES + 2 * FILES_BYTES);
  const looks = async (committer: TableCommitter): Promise<void> => void ((committer as unknown as FakeCommitter).holdsFiles = true);
  for (let id = 1; id <= 10; id += 1) await committers.use(tableOf(id), looks);
  assert.equal(committers.bytes, 10 * STATE_BYTES + 2 * FILES_BYTES);
  const held: boolean[] = [];
  for (let id = 1; id <= 10; id += 1) await committers.use(tableOf(id), async (committer) => void held.push(committer.holdsFiles));
  assert.deepEqual(held, [...Array<boolean>(8).fill(false), true, true]);
  assert.equal(opened.length, 10, 'no log was read again');
});

/** Of each table one committer, however many ask for it at once: of two the stale one would stay. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Table } from '../../src/catalog/catalog.js';
import { Committers } from '../../src/flush/committers.js';
import type { TableCommitter } from '../../src/tables/commit.js';

const TABLE = { id: 1 } as Table;

function opener(): { committers: Committers; ends: { resolve: (made: TableCommitter) => void; reject: (error: Error) => void }[] } {
  const ends: { resolve: (made: TableCommitter) => void; reject: (error: Error) => void }[] = [];
  const committers = new Committers(() => new Promise((resolve, reject) => ends.push({ resolve, reject })));
  return { committers, ends };
}

const made = (): TableCommitter => ({}) as TableCommitter;

test('who asks while a log is read waits for the same committer, and gets it ever after', async () => {
  const { committers, ends } = opener();
  const asked = [committers.of(TABLE), committers.of(TABLE)];
  assert.equal(ends.length, 1);
  const committer = made();
  ends[0]!.resolve(committer);
  for (const each of [...asked, committers.of(TABLE)]) assert.equal(await each, committer);
  assert.equal(ends.length, 1);
});

test('a log that could not be read is read again, and so is one that is to be forgotten, also while it is read', async () => {
  const { committers, ends } = opener();
  const failing = [committers.of(TABLE), committers.of(TABLE)];
  ends[0]!.reject(new Error('EIO'));
  for (const each of failing) await assert.rejects(each, /EIO/);
  const stale = committers.of(TABLE);
  committers.forget(TABLE.id);
  const fresh = committers.of(TABLE);
  assert.equal(ends.length, 3);
  const [first, second] = [made(), made()];
  ends[2]!.resolve(second);
  ends[1]!.resolve(first);
  assert.equal(await stale, first);
  assert.equal(await fresh, second);
  assert.equal(await committers.of(TABLE), second, 'the one that was asked for last stays');
});

/** Files of rejected lines: what is kept, what drops out, and what a reader sees of it meanwhile. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { LINE_NOT_UTF8, LINE_TYPE_CONFLICT, PRECISION_S } from '../../assembly/layout/codes.js';
import { systemDisk, type Disk } from '../../src/disk.js';
import { markTaken, RejectReader, type FoundReject } from '../../src/rejects/reader.js';
import { recordWriter, sourceOf } from '../../src/rejects/reject-record.js';
import { RejectStore } from '../../src/rejects/reject-store.js';
import { FakeClock } from '../http/fake-clock.js';

const DATABASE = { name: 'a/b', folder: 'a~2Fb' };
const record = recordWriter({ timeMs: 1_700_000_000_000, precision: PRECISION_S, defaultTime: 1_700_000_000_000_000_000n });

function refused(...sources: readonly (string | Buffer)[]) {
  const texts = sources.map((source, i) => record({
    line: i + 1, column: 3, code: typeof source === 'string' ? LINE_TYPE_CONFLICT : LINE_NOT_UTF8, source: Buffer.from(source),
  }));
  return { text: Buffer.from(texts.join('')), kept: sources.length };
}

function start(t: TestContext, bytesMax = 1 << 20, disk: Disk = systemDisk) {
  const folder = mkdtempSync(join(tmpdir(), 'sl-rejects-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const troubles: string[] = [];
  const problems: string[] = [];
  const open = () => new RejectStore({ disk, clock: new FakeClock(), folder, bytesMax, onTrouble: (sentence) => troubles.push(sentence) });
  return { folder, open, store: open(), troubles, problems, reader: () => new RejectReader(systemDisk, folder, (sentence) => problems.push(sentence.replaceAll(`${folder}/`, ''))) };
}

async function all(reader: RejectReader): Promise<FoundReject[]> {
  const found: FoundReject[] = [];
  for await (const one of reader.next()) found.push(one);
  return found;
}

const sources = (found: readonly FoundReject[]) => found.map(({ record: one }) => sourceOf(one).toString('latin1'));

test('a rejected line comes back with all that is needed to write it again', async (t) => {
  const { store, reader } = start(t);
  store.keep(DATABASE, refused('m v="é\n"', Buffer.from([0x6d, 0xff, 0x20])), 2);
  await store.settled();
  const [line, binary] = await all(reader());
  assert.equal(line!.database, 'a/b');
  assert.deepEqual(line!.record, {
    time: '2023-11-14T22:13:20.000Z', line: 1, column: 3, code: 'type-conflict', precision: 's', default_time: '1700000000000000000', source: 'm v="é\n"',
  });
  assert.deepEqual([binary!.record.code, binary!.record.source, [...sourceOf(binary!.record)]], ['not-utf8', undefined, [0x6d, 0xff, 0x20]]);
  assert.deepEqual(store.counts, { kept: 2, dropped: 0 });
});

test('a reader goes on where it was, over files and starts, and passes a torn line', async (t) => {
  const { folder, open, store, reader } = start(t);
  const one = reader();
  assert.deepEqual(await all(one), []);
  store.keep(DATABASE, refused('a', 'b'), 2);
  await store.close();
  assert.deepEqual(sources(await all(one)), ['a', 'b']);
  const [file] = readdirSync(join(folder, DATABASE.folder));
  appendFileSync(join(folder, DATABASE.folder, file!), '{"time":"torn');
  assert.deepEqual(await all(one), []);
  const next = open();
  next.keep(DATABASE, refused('c'), 1);
  next.keep({ name: 'z', folder: 'z' }, refused('d'), 1);
  await next.close();
  assert.deepEqual((await all(one)).map(({ database, record: { source } }) => [database, source]), [['a/b', 'c'], ['z', 'd']]);
  assert.deepEqual(sources(await all(reader())), ['a', 'b', 'c', 'd']);
  assert.equal(readdirSync(join(folder, DATABASE.folder)).length, 1);
});

test('who writes lines again reads those that were there, whatever clock they are of, and none that are refused meanwhile', async (t) => {
  const { store, reader } = start(t);
  const later = { name: 'z', folder: 'z' };
  store.keep(DATABASE, refused('a', 'b'), 2);
  store.keep(later, refused('c'), 1);
  await store.settled();
  const found: FoundReject[] = [];
  for await (const one of reader().untilNow()) {
    found.push(one);
    for (const database of [DATABASE, later]) store.keep(database, refused('again'), 1);
    await store.settled();
  }
  assert.deepEqual(sources(found), ['a', 'b', 'c']);
  assert.equal((await all(reader())).length, 9);
});

test('the oldest lines drop out, and a database never takes more than its bytes', async (t) => {
  const bytesMax = 64 * 1024;
  const { folder, store, reader } = start(t, bytesMax);
  const seqs = Array.from({ length: 2000 }, (_, i) => `line ${i}`);
  for (let at = 0; at < seqs.length; at += 50) store.keep(DATABASE, refused(...seqs.slice(at, at + 50)), 50);
  await store.close();
  const files = readdirSync(join(folder, DATABASE.folder)).map((name) => statSync(join(folder, DATABASE.folder, name)).size);
  assert.ok(files.reduce((sum, bytes) => sum + bytes, 0) <= bytesMax);
  const left = sources(await all(reader()));
  assert.ok(left.length > 250, `${left.length} lines`);
  assert.deepEqual(left, seqs.slice(-left.length), 'the newest, in order');
});

test('a body with more than a file holds is spread over files; a line longer than a file is dropped and counted', async (t) => {
  const { store, reader } = start(t, 8 * 1024);
  store.keep(DATABASE, refused('x'.repeat(2000), ...Array.from({ length: 20 }, (_, i) => `y${i}`)), 25);
  await store.close();
  assert.deepEqual(sources(await all(reader())), Array.from({ length: 20 }, (_, i) => `y${i}`));
  assert.deepEqual(store.counts, { kept: 20, dropped: 5 });
});

test('lines that were taken are passed over', async (t) => {
  const { store, reader } = start(t);
  store.keep(DATABASE, refused('a', 'b', 'c'), 3);
  await store.close();
  const found = await all(reader());
  await markTaken(systemDisk, [found[0]!, found[2]!]);
  assert.deepEqual(sources(await all(reader())), ['b']);
  rmSync(found[1]!.path);
  await markTaken(systemDisk, [found[1]!]);
});

test('what a full disk refuses is dropped and counted, said once, and later lines are kept', async (t) => {
  let isFull = true;
  const disk: Disk = {
    ...systemDisk,
    async open(path, how) {
      const file = await systemDisk.open(path, how);
      return { ...file, write: (bytes, position) => (isFull ? Promise.reject(new Error('no space')) : file.write(bytes, position)) };
    },
  };
  const { store, reader, troubles } = start(t, 1 << 20, disk);
  store.keep(DATABASE, refused('a', 'b'), 2);
  store.keep(DATABASE, refused('c'), 1);
  await store.settled();
  assert.deepEqual(store.counts, { kept: 0, dropped: 3 });
  assert.deepEqual(troubles, ['rejected lines cannot be kept: no space']);
  isFull = false;
  store.keep(DATABASE, refused('d'), 1);
  await store.close();
  assert.deepEqual(sources(await all(reader())), ['d']);
  assert.deepEqual(store.counts, { kept: 1, dropped: 3 });
});

test('what comes faster than the disk takes it is dropped and counted, and nothing waits for it', async (t) => {
  const { store } = start(t, 256 << 20);
  const large = { text: Buffer.from(`${'x'.repeat((4 << 20) - 1)}\n`), kept: 1 };
  for (let i = 0; i < 12; i += 1) store.keep(DATABASE, large, 1);
  assert.equal(store.counts.dropped, 4);
  await store.close();
  assert.deepEqual(store.counts, { kept: 8, dropped: 4 });
});

test('of a database that is dropped nothing stays', async (t) => {
  const { folder, store } = start(t);
  store.keep(DATABASE, refused('a'), 1);
  await store.forget(DATABASE.folder);
  await store.forget('never');
  assert.deepEqual(readdirSync(folder), []);
});

test('one part that cannot be read hides no other, and is said once', async (t) => {
  const { folder, store, reader, problems } = start(t);
  store.keep(DATABASE, refused('a'), 1);
  store.keep({ name: 'z', folder: 'z' }, refused('b'), 1);
  await store.close();
  writeFileSync(join(folder, 'a'), 'no folder');
  mkdirSync(join(folder, 'z', '0000000000000001.jsonl'));
  writeFileSync(join(folder, 'z', '0000000000000002.jsonl'), 'garbage\n{"code":"x"}\n');
  writeFileSync(join(folder, 'z', '9999999999999999.jsonl'), 'garbage\n');
  const one = reader();
  assert.deepEqual(sources(await all(one)), ['a', 'b']);
  assert.deepEqual(problems.map((sentence) => sentence.split(':')[0]), [
    'a is passed over',
    'z/0000000000000001.jsonl cannot be read, what is left of it is passed over',
    'z/0000000000000002.jsonl does not say in its first line of which database its lines are',
  ]);
  assert.deepEqual(await all(one), []);
  assert.equal(problems.length, 3);
});

test('a file where the folder of all should be is said', async (t) => {
  const { folder, problems } = start(t);
  writeFileSync(join(folder, 'file'), '');
  assert.deepEqual(await all(new RejectReader(systemDisk, join(folder, 'file'), (sentence) => problems.push(sentence))), []);
  assert.match(problems.join(), /file is passed over: .*\(ENOTDIR\)/);
});

test('a record that is damaged is passed over and said, whatever of it is; those around it come back', async (t) => {
  const { folder, store, reader, problems } = start(t);
  store.keep(DATABASE, refused('a', 'b', 'c'), 3);
  await store.close();
  const path = join(folder, DATABASE.folder, readdirSync(join(folder, DATABASE.folder))[0]!);
  const whole = readFileSync(path, 'utf8').split('\n');
  const damages: readonly [RegExp, string][] = [
    [/"s"/, '"x"'], [/"1700000000000000000"/, '"17x"'], [/"line":2/, '"line":"2"'], [/"time"/, '"tine"'], [/"source"/, '"sourse"'], [/\}$/, ''], [/"code":"[^"]+"/, '"code":7'],
  ];
  for (const [from, to] of damages) {
    writeFileSync(path, whole.with(2, whole[2]!.replace(from, to)).join('\n'));
    assert.deepEqual(sources(await all(reader())), ['a', 'c'], String(from));
    assert.match(problems.pop()!, /has lines that are damaged or cut off/);
  }
});

test('files of others, and one whose head is damaged, are not gone on with: each new line is kept where it can be read', async (t) => {
  const { folder, open, store, reader } = start(t);
  store.keep(DATABASE, refused('a'), 1);
  await store.close();
  const own = join(folder, DATABASE.folder);
  const strays: readonly (() => void)[] = [
    () => writeFileSync(join(own, '9007199254740991.jsonl'), 'garbage\n'),
    () => writeFileSync(join(own, '9007199254740990.jsonl'), ''),
    () => writeFileSync(join(own, '9999999999999999.jsonl'), 'garbage\n'),
    () => mkdirSync(join(own, '8999999999999999.jsonl')),
    () => writeFileSync(join(own, '8999999999999998.jsonl'), '{"format":1,"database":"torn'),
  ];
  for (const [i, place] of strays.entries()) {
    place();
    const next = open();
    next.keep(DATABASE, refused(`b${i}`), 1);
    await next.close();
    assert.deepEqual(next.counts, { kept: 1, dropped: 0 });
    assert.deepEqual(sources(await all(reader())), ['a', ...Array.from({ length: i + 1 }, (_, at) => `b${at}`)]);
  }
  assert.equal(readFileSync(join(own, '9007199254740991.jsonl'), 'utf8'), 'garbage\n');
});

test('each file says whose lines it holds', async (t) => {
  const { folder, store } = start(t);
  store.keep(DATABASE, refused('a'), 1);
  await store.close();
  const [file] = readdirSync(join(folder, DATABASE.folder));
  assert.match(file!, /^\d{16}\.jsonl$/);
  assert.equal(readFileSync(join(folder, DATABASE.folder, file!), 'utf8').split('\n')[0], '{"format":1,"database":"a/b"}');
});

test('of a hundred databases few files are open at once, and each keeps its lines', async (t) => {
  let open = 0;
  let openMax = 0;
  const counted: Disk = {
    ...systemDisk,
    open: async (path, how) => {
      const file = await systemDisk.open(path, how);
      openMax = Math.max(openMax, open += 1);
      return { ...file, close: () => file.close().finally(() => (open -= 1)) };
    },
  };
  const { reader, store } = start(t, 1 << 20, counted);
  for (let round = 0; round < 2; round += 1) {
    for (let n = 0; n < 100; n += 1) store.keep({ name: `d${n}`, folder: `d${n}` }, refused(`m v=${round}`), 1);
    await store.settled();
  }
  assert.ok(openMax <= 18, `${openMax} files were open`);
  assert.deepEqual(store.counts, { kept: 200, dropped: 0 });
  assert.equal((await all(reader())).length, 200);
  await store.close();
  assert.equal(open, 0);
});

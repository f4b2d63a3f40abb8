/** Tokens: made, kept as hashes, rotated, deleted, read again; whatever the disk does. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { hashToken, type TokenOrder } from '../../src/auth/token.js';
import type { SluiceError } from '../../src/errors.js';
import { CRASH_POLICIES, MemoryDisk } from '../fault/memory-disk.js';
import { FakeClock } from '../http/fake-clock.js';
import { diskWithoutTokens, makeStore, PATHS } from './make-store.js';

const FORM = /^apiv3_[A-Za-z0-9_-]{86}$/;
const DAY_MS = 86_400_000;
const writer = (name: string | null, lifeMs: number | null = null): TokenOrder => ({ name, lifeMs, rights: [{ databases: ['a', 'b*'], permissions: ['write'] }] });
const admin = (name: string | null): TokenOrder => ({ name, lifeMs: null, rights: 'admin' });
const withCode = (code: string) => (error: SluiceError): boolean => error.code === code;

test('the first start makes _admin and no later one does', async () => {
  const first = await makeStore();
  assert.match(first.admin, FORM);
  assert.equal(first.disk.content(PATHS.adminToken).toString(), `${first.admin}\n`);
  assert.deepEqual(first.store.list().map(({ id, name, rights }) => [id, name, rights]), [[1, '_admin', 'admin']]);
  const second = await makeStore({ disk: first.disk });
  assert.equal(second.admin, '');
  assert.equal(second.store.find(hashToken(first.admin))?.name, '_admin');
});

test('a token is kept as its SHA-512, with its rights and life', async () => {
  const clock = new FakeClock();
  const { store, disk } = await makeStore({ clock });
  const { entry, token } = await store.create(writer('agents', 90 * DAY_MS));
  assert.match(token, FORM);
  assert.equal(entry.sha512, hashToken(token));
  assert.deepEqual([entry.createdMs, entry.expiresMs], [clock.nowMs(), clock.nowMs() + 90 * DAY_MS]);
  const text = disk.content(PATHS.tokens).toString();
  assert.ok(!text.includes(token) && !text.includes(token.slice(6)));
  const again = await makeStore({ disk, clock });
  assert.deepEqual(again.store.list(), store.list());
  assert.deepEqual(again.store.find(hashToken(token)), entry);
});

test('names: given, by default, taken, and ids are not used again', async () => {
  const { store } = await makeStore();
  assert.equal((await store.create(writer(null))).entry.name, 'token-2');
  assert.equal((await store.create(admin('ops'))).entry.id, 3);
  await assert.rejects(store.create(writer('ops')), withCode('token-exists'));
  await assert.rejects(store.create(admin(null)), withCode('token-exists'));
  await store.delete('ops');
  assert.equal((await store.create(writer('ops'))).entry.id, 4);
});

test('a deleted token is not known any more, and _admin cannot be deleted', async () => {
  const { store, disk } = await makeStore();
  const { token } = await store.create(writer('x'));
  await store.delete('x');
  assert.equal(store.find(hashToken(token)), undefined);
  await assert.rejects(store.delete('x'), withCode('token-not-found'));
  await assert.rejects(store.delete('_admin'), withCode('token-protected'));
  assert.equal((await makeStore({ disk })).store.list().length, 1);
});

test('a rotated token has a new text, the same rights, and its life anew', async () => {
  const clock = new FakeClock();
  const { store } = await makeStore({ clock });
  const old = await store.create(writer('x', DAY_MS));
  clock.advance(DAY_MS / 2);
  const { token, entry } = await store.rotate('x');
  assert.match(token, FORM);
  assert.equal(store.find(hashToken(old.token)), undefined);
  assert.deepEqual(store.find(hashToken(token)), entry);
  assert.deepEqual([entry.id, entry.rights, entry.expiresMs], [old.entry.id, old.entry.rights, clock.nowMs() + DAY_MS]);
  await assert.rejects(store.rotate('y'), withCode('token-not-found'));
});

test('admin-token follows _admin while it stands, and is not made again', async () => {
  const { store, disk } = await makeStore();
  const { token } = await store.rotate('_admin');
  assert.equal(disk.content(PATHS.adminToken).toString(), `${token}\n`);
  await disk.remove(PATHS.adminToken);
  await store.rotate('_admin');
  assert.equal(await disk.exists(PATHS.adminToken), false);
});

test('changes at one time all hold', async () => {
  const { store, disk } = await makeStore();
  await Promise.all([...Array.from({ length: 20 }, (_, n) => store.create(writer(`t${n}`))), store.rotate('_admin'), store.delete('t3')]);
  const names = (await makeStore({ disk })).store.list().map(({ name }) => name);
  assert.equal(names.length, 20);
  assert.ok(!names.includes('t3'));
});

test('every change is told', async () => {
  const { store } = await makeStore();
  let changes = 0;
  store.onChange(() => (changes += 1));
  await store.create(writer('x'));
  await store.rotate('x');
  await store.delete('x');
  await store.reload();
  assert.equal(changes, 4);
});

const wrongOrders: readonly [what: string, order: TokenOrder, code: string][] = [
  ['no grant', { ...admin('x'), rights: [] }, 'bad-parameter'],
  ['no database', { ...admin('x'), rights: [{ databases: [], permissions: ['read'] }] }, 'bad-parameter'],
  ['no permission', { ...admin('x'), rights: [{ databases: ['a'], permissions: [] }] }, 'bad-parameter'],
  ['an unknown permission', { ...admin('x'), rights: [{ databases: ['a'], permissions: ['rule' as 'read'] }] }, 'bad-parameter'],
  ['a name that no database has', { ...admin('x'), rights: [{ databases: ['a/b/c'], permissions: ['read'] }] }, 'bad-database-name'],
  ['a star in the middle', { ...admin('x'), rights: [{ databases: ['a*b'], permissions: ['read'] }] }, 'bad-database-name'],
  ['two stars', { ...admin('x'), rights: [{ databases: ['a**'], permissions: ['read'] }] }, 'bad-database-name'],
  ['an empty database', { ...admin('x'), rights: [{ databases: [''], permissions: ['read'] }] }, 'bad-database-name'],
  ['an empty name', admin(''), 'bad-parameter'],
  ['a line break in the name', admin('a\nb'), 'bad-parameter'],
  ['a long name', admin('n'.repeat(129)), 'bad-parameter'],
  ['no life', { ...admin('x'), lifeMs: 0 }, 'bad-parameter'],
  ['a life before now', { ...admin('x'), lifeMs: -1 }, 'bad-parameter'],
  ['a life without end', { ...admin('x'), lifeMs: 1e15 }, 'bad-parameter'],
];
for (const [what, order, code] of wrongOrders) {
  test(`refused: ${what}`, async () => {
    const { store } = await makeStore();
    assert.throws(() => store.create(order), withCode(code));
    assert.equal(store.list().length, 1);
  });
}

test('the longest name and the longest life', async () => {
  const { store } = await makeStore();
  const { entry } = await store.create({ name: 'n'.repeat(128), rights: 'admin', lifeMs: 100 * 366 * DAY_MS });
  assert.equal(entry.expiresMs! - entry.createdMs!, 100 * 366 * DAY_MS);
});

test('patterns that are good', async () => {
  const { store } = await makeStore();
  for (const pattern of ['a', 'a/week', 'a*', 'a/*', '*']) await store.create({ name: pattern, lifeMs: null, rights: [{ databases: [pattern], permissions: ['read'] }] });
  assert.equal(store.list().length, 6);
});

const OLD_FILES: readonly [format: number, text: string][] = [
  [1, JSON.stringify({ format: 1, tokens: [{ name: '_admin', sha512: hashToken('apiv3_old') }] })],
  [2, JSON.stringify({ format: 2, nextId: 2, tokens: [{ id: 1, name: '_admin', sha512: hashToken('apiv3_old'), created: null, expires: null, admin: true }] })],
];
for (const [format, text] of OLD_FILES) {
  test(`format ${format} is read, and becomes format 3 at the next change`, async () => {
    const disk = new MemoryDisk();
    disk.place(PATHS.tokens, Buffer.from(`${text}\n`));
    const { store } = await makeStore({ disk });
    const old = store.find(hashToken('apiv3_old'));
    assert.deepEqual([old?.id, old?.name, old?.rights, old?.expiresMs, old?.createdMs], [1, '_admin', 'admin', null, null]);
    assert.equal(disk.content(PATHS.tokens).toString(), `${text}\n`);
    await store.create(writer('x'));
    assert.match(disk.content(PATHS.tokens).toString(), /^\{"format":3,.*,"crc":"[0-9a-f]{8}"\}\n$/);
    assert.deepEqual((await makeStore({ disk })).store.list().map(({ id, name }) => [id, name]), [[1, '_admin'], [2, 'x']]);
  });
}

const wrongFiles: readonly [what: string, text: string][] = [
  ['no JSON', '{"format":2'],
  ['another format', '{"format":4,"nextId":1,"tokens":[]}'],
  ['no checksum', '{"format":3,"nextId":1,"tokens":[]}'],
  ['a checksum that an older format has not', '{"format":2,"nextId":1,"tokens":[],"crc":"00000000"}'],
  ['no byte', ''],
  ['no list', '{"format":2,"nextId":1}'],
  ['a list', '[]'],
  ['a text for a hash', '{"format":1,"tokens":[{"name":"_admin","sha512":"apiv3_x"}]}'],
  ['no rights', JSON.stringify({ format: 2, nextId: 2, tokens: [{ id: 1, name: 'x', sha512: hashToken('x'), created: 0, expires: null }] })],
  ['no expiry', JSON.stringify({ format: 2, nextId: 2, tokens: [{ id: 1, name: 'x', sha512: hashToken('x'), created: 0, admin: true }] })],
  ['an unknown permission', JSON.stringify({ format: 2, nextId: 2, tokens: [{ id: 1, name: 'x', sha512: hashToken('x'), created: 0, expires: null, grants: [{ databases: ['a'], permissions: ['all'] }] }] })],
  ['one name twice', JSON.stringify({ format: 1, tokens: [{ name: 'x', sha512: hashToken('x') }, { name: 'x', sha512: hashToken('y') }] })],
  ['half an id', JSON.stringify({ format: 2, nextId: 3, tokens: [{ id: 1.5, name: 'x', sha512: hashToken('x'), created: 0, expires: null, admin: true }] })],
  ['an id of the future after a good one', JSON.stringify({ format: 2, nextId: 2, tokens: [1, 2].map((id) => ({ id, name: `t${id}`, sha512: hashToken(`${id}`), created: 0, expires: null, admin: true })) })],
  ['nothing', 'null'],
  ['an id of the future', JSON.stringify({ format: 2, nextId: 1, tokens: [{ id: 1, name: 'x', sha512: hashToken('x'), created: 0, expires: null, admin: true }] })],
];
/** What was moved to quarantine. */
async function quarantined(disk: MemoryDisk): Promise<string[]> {
  return (await disk.list(PATHS.quarantine)).map((name) => disk.content(join(PATHS.quarantine, name)).toString());
}

for (const [what, text] of wrongFiles) {
  test(`tokens.json with ${what} is set aside and nobody is let in; a reload keeps what was known`, async () => {
    const disk = new MemoryDisk();
    disk.place(PATHS.tokens, Buffer.from(text));
    const { store, admin: made, reports } = await makeStore({ disk });
    assert.equal(made, '');
    assert.deepEqual([store.list().length, store.isOpen], [0, false]);
    assert.match(reports.join(), /^\/data\/tokens\.json cannot be read: .*; it is kept as \/data\/quarantine\/tokens\.json-[0-9a-f]{8}\.bad$/);
    assert.match(store.problem()!, /sluice token create --admin/);
    assert.deepEqual(await quarantined(disk), [text]);
    assert.equal(await disk.exists(PATHS.tokens), false);
    assert.equal(await disk.exists(PATHS.adminToken), false);
    const good = await makeStore();
    good.disk.place(PATHS.tokens, Buffer.from(text));
    await assert.rejects(good.store.reload(), /cannot be read/);
    assert.equal(good.store.find(hashToken(good.admin))?.name, '_admin');
  });
}

test('lost tokens stay lost at later starts, until one is made', async () => {
  const { disk, admin: old } = await makeStore();
  disk.place(PATHS.tokens, Buffer.from('{'));
  await makeStore({ disk });
  const later = await makeStore({ disk });
  assert.deepEqual([later.admin, later.store.isOpen, later.store.find(hashToken(old))], ['', false, undefined]);
  assert.match(later.reports.join(), /tokens\.json is missing, though the folder was in use/);
  const { token } = await later.store.create(admin(null));
  assert.equal(later.store.problem(), null);
  const after = await makeStore({ disk });
  assert.deepEqual([after.store.find(hashToken(token))?.name, after.reports, after.store.problem()], ['_admin', [], null]);
});

for (const left of [PATHS.catalog, PATHS.catalogPrevious, join(PATHS.log, '0000000000000001.log'), join(PATHS.tables, 'db'), join(PATHS.quarantine, 'x.bad')]) {
  test(`a folder with ${left} and without tokens.json is not new: nobody is let in`, async () => {
    const disk = new MemoryDisk();
    disk.place(left, Buffer.from('{}'));
    const { store, admin: made } = await makeStore({ disk });
    assert.deepEqual([made, store.isOpen, store.list().length], ['', false, 0]);
    assert.notEqual(store.problem(), null);
  });
}

test('every flipped bit of tokens.json is noticed', async () => {
  const { store, disk } = await makeStore();
  await store.create(writer('x'));
  const good = disk.content(PATHS.tokens);
  for (let bit = 0; bit < 8 * good.length; bit += 1) {
    const bytes = Buffer.from(good);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    const flipped = new MemoryDisk();
    flipped.place(PATHS.tokens, bytes);
    const opened = await makeStore({ disk: flipped });
    assert.deepEqual([opened.store.list().length, opened.store.isOpen, opened.reports.length], [0, false, 1], `bit ${bit}`);
  }
});

test('an emptied tokens.json lets the first token be made by anyone, and a damaged one does not', async () => {
  const { store, reports } = await makeStore({ disk: diskWithoutTokens() });
  assert.deepEqual([store.isOpen, store.problem(), reports], [true, null, []]);
});

test('a tokens.json that the disk does not give stays in its place, is read by a later reload, and is kept when a token is made', async () => {
  for (const how of ['reload', 'create'] as const) {
    const { disk, admin: old } = await makeStore();
    const text = disk.content(PATHS.tokens).toString();
    disk.failNth('read', 1, 'sticky');
    const { store, reports } = await makeStore({ disk });
    assert.match(reports.join(), /EIO.*; it stays in its place$/);
    assert.deepEqual([store.isOpen, store.list().length], [false, 0]);
    disk.healFaults();
    if (how === 'reload') {
      await store.reload();
      assert.deepEqual([store.find(hashToken(old))?.name, store.problem()], ['_admin', null]);
      assert.deepEqual(await quarantined(disk), []);
    } else {
      await store.create(admin(null));
      assert.deepEqual(await quarantined(disk), [text]);
    }
  }
});

test('where nothing can be moved to quarantine, the damaged file stays until it can', async () => {
  const disk = new MemoryDisk();
  disk.place(PATHS.tokens, Buffer.from('{'));
  disk.failNth('makeFolder', 2, 'sticky');
  const { store, reports } = await makeStore({ disk });
  assert.match(reports.join(), /it stays in its place, for it could not be moved to quarantine: .*EIO/);
  await assert.rejects(store.create(admin(null)), /EIO/);
  assert.equal(disk.content(PATHS.tokens).toString(), '{');
  disk.healFaults();
  await store.create(admin(null));
  assert.deepEqual(await quarantined(disk), ['{']);
});

test('a disk that takes no token at the first start stops nothing and lets nobody in; the token is made when it can be', async () => {
  for (const what of ['open', 'write', 'sync', 'syncFolder', 'rename'] as const) {
    const disk = new MemoryDisk();
    disk.failNth(what, 1, 'sticky');
    const { store, admin: made } = await makeStore({ disk });
    assert.deepEqual([made, store.isOpen], ['', false]);
    assert.match(store.problem()!, /tokens could not be written, which is tried again: EIO/);
    await store.heal();
    assert.notEqual(store.problem(), null);
    disk.healFaults();
    await store.heal();
    assert.equal(store.problem(), null);
    const token = disk.content(PATHS.adminToken).toString().trim();
    assert.equal((await makeStore({ disk })).store.find(hashToken(token))?.name, '_admin');
  }
});

test('a disk that does not take the token of the admin token file stops nothing', async () => {
  const disk = given({ token: 'apiv3_given', name: 'robot' });
  await makeStore({ disk });
  disk.failNth('write', 1, 'sticky');
  const { store } = await makeStore({ disk, adminTokenFile: GIVEN });
  assert.deepEqual([store.list().map(({ name }) => name), store.problem() === null], [['_admin'], false]);
  disk.healFaults();
  await store.heal();
  assert.deepEqual([store.list().map(({ name }) => name), store.problem()], [['_admin', 'robot'], null]);
});

test('reload takes what stands in the file', async () => {
  const clock = new FakeClock();
  const mine = await makeStore({ clock });
  const other = await makeStore({ disk: mine.disk, clock });
  const { token } = await other.store.create(writer('x'));
  assert.equal(mine.store.find(hashToken(token)), undefined);
  await mine.store.reload();
  assert.equal(mine.store.find(hashToken(token))?.name, 'x');
});

const GIVEN = '/etc/admin.json';
const given = (file: unknown): MemoryDisk => {
  const disk = new MemoryDisk();
  disk.place(GIVEN, Buffer.from(typeof file === 'string' ? file : JSON.stringify(file)));
  return disk;
};

test('an admin token file takes the place of the token of the first start', async () => {
  const disk = given({ token: 'apiv3_given', name: 'robot', expiry_millis: 2_000_000_000_000 });
  const first = await makeStore({ disk, adminTokenFile: GIVEN });
  assert.equal(first.admin, '');
  assert.equal(await disk.exists(PATHS.adminToken), false);
  const { name, rights, expiresMs } = first.store.find(hashToken('apiv3_given'))!;
  assert.deepEqual([name, rights, expiresMs], ['robot', 'admin', 2_000_000_000_000]);
  assert.equal((await first.store.create(admin(null))).entry.name, '_admin');
});

test('an admin token file adds to the tokens there are, and skips a name that is taken', async () => {
  const disk = given({ token: 'apiv3_given', name: 'robot' });
  const { admin: own } = await makeStore({ disk });
  const added = await makeStore({ disk, adminTokenFile: GIVEN });
  assert.deepEqual(added.store.list().map(({ name }) => name), ['_admin', 'robot']);
  assert.equal(added.store.find(hashToken(own))?.name, '_admin');
  disk.place(GIVEN, Buffer.from(JSON.stringify({ token: 'apiv3_other', name: 'robot' })));
  await added.store.reload();
  assert.equal(added.store.find(hashToken('apiv3_other')), undefined);
  assert.equal(added.store.find(hashToken('apiv3_given'))?.name, 'robot');
});

for (const [what, file] of [
  ['no JSON', '{"token":"apiv3_secret"'],
  ['a token of another form', { token: 'secret', name: 'x' }],
  ['a token with a space', { token: 'apiv3_a secret', name: 'x' }],
  ['no name', { token: 'apiv3_secret' }],
  ['a text as expiry', { token: 'apiv3_secret', name: 'x', expiry_millis: 'soon' }],
] as const) {
  test(`an admin token file with ${what} stops the start without a word of the token`, async () => {
    await assert.rejects(makeStore({ disk: given(file), adminTokenFile: GIVEN }), (error: Error) => {
      assert.match(error.message, /^the admin token file \/etc\/admin\.json cannot be read: /);
      return !error.message.includes('secret');
    });
  });
}

test('a missing admin token file stops the start', async () => {
  await assert.rejects(makeStore({ adminTokenFile: '/none' }), /there is no admin token file \/none/);
});

test('a change that could not be written did not happen', async () => {
  const { store, disk } = await makeStore();
  disk.failNth('sync', 1, 'once');
  await assert.rejects(store.create(writer('x')));
  assert.equal(store.list().length, 1);
  const { token } = await store.create(writer('x'));
  assert.ok((await makeStore({ disk })).store.find(hashToken(token)) !== undefined);
});

for (const policy of CRASH_POLICIES) {
  test(`a token that was made is there after a power cut (${policy})`, async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { store, disk } = await makeStore();
      const { token } = await store.create(writer('x'));
      const { store: after } = await makeStore({ disk: disk.crash(policy, seed) });
      assert.equal(after.find(hashToken(token))?.name, 'x');
    }
  });
}

for (const policy of CRASH_POLICIES) {
  test(`C11: while _admin is rotated, a power cut at any operation leaves a text in admin-token that is let in (${policy})`, async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { store, disk } = await makeStore();
      const images: [string, MemoryDisk][] = [];
      disk.after = (operation, path) => void images.push([`${operation} ${path}`, disk.crash(policy, seed)]);
      await store.rotate('_admin');
      assert.ok(images.length > 5);
      for (const [when, image] of images) {
        const { store: next, admin: made } = await makeStore({ disk: image });
        assert.equal(made, '', 'none was made anew');
        const token = image.content(PATHS.adminToken).toString().trim();
        assert.equal(next.find(hashToken(token))?.name, '_admin', `after ${when}`);
        assert.equal(await image.exists(`${PATHS.adminToken}.new`), false);
      }
    }
  });
}

test('C11: a rotation whose admin-token cannot be put in its place stands, is said, and is tried again', async () => {
  const { store, disk } = await makeStore();
  disk.failNth('rename', 2, 'sticky');
  const { token } = await store.rotate('_admin');
  assert.equal(store.find(hashToken(token))?.name, '_admin');
  assert.match(store.problem()!, /admin-token has no token that is let in, and is tried again: EIO/);
  disk.healFaults();
  await store.heal();
  assert.equal(store.problem(), null);
  assert.equal(disk.content(PATHS.adminToken).toString(), `${token}\n`);
});

test('C11: a rotation that tokens.json does not take changes neither file', async () => {
  for (const what of ['write', 'sync', 'rename'] as const) {
    const { store, disk, admin: old } = await makeStore();
    disk.failNth(what, what === 'rename' ? 1 : 2, 'sticky');
    await assert.rejects(store.rotate('_admin'), /EIO/);
    disk.healFaults();
    assert.equal(disk.content(PATHS.adminToken).toString(), `${old}\n`);
    const { store: next } = await makeStore({ disk });
    assert.equal(next.find(hashToken(old))?.name, '_admin');
    assert.equal(await disk.exists(`${PATHS.adminToken}.new`), false);
  }
});

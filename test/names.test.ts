import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  checkDatabaseName, columnName, commitName, dataFileName, dataPaths, fold, folderName, goneName, isPlainFile, isQuarantinedName, mergedFileName, newestName, parseDataFileName, parseMarkName, parseMergedFileName,
  parseRejectsName, parseSegmentName, plainFileName, quarantinedName, rejectsName, ROW_NUMBER, segmentName, type TriedNames,
} from '../src/names.js';

/** Names given one after another in one table. */
function columns(...keys: string[]): string[] {
  const folded = new Set<string>();
  return keys.map((key) => {
    const name = columnName(key, (candidate) => folded.has(candidate));
    folded.add(fold(name));
    return name;
  });
}

/** Folders given one after another beside each other. */
function folders(...names: string[]): string[] {
  const folded = new Set<string>();
  return names.map((name) => {
    const folder = folderName(name, (candidate) => folded.has(candidate));
    folded.add(fold(folder));
    return folder;
  });
}

test('a plain key is its own column name', () => {
  for (const key of ['usage_idle', 'Ünï', 'a.b', '..', '~2', '"`\'', '/\\#@?*[]<>|^:$', '\u2028', '\u200b', '_metadata', '1']) {
    assert.deepEqual(columns(key), [key]);
  }
});

test('what Delta forbids in a column name becomes %XX, and so does %', () => {
  assert.deepEqual(columns(' ,;{}()=%\t\n'), ['%20%2C%3B%7B%7D%28%29%3D%25%09%0A']);
  assert.deepEqual(columns('a\u0000b\u001fc\u007fd\u0080'), ['a%00b%1Fc%7Fd\u0080']);
  assert.deepEqual(columns('100%', 'a%20b', 'a b'), ['100%25', 'a%2520b', 'a%20b']);
  assert.deepEqual(columns(' '), ['%20']);
});

test('keys that fold alike get ~2, ~3 in order', () => {
  assert.deepEqual(columns('host', 'HOST', 'Host', 'hosT'), ['host', 'HOST~2', 'Host~3', 'hosT~4']);
  assert.deepEqual(columns('a', 'A~2', 'A'), ['a', 'A~2', 'A~3']);
  assert.deepEqual(columns('a%2c', 'A,'), ['a%252c', 'A%2C']);
});

test('a key like one of our own columns is moved aside in any case', () => {
  assert.deepEqual(columns('Time', 'TIME', 'sluice_seq', 'SLUICE_NS'), ['Time~2', 'TIME~3', 'sluice_seq~2', 'SLUICE_NS~2']);
});

test('folding is Unicode lower case with every sigma alike', () => {
  const alike = [['Ü', 'ü'], ['\u212a', 'k'], ['ẞ', 'ß'], ['Σ', 'σ'], ['Σ', 'ς'], ['ς', 'σ'], ['𐐀', '𐐨'], ['ΑΣ', 'ας']] as const;
  for (const [first, second] of alike) assert.deepEqual(columns(first, second), [first, `${second}~2`]);
  const unlike = [['ſ', 's'], ['ß', 'ss'], ['İ', 'i'], ['á', 'a\u0301']] as const;
  for (const [first, second] of unlike) assert.deepEqual(columns(first, second), [first, second]);
});

test('a column name has at most 200 bytes and is cut at a whole character or escape', () => {
  const cjk = '測'.repeat(29);
  assert.deepEqual(columns(cjk), [cjk]);
  assert.deepEqual(columns('x'.repeat(200)), ['x'.repeat(200)]);
  assert.deepEqual(columns('x'.repeat(201), 'x'.repeat(202)), [`${'x'.repeat(198)}~2`, `${'x'.repeat(198)}~3`]);
  assert.deepEqual(columns('測'.repeat(66)), ['測'.repeat(66)]);
  assert.deepEqual(columns('測'.repeat(67)), [`${'測'.repeat(66)}~2`]);
  assert.deepEqual(columns(`${'x'.repeat(196)} y z`), [`${'x'.repeat(196)}~2`]);
  assert.deepEqual(columns(`${'x'.repeat(195)}😀😀`), [`${'x'.repeat(195)}~2`]);
  assert.deepEqual(columns(' '.repeat(67)), [`${'%20'.repeat(66)}~2`]);
});

test('thousands of keys that fold alike, or are alike up to the cut, try a few names each', () => {
  const cases = [(i: number) => Array.from({ length: 12 }, (_, bit) => ((i >> bit) & 1 ? 'A' : 'a')).join(''), (i: number) => `${'x'.repeat(200)}${i}`];
  for (const keyOf of cases) {
    const folded = new Set<string>();
    const tried: TriedNames = new Map();
    let asked = 0;
    for (let i = 0; i < 4096; i += 1) {
      const name = columnName(keyOf(i), (candidate) => {
        asked += 1;
        return folded.has(candidate);
      }, tried);
      assert.ok(name.endsWith(`~${folded.size + (keyOf(0).length > 200 ? 2 : 1)}`) || folded.size === 0, name);
      folded.add(fold(name));
    }
    assert.equal(folded.size, 4096);
    assert.ok(asked <= 3 * 4096, `${asked} names were asked for`);
  }
});

test('the cut makes room for a longer suffix', () => {
  const key = 'x'.repeat(200);
  const names = columns(...Array.from({ length: 12 }, () => key));
  assert.equal(names[0], key);
  assert.equal(names[1], `${'x'.repeat(198)}~2`);
  assert.equal(names[8], `${'x'.repeat(198)}~9`);
  assert.equal(names[9], `${'x'.repeat(197)}~10`);
  assert.equal(new Set(names).size, 12);
});

test('a folder keeps ASCII letters, digits, - and _, and escapes every other byte', () => {
  assert.deepEqual(folders('cpu-total_2'), ['cpu-total_2']);
  assert.deepEqual(folders('my table'), ['my~20table']);
  assert.deepEqual(folders('ün'), ['~C3~BCn']);
  assert.deepEqual(folders('..', '.', '/', '~', '%', 'a%20b'), ['~2E~2E', '~2E', '~2F', '~7E', '~25', 'a~2520b']);
  assert.deepEqual(folders('_delta_log', '__'), ['~5Fdelta_log', '~5F_']);
  assert.deepEqual(folders(' ', '\u200b', '\u00a0', '\u0000'), ['~20', '~E2~80~8B', '~C2~A0', '~00']);
  assert.throws(() => folders(''), RangeError);
});

test('a folder over 120 bytes is cut at a whole escape and marked with its hash', () => {
  const mark = (name: string): string => `~~${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
  const cjk = '測'.repeat(29);
  assert.deepEqual(folders('x'.repeat(120)), ['x'.repeat(120)]);
  assert.deepEqual(folders('x'.repeat(121)), [`${'x'.repeat(100)}${mark('x'.repeat(121))}`]);
  assert.deepEqual(folders(cjk), [`${'~E6~B8~AC'.repeat(11)}${mark(cjk)}`]);
  assert.equal(new Set(folders(cjk, `${cjk}a`, `${cjk}A`)).size, 3);
});

test('of two names that differ in case alone the later one escapes its upper-case letters, or its first letter', () => {
  assert.deepEqual(folders('cpu', 'CPU', 'Cpu'), ['cpu', '~43~50~55', '~43pu']);
  assert.deepEqual(folders('CPU', 'cpu', 'Cpu'), ['CPU', '~63pu', '~43pu']);
  assert.deepEqual(folders('1-A', '1-a'), ['1-A', '1-~61']);
  assert.deepEqual(folders('_A', '_a'), ['~5FA', '~5F~61']);
});

test('a name used before takes the id of the table made anew, and never a folder that is taken', () => {
  const used = new Set(['cpu', '1', '1~17']);
  const taken = (folder: string): boolean => used.has(folder);
  assert.equal(folderName('cpu', taken, 17), 'cpu~17');
  assert.equal(folderName('1', taken, 17), '1~18');
  assert.equal(folderName('1', taken), '1~2');
});

test('a database name is ASCII, of at most 64 bytes, with one / inside at most', () => {
  for (const name of ['db', '0', 'a-b_c', 'name/rp', 'x'.repeat(64)]) assert.equal(checkDatabaseName(name, 'plain'), null);
  const wrong: [name: string, problem: RegExp][] = [
    ['', /start/], ['_x', /start/], ['-x', /start/], ['/x', /start/], ['..', /start/], ['ä', /start/],
    ['a b', /something else/], ['a.b', /something else/], ['a\n', /something else/], ['aä', /something else/],
    ['a/b/c', /more than one/], ['a/', /ends with/], ['x'.repeat(65), /has 65 bytes, the limit is 64/],
  ];
  for (const [name, problem] of wrong) assert.match(checkDatabaseName(name, 'plain') ?? '', problem);
});

test('by the rule `any` a database name has spaces, dots and letters of every script, and its folder is plain all the same', () => {
  const good = ['Home Assistant', 'my.db', 'Stromzähler', '_private', '..', '.', '~', '測'.repeat(85), 'a"b\\', "it's", '%41', '🏠/two weeks', '-x', 'नमस्ते', 'x'.repeat(255)];
  for (const name of good) assert.equal(checkDatabaseName(name, 'any'), null, name);
  const wrong: [name: string, problem: RegExp][] = [
    ['', /empty/], [' a', /begins/], ['a ', /ends/], ['\u00a0a', /begins/], ['/a', /begins/], ['a/', /ends with/], ['a/b/c', /more than one/],
    ['a\nb', /control/], ['a\u0000', /control/], ['a\u0085', /control/], ['a\u2028b', /line separator/], ['a\ufffd', /not UTF-8/], ['a\ud800', /control/],
    ['a*', /stands for/], ['測'.repeat(86), /has 258 bytes, the limit is 255/],
  ];
  for (const [name, problem] of wrong) assert.match(checkDatabaseName(name, 'any') ?? '', problem, JSON.stringify(name));
  const found = folders(...good, 'home assistant', 'MY.DB', 'STROMZÄHLER', `${'測'.repeat(84)}量`);
  for (const folder of found) assert.match(folder, /^[A-Za-z0-9~-][A-Za-z0-9_~-]{0,126}$/);
  assert.equal(new Set(found.map((folder) => folder.toLowerCase())).size, found.length, 'no two on a disk that ignores case');
  // What is not cut can be read back.
  const name = (folder: string): string => Buffer.from(folder.replace(/~(..)/g, (_, byte: string) => String.fromCharCode(parseInt(byte, 16))), 'latin1').toString();
  for (const [i, folder] of found.entries()) if (!folder.includes('~~')) assert.equal(name(folder), [...good, 'home assistant', 'MY.DB', 'STROMZÄHLER'][i]);
});

test('names of files are fixed-width and read back', () => {
  assert.equal(commitName(0), '00000000000000000000.json');
  assert.equal(commitName(12345), '00000000000000012345.json');
  const name = dataFileName('3fa9c1e2', 1767225600123456, 0);
  assert.equal(name, '3fa9c1e2-1767225600123456-0.parquet');
  assert.deepEqual(parseDataFileName(name), { node: '3fa9c1e2', seq: 1767225600123456, slot: 0 });
  assert.deepEqual(parseDataFileName(dataFileName('00000000', 7, 31)), { node: '00000000', seq: 7, slot: 31 });
  for (const foreign of ['part-0000.parquet', '3fa9c1e2-1767225600123456-c0.parquet', `${name}.tmp`, '3FA9C1E2-1767225600123456-0.parquet']) {
    assert.equal(parseDataFileName(foreign), null);
  }
  const merged = mergedFileName('3fa9c1e2', 1767225600123456, 12);
  assert.equal(merged, '3fa9c1e2-1767225600123456-c12.parquet');
  assert.deepEqual(parseMergedFileName(merged), { node: '3fa9c1e2', seq: 1767225600123456, number: 12 });
  for (const other of [name, `${merged}.tmp`, '3fa9c1e2-1767225600123456-c.parquet', '3fa9c1e2-1767225600123456-c01.parquet', '3fa9c1e2-9007199254740992-c1.parquet']) {
    assert.equal(parseMergedFileName(other), null, other);
  }
  assert.equal(segmentName(1767225600123456), '1767225600123456.log');
  assert.equal(segmentName(1), '0000000000000001.log');
  assert.equal(parseSegmentName('1767225600123456.log'), 1767225600123456);
  for (const foreign of ['1.log', '1767225600123456.log.tmp', 'x767225600123456.log']) {
    assert.equal(parseSegmentName(foreign), null);
  }
});

test('files of rows as JSON lines are told from all others by their names, and no column is called as their member is', () => {
  const name = plainFileName('3fa9c1e2', 1767225600123456, 12);
  assert.equal(name, '3fa9c1e2-1767225600123456-12.jsonl');
  for (const path of [name, `db/table/${name}`, `/data/quarantine/tables/db/table/${name}`]) assert.ok(isPlainFile(path));
  const others = [
    dataFileName('3fa9c1e2', 1767225600123456, 12), quarantinedName('3fa9c1e2', 1767225600123456), `${name}.tmp`, `1700000000000-${name}`,
    rejectsName(1767225600123456), `${name}/part-0.parquet`, 'part-0.jsonl',
  ];
  for (const other of others) assert.ok(!isPlainFile(other), other);
  assert.ok(!isQuarantinedName(name));
  assert.equal(parseDataFileName(name), null);
  assert.notDeepEqual(columns(ROW_NUMBER), [ROW_NUMBER]);
});

test('marks of log segments are named after them', () => {
  assert.deepEqual([goneName(1), newestName(1767225600123456)], ['0000000000000001.gone', '1767225600123456.newest']);
  for (const over of ['9007199254740992', '9999999999999999']) {
    assert.equal(parseSegmentName(`${over}.log`), null);
    assert.equal(parseMarkName(`${over}.newest`), null);
    assert.equal(parseRejectsName(`${over}.jsonl`), null);
    assert.equal(parseDataFileName(`3fa9c1e2-${over}-0.parquet`), null);
  }
  assert.deepEqual(parseMarkName('0000000000000001.gone'), { says: 'gone', first: 1 });
  assert.deepEqual(parseMarkName('1767225600123456.newest'), { says: 'newest', first: 1767225600123456 });
  for (const other of ['1767225600123456.log', '1.gone', '1767225600123456.newest2', 'x1767225600123456.gone']) assert.equal(parseMarkName(other), null);
});

test('paths of the data folder', () => {
  const paths = dataPaths('data');
  assert.deepEqual({ ...paths, tmp: paths.tmp('8f3a'), drafts: paths.drafts('8f3a') }, {
    socket: 'data/sluice.sock',
    adminToken: 'data/admin-token',
    tokens: 'data/tokens.json',
    catalog: 'data/catalog.json',
    catalogPrevious: 'data/catalog.previous.json', clock: 'data/clock.json', retired: 'data/retired', jobs: 'data/jobs',
    imports: 'data/imports', restoring: 'data/restore-unfinished', drafts: 'data/tmp/8f3a/drafts',
    log: 'data/log',
    allTmp: 'data/tmp',
    quarantine: 'data/quarantine', quarantinedTables: 'data/quarantine/tables',
    rejects: 'data/rejects',
    trash: 'data/trash',
    tables: 'data/tables',
    tmp: 'data/tmp/8f3a',
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted, inWords, verb } from '../../src/cli/words.js';

test('D18: what the system calls a fault becomes a sentence', () => {
  const cases: [raw: string, words: string][] = [
    ["ENOENT: no such file or directory, open '/a/b.lp'", 'there is no such file or folder: /a/b.lp'],
    ["/a/b.lp cannot be read: ENOENT: no such file or directory, open '/a/b.lp'", '/a/b.lp cannot be read: there is no such file or folder'],
    ['EISDIR: illegal operation on a directory, read', 'it is a folder'],
    ["EACCES: permission denied, rename '/a' -> '/b'", 'permission is denied: /a to /b'],
    ["x: ENOSPC: no space left on device, write; all up to line 7 is stored", 'x: the disk is full; all up to line 7 is stored'],
    ['listen EADDRINUSE: address already in use 127.0.0.1:8181', 'another process has the address: 127.0.0.1:8181'],
    ['listen EADDRINUSE: address already in use :::8181', 'another process has the address: :::8181'],
    ['listen EACCES: permission denied 0.0.0.0:80', 'permission is denied: 0.0.0.0:80'],
    ['/a cannot be read: /a could not be opened: there is no such file or folder (ENOENT)', '/a cannot be read: there is no such file or folder'],
    ['/a could not be renamed to /b: it is a folder (EISDIR); all up to line 7 is stored', '/a could not be renamed to /b: it is a folder; all up to line 7 is stored'],
    ['EWHATEVER: a thing that has no words, open', 'EWHATEVER: a thing that has no words, open'],
    ['Parser Error: syntax error at or near "E"', 'Parser Error: syntax error at or near "E"'],
    ['a line with ERROR: in it', 'a line with ERROR: in it'],
    ["EROFS: read-only file system, mkdir '/d' (1); EMFILE: too many open files, open '/e'", 'the file system can only be read: /d (1); this process has too many files open: /e'],
  ];
  for (const [raw, words] of cases) assert.equal(inWords(raw), words);
});

test('D18: one is one, and more are more', () => {
  assert.deepEqual([0, 1, 2].map((count) => `${counted(count, 'line')} ${verb(count, 'was', 'were')}`), ['0 lines were', '1 line was', '2 lines were']);
});

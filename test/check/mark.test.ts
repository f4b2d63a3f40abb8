/** What commits of sluice prove of themselves, one after another: flushes, and commits that put files in place of others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionOf } from '../../src/check/action.js';
import { Marks } from '../../src/check/mark.js';
import { crcOf } from '../../src/crc.js';

const NODE = '0123abcd';
const fileOf = (seq: number, end: string): string => `${NODE}-${String(seq).padStart(16, '0')}-${end}.parquet`;
const addOf = (path: string): object => ({ add: { path, partitionValues: {}, size: 1, modificationTime: 1, dataChange: true } });

/** A commit as sluice writes it. */
function commit(seq: number, previous: number, actions: readonly object[], hasCrc = true): string {
  const txn = { txn: { appId: `sluice-${NODE}`, version: seq } };
  const info = { commitInfo: { engineInfo: 'sluice/1', sluicePrevious: previous } };
  const text = [...actions, txn, info].map((action) => JSON.stringify(action)).join('\n').slice(0, -2);
  return hasCrc ? `${text},"sluiceCrc":"${crcOf(Buffer.from(text))}"}}\n` : `${text}}}\n`;
}

/** What is wrong with each of some commits. */
function faults(...texts: readonly string[]): string[][] {
  const marks = new Marks(true);
  return texts.map((text) => marks.faultsOf(text, text.trim().split('\n').map(actionOf)));
}

test('[issue 14 6] flushes and replacements follow one another', () => {
  const remove = { remove: { path: fileOf(5, '0'), dataChange: false } };
  assert.deepEqual(faults(
    commit(5, 0, [addOf(fileOf(5, '0'))]),
    commit(9, 5, [addOf(fileOf(9, '1'))]),
    commit(9, 9, [remove, addOf(fileOf(9, 'c0'))]),
    commit(12, 9, [addOf(fileOf(12, '0'))]),
  ), [[], [], [], []]);
});

test('[issue 14 6] each mark that is wrong is found', () => {
  const first = commit(5, 0, [addOf(fileOf(5, '0'))]);
  const of = (text: string): string => faults(first, text)[1]!.join('; ');
  assert.match(of(commit(9, 4, [])), /calls 4 the seq of the commit before, which is 5/);
  assert.match(of(commit(4, 5, [])), /its seq 4 is not above 5/);
  assert.match(of(commit(5, 0, [])), /its seq 5 is not above 5/);
  assert.match(of(commit(5, 5, [], false)), /repeats the seq 5, and has no checksum/);
  assert.match(of(commit(5, 5, [addOf(fileOf(5, '1'))])), /is of seq 5 of node 0123abcd and adds/);
  assert.match(of(commit(9, 5, [addOf(fileOf(9, 'c1'))])), /is of seq 9 of node 0123abcd and adds/);
  assert.match(of(commit(9, 5, [addOf(fileOf(8, '1'))])), /is of seq 9 of node 0123abcd and adds/);
  assert.match(of(commit(9, 5, [addOf(fileOf(9, '1').replace(NODE, 'ffffffff'))])), /is of seq 9 of node 0123abcd and adds/);
  assert.match(of(commit(9, 5, []).replace('"version":9', '"version":8')), /its checksum \(sluiceCrc\) is wrong/);
  assert.match(of(commit(9, 5, []).replace(/\}\}\n$/, '}}')), /does not end with its checksum/);
  assert.match(of(`${JSON.stringify(addOf(fileOf(9, '1')))}\n`), /no sluice signed it/);
  assert.match(of(`${JSON.stringify({ txn: { appId: `sluice-${NODE}`, version: 9 } })}\n`), /no sluice signed it \(commitInfo\)/);
  assert.match(of(`${JSON.stringify({ commitInfo: { engineInfo: 'sluice/1' } })}\n`), /signed it, and it has no seq/);
});

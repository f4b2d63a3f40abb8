// What the module offers; src/worker/wasm/wasm.ts says it in TypeScript.
import { ABI_VERSION } from './layout/codes';
import { allocate, blockBytes, release } from './base/arena';

export { memoryUsed } from './base/arena';
export { defineColumn, defineTable, dropTable, setAside, setFlushedTo, tableAt, tableIdsEnd } from './memtable/tables';
export { indexEntries } from './memtable/dictionary';
export { dropEnd, dropRange, dropStart, dropStep, removeSpans, spareStart } from './memtable/drop-rows';
export { growBegin, growEnd, growNext, growStart, growStep } from './memtable/grow-ahead';
export { restoreRows, restoreValues } from './memtable/restore';
export { freeSeries, setSeriesBytes } from './memtable/cache/series-cache';
export { memtableBytes, setMemtableBytesMax } from './memtable/memory';
export { freeSpare, spareBytes, spareTable } from './memtable/reclaim';
export { flushBytes, flushChunk, flushCombined, flushNextGroup, flushEnd, flushGroup, flushPage, flushRows, flushSort, flushSpans, flushStart } from './flush/flush';
export { readChunk, readChunkEnd, readDictionary, readEnd, readGroup, readGroupEnd, readInput, readPage, readSeqMax, readStart } from './read/read';
export { inflate, inflatedBytes, inflatedTo, packed } from './inflate/inflate';
export { parse } from './parse/body';
export { input } from './parse/input';
export { setLimits } from './parse/schema/judge';
export { openQuoteBytes } from './parse/grammar/lines';
export { dumpAt, dumpBytes } from './parse/dump';
export { outcome } from './parse/outcome';
export { scanLines, scannedLines, scannedPhysicalLines } from './parse/line-scan';
export { setSecret } from './base/secret-hash';

/** The version of layout/codes.ts that was compiled in. */
export function abiVersion(): u32 {
  return ABI_VERSION;
}

/** The block for arguments (0: none yet), and its bytes. */
let argumentBlock: usize = 0;
let argumentCapacity: usize = 0;

/** Memory for the caller's arguments, until the next call. */
export function argumentsAt(bytes: u32): usize {
  if (<usize>bytes > argumentCapacity) {
    if (argumentBlock != 0) release(argumentBlock, argumentCapacity);
    argumentCapacity = blockBytes(bytes);
    argumentBlock = allocate(argumentCapacity);
  }
  return argumentBlock;
}

// What the module offers; src/worker/wasm/wasm.ts says it in TypeScript.
import { ABI_VERSION } from './layout/codes';
import { allocate, blockBytes, release } from './base/arena';

export { memoryUsed } from './base/arena';
export { defineColumn, defineTable, dropTable, setAside, setFlushedTo, tableAt, tableIdsEnd } from './memtable/tables';
export { indexEntries } from './memtable/dictionary';
export { removeSpans } from './memtable/drop-rows';
export { restoreRows, restoreValues } from './memtable/restore';
export { setSeriesBytes } from './memtable/cache/series-cache';
export { memtableBytes, setMemtableBytesMax } from './memtable/memory';
export { freeSpare, spareBytes } from './memtable/reclaim';
export { flushBytes, flushChunk, flushNextGroup, flushEnd, flushGroup, flushRows, flushSort, flushSpans, flushStart } from './flush/flush';
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

let scratchAt: usize = 0;
let scratchCapacity: usize = 0;

/** Memory for the caller's arguments, until the next call. */
export function scratch(bytes: u32): usize {
  if (<usize>bytes > scratchCapacity) {
    if (scratchAt != 0) release(scratchAt, scratchCapacity);
    scratchCapacity = blockBytes(bytes);
    scratchAt = allocate(scratchCapacity);
  }
  return scratchAt;
}

// What the module offers; src/worker/wasm.ts says it in TypeScript.
import { ABI_VERSION } from './abi';
import { allocate, blockBytes, release } from './arena';

export { memoryUsed } from './arena';
export { defineColumn, defineTable, dropTable, setAside, setSealedTo, tableAt, tableIdsEnd } from './columns/catalog';
export { indexEntries } from './columns/dictionary';
export { removeSpans } from './columns/remove';
export { restoreRows, restoreValues } from './columns/restore';
export { setSeriesBytes } from './columns/series';
export { builderBytes, setBuilderBytesMax } from './columns/space';
export { freeSpare, spareBytes } from './columns/spare';
export { sealBytes, sealChunk, sealCut, sealEnd, sealGroup, sealRows, sealSort, sealSpans, sealStart } from './encode/seal';
export { inflate, inflatedBytes, inflatedTo, packed } from './inflate/inflate';
export { input, parse } from './parse/body';
export { setLimits } from './parse/judge';
export { openQuoteBytes } from './parse/lines';
export { listingAt, listingBytes } from './parse/listing';
export { outcome } from './parse/outcome';
export { scanLines, scannedLines, scannedPhysicalLines } from './parse/scan';
export { setSecret } from './secret';

/** The version of abi.ts that was compiled in. */
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
